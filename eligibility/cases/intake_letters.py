"""What the shop answers to an e-mail by itself, and what it tells staff of the mailbox.

Called inside the transaction that gives the reason. The letters about a case are in `letters.py`.
"""

import hashlib
from datetime import datetime, time

from django.conf import settings
from django.urls import reverse

from notifications import outbox
from notifications.addresses import absolute
from notifications.models import Message
from notifications.wording import PARIS, count, paris_date

from .mail_headers import Headers
from .models import Case, CaseMessage
from .states import State

NO_SIRET = "eligibility/case_no_siret"
# What one address may get by itself in a day is counted over these.
ANSWERS = tuple(
    f"eligibility/{kind}"
    for kind in (
        "case_acknowledged", "case_documents_received", "case_files_refused", "case_joined", "case_mail_too_big",
        "case_no_siret",
    )
)  # fmt: skip


def answers_of_the_day(sender: str, *, at: datetime) -> list[str]:
    """The kinds of what this address has got by itself on this Paris day."""
    midnight = datetime.combine(paris_date(at), time.min, tzinfo=PARIS)
    answers = Message.objects.filter(recipient=sender, kind__in=ANSWERS, created_at__gte=midnight)
    return list(answers.order_by("pk").values_list("kind", flat=True))


def was_asked(message_id: str) -> bool:
    """Whether the author of this e-mail was asked for the SIRET on its account."""
    return outbox.was_posted(_asked(message_id))


def no_siret(headers: Headers, *, has_files: bool, at: datetime) -> None:
    """Ask for the SIRET, once an e-mail and once a day."""
    if NO_SIRET in answers_of_the_day(headers.sender, at=at):
        return
    outbox.post(
        NO_SIRET,
        to=headers.sender,
        key=_asked(headers.message_id),
        context={"case_new_url": absolute(reverse("eligibility:case_new")), "has_files": has_files},
    )


def joined(headers: Headers, *, siret: str, case: Case, at: datetime) -> None:
    """Tell somebody else than its applicant that a case is under way, and no more than the form tells anybody."""
    outbox.post(
        "eligibility/case_joined",
        to=headers.sender,
        key=_once_a_day(f"case_joined:{case.pk}", headers.sender, at),
        context={"siret": siret},
        about=case.number,
    )


def files_refused(message: CaseMessage) -> None:
    """Say which files were not taken and why."""
    outbox.post(
        "eligibility/case_files_refused",
        to=message.case.email,
        key=f"case_files_refused:{message.pk}",
        context={
            "case_number": message.case.number,
            "case_url": absolute(reverse("eligibility:case", args=[message.case.token])),
            "refused": message.refused,
            "are_welcome": message.case.state != State.ACCEPTED,
        },
        about=message.case.number,
    )


def too_big(headers: Headers, *, at: datetime) -> None:
    """Say that an e-mail was not read, once an address and day, and where its files can be sent."""
    outbox.post(
        "eligibility/case_mail_too_big",
        to=headers.sender,
        key=_once_a_day("case_mail_too_big", headers.sender, at),
        context={"case_new_url": absolute(reverse("eligibility:case_new"))},
    )


def waiting(number: int, *, folder: str, at: datetime) -> None:
    """Tell staff, once a day, that e-mails wait for a person."""
    outbox.post(
        "eligibility/mailbox_waiting",
        to=settings.STAFF_ALERT_EMAIL,
        key=f"mailbox_waiting:{paris_date(at):%Y%m%d}",
        context={"mails": count(number, "e-mail"), "is_one": number == 1, "folder": folder},
    )


def unreachable(error: str, *, since: datetime, at: datetime) -> None:
    """Tell the operator, once a day, that the mailbox cannot be read."""
    outbox.post(
        "eligibility/mailbox_unreachable",
        to=settings.STAFF_ALERT_EMAIL,
        key=f"mailbox_unreachable:{paris_date(at):%Y%m%d}",
        context={"since": since, "error": error},
    )


def _asked(message_id: str) -> str:
    return f"case_no_siret:{hashlib.sha256(message_id.encode()).hexdigest()}"


def _once_a_day(what: str, sender: str, at: datetime) -> str:
    return f"{what}:{paris_date(at):%Y%m%d}:{sender}"[:190]
