"""What the shop writes about a case. Called by the verbs, inside their transaction.

Every subject carries the number of the case: an answer by e-mail finds its way by it.
"""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

from notifications import outbox
from notifications.addresses import absolute
from notifications.wording import long_date, paris_date, time_of_day

from .models import Case, CaseMessage


def acknowledged(case: Case) -> None:
    """Confirm a new case at once."""
    _post("case_acknowledged", case, key=f"case_acknowledged:{case.pk}")


def link_again(case: Case, *, at: datetime) -> None:
    """Send the link to its first applicant again, once a day at most, whoever asks."""
    _post("case_acknowledged", case, key=f"case_link:{case.pk}:{paris_date(at):%Y%m%d}")


def documents_requested(case: Case) -> None:
    """Say which documents support needs."""
    _post(
        "case_documents_requested",
        case,
        key=f"case_documents_requested:{case.pk}:{case.version}",
        document_list=case.documents_wanted,
    )


def documents_received(case: Case) -> None:
    """Confirm the receipt of the documents and say until when support answers."""
    assert case.documents_received_at is not None
    assert case.due_at is not None
    _post(
        "case_documents_received",
        case,
        key=f"case_documents_received:{case.pk}:{case.version}",
        received_at=in_words(case.documents_received_at),
        due_at=in_words(case.due_at),
    )


def answered(case: Case, message: CaseMessage) -> None:
    """Send what a member of staff has written."""
    _post("case_answered", case, key=f"case_answered:{message.pk}", text=message.body)


def accepted(case: Case) -> None:
    """Tell everybody who asked about this SIRET that the company may order."""
    for asked in _everybody(case):
        _post(
            "case_accepted",
            asked,
            key=f"case_accepted:{asked.pk}:{case.version}",
            siret=case.siret,
            legal_name=case.legal_name,
            has_documents=case.documents.kept().exists(),
            signup_url=absolute(reverse("accounts:signup_admitted", args=[asked.token])),
        )


def refused(case: Case) -> None:
    """Tell everybody who asked about this SIRET why not."""
    for asked in _everybody(case):
        _post(
            "case_refused",
            asked,
            key=f"case_refused:{asked.pk}:{case.version}",
            siret=case.siret,
            legal_name=case.legal_name,
            reason=case.refusal.rstrip("."),
            has_documents=case.documents.kept().exists(),
        )


def due_soon(case: Case, *, to: str) -> None:
    """Remind staff of a case before it is overdue."""
    assert case.due_at is not None
    outbox.post(
        "eligibility/case_due_soon",
        to=to,
        key=f"case_due_soon:{case.pk}:{case.due_at:%Y%m%d%H%M%S}",
        context={
            "case_number": case.number,
            "siret": case.siret,
            "legal_name": case.legal_name,
            "due_at": in_words(case.due_at),
            "assigned_to": case.assigned_to.get_username() if case.assigned_to else "",
            "desk_url": absolute(reverse("admin:eligibility_case_change", args=[case.pk])),
        },
        about=case.number,
    )


def in_words(moment: datetime) -> str:
    """dimanche 17 mai 2026 à 16 h 50."""
    return f"{long_date(moment)} à {time_of_day(moment)}"


def _everybody(case: Case) -> list[Case]:
    """The case and those merged into it, one for each address."""
    asked = {each.email: each for each in [*case.merged.order_by("-pk"), case]}
    return list(asked.values())


def _post(kind: str, case: Case, *, key: str, **context: Any) -> None:
    everything = {
        "case_number": case.number,
        "siret": case.siret,
        "legal_name": case.legal_name,
        "case_url": absolute(reverse("eligibility:case", args=[case.token])),
        "due_hours": settings.REJECTION_DUE_HOURS,
    } | context
    outbox.post(f"eligibility/{kind}", to=case.email, key=key, context=everything, about=case.number)
