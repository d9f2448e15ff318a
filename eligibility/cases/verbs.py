"""What can be done with a Rejet SIRET: open it, close it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.urls import reverse

from notifications import outbox
from notifications.addresses import absolute
from notifications.wording import paris_date

from .models import Case


@dataclass(frozen=True)
class Opened:
    """The case under way for a SIRET, and whether this applicant is the one who opened it."""

    case: Case
    is_new: bool


@transaction.atomic
def open_case(*, siret: str, at: datetime, **facts: Any) -> Opened:
    """Open a case for this SIRET, or join the one under way.

    Two applicants in the same second: the constraint lets one row in, and the other finds it. The link goes to the
    address of the first applicant only, once a day at most, whoever asks.
    """
    case, is_new = Case.objects.under_way().get_or_create(siret=siret, defaults=facts)
    outbox.post(
        "eligibility/case_acknowledged",
        to=case.email,
        key=f"case_acknowledged:{case.pk}" if is_new else f"case_link:{case.pk}:{paris_date(at):%Y%m%d}",
        context={
            "case_number": case.number,
            "siret": siret,
            "case_url": absolute(reverse("eligibility:case", args=[case.token])),
        },
        about=case.number,
    )
    return Opened(case, is_new)


@transaction.atomic
def close_case(case: Case, *, by: str, at: datetime) -> None:
    """End a case, so that a new one may be opened for its SIRET. Calling twice is harmless."""
    case.refresh_from_db(from_queryset=Case.objects.select_for_update(of=("self",)))
    if case.closed_at is None:
        case.state, case.closed_at, case.closed_by = Case.State.CLOSED, at, by
        case.save(update_fields=["state", "closed_at", "closed_by"])
