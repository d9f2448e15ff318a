"""When a case is due: 48 clock hours after its documents came. Support's opening hours do not stop the clock.

Pure rules; nothing is accepted by itself when the time has passed.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings

from notifications.wording import count, long_date, short_date, time_of_day

SOON = timedelta(hours=12)  # before the due time: staff are reminded, the queue turns amber
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Urgency:
    """How pressing a case is, as a level for the eye and as words for everybody."""

    level: str  # "late", "soon", "calm", or "" while no clock runs
    words: str
    brief: str  # for a column that is named so


def due_at(received_at: datetime) -> datetime:
    """48 hours later by any clock, also over the nights on which Paris changes its own."""
    return received_at.astimezone(UTC) + timedelta(hours=settings.REJECTION_DUE_HOURS)


def urgency(due: datetime | None, *, at: datetime) -> Urgency:
    """Say how long is left, in Paris time, or by how much a case is late."""
    if due is None:
        return Urgency("", "–", "–")
    if due <= at:
        late = f"En retard de {_hours(at - due)}"
        return Urgency("late", late, late)
    level = "soon" if due - at <= SOON else "calm"
    words = f"À traiter avant {long_date(due)}, {time_of_day(due)}"
    return Urgency(level, words, f"{short_date(due)} à {time_of_day(due)}")


def _hours(late: timedelta) -> str:
    """3 h; under one hour, minutes."""
    if late < HOUR:
        return count(late // timedelta(minutes=1), "minute")
    return f"{late // HOUR}\u00a0h"
