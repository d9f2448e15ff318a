"""How long support's word counts: a year is proposed, two are the most. A later day is a slip of the keyboard."""

from datetime import date, datetime, timedelta

from django.core.exceptions import ValidationError
from django.utils import timezone

from notifications.wording import paris_date, short_date

PROPOSED = timedelta(days=365)
AT_MOST = timedelta(days=731)


def proposed_end(at: datetime) -> date:
    """The last day that is proposed for an admission granted now."""
    return paris_date(at + PROPOSED)


def validate_end(expires_on: date) -> None:
    """Refuse a last day more than two years ahead."""
    latest = paris_date(timezone.now() + AT_MOST)
    if expires_on > latest:
        raise ValidationError(f"Une admission vaut deux ans au plus\u00a0: jusqu’au {short_date(latest)}.")
