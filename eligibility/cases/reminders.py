"""Remind staff of a case before it is overdue, once for each due time. Nothing is decided by a clock."""

from datetime import datetime

from django.conf import settings
from django.db import transaction

from . import letters
from .due import SOON
from .life import record
from .models import Case
from .states import State


def remind(at: datetime) -> int:
    """Write to whoever looks after each case that is due soon, or to the team; returns how many."""
    pressing = Case.objects.due_before(at + SOON).filter(reminded_at=None).by_urgency()
    return sum(_remind(pk, at) for pk in pressing.values_list("pk", flat=True))


@transaction.atomic
def _remind(pk: int, at: datetime) -> bool:
    """Remind of one case, unless another job has, or somebody has just decided."""
    case = (
        Case.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
        .select_related("assigned_to")
        .filter(pk=pk, state=State.DOCUMENTS_RECEIVED, reminded_at=None)
        .first()
    )
    if case is None:
        return False
    case.reminded_at = at
    case.save(update_fields=["reminded_at"])
    to = case.assigned_to.email if case.assigned_to and case.assigned_to.is_active else ""
    letters.due_soon(case, to=to or settings.STAFF_ALERT_EMAIL)
    record(case, at=at, note="rappel envoyé au service client")
    return True
