"""The life of a case: the lock, and `enter`, the only writer of `Case.state`."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction

from notifications.wording import long_date, time_of_day

from .models import Case, CaseEvent
from .states import NEXT


class CaseError(Exception):
    """A rule of the cases said no; `str(error)` is a French sentence fit for staff."""


@contextmanager
def locked(case: Case, *, seen: int | None = None) -> Iterator[None]:
    """Hold the case's row, read afresh, in a transaction.

    The applicant who sends documents, a colleague who decides and the nightly jobs wait here. `seen` is the version
    of the page on which somebody clicked: whoever clicks second is told what the first one did.
    """
    with transaction.atomic():
        case.refresh_from_db(from_queryset=Case.objects.select_for_update(of=("self",), no_key=True))
        if seen is not None and seen != case.version:
            first = case.events.filter(version__gt=seen).select_related("by").order_by("at", "pk").first()
            raise CaseError(f"{told(case, first)} Relisez la demande avant d’agir\u00a0: rien n’a été enregistré.")
        yield


def demand(case: Case, state: str) -> None:
    """Raise CaseError, with who did what, unless the case may enter this state. The caller holds the lock."""
    if state not in NEXT[case.state]:
        raise CaseError(told(case, entered(case)))


def entered(case: Case) -> CaseEvent | None:
    """The line of history with which a case came into its present state."""
    found = None
    for event in case.events.select_related("by").order_by("-version", "-at", "-pk"):
        if event.state != case.state:
            break
        found = event
    return found


def told(case: Case, event: CaseEvent | None) -> str:
    """What happened to a case, in one sentence: « Demande RS000042 : acceptée par camille le … à 14 h 02. »"""
    if event is None:
        return f"Demande {case.number}\u00a0: {case.get_state_display()}."
    who = f" par {event.by.get_username()}" if event.by else ""
    what = event.note.rstrip(".") or event.get_state_display()
    when = f"{long_date(event.at)} à {time_of_day(event.at)}"
    return f"Demande {case.number}\u00a0: {what}{who}, le {when}."


def enter(
    case: Case, state: str, *, at: datetime, by: AbstractBaseUser | None = None, note: str = "", **facts: Any
) -> None:
    """Write the new state, its facts and its line of history. The caller holds the lock."""
    if state not in NEXT[case.state]:
        raise ValueError(f"{case.number}: {case.state} → {state} is not allowed")
    write(case, at=at, by=by, note=note, state=state, **facts)


def write(case: Case, *, at: datetime, by: AbstractBaseUser | None = None, note: str = "", **facts: Any) -> None:
    """Write facts whose change a colleague must see before acting, and the line of history that tells it."""
    case.version += 1
    for name, value in facts.items():
        setattr(case, name, value)
    case.save(update_fields=["version", *facts])
    record(case, at=at, by=by, note=note)


def record(case: Case, *, at: datetime, by: AbstractBaseUser | None = None, note: str = "") -> None:
    """Add a line to the history: what was done, without changing the case for anybody else."""
    case.events.create(state=case.state, version=case.version, at=at, by_id=by.pk if by else None, note=note[:600])
