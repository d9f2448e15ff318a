"""The desk's figures by week: how many cases came, how many were decided, and how quickly after their documents."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import chain
from typing import Any, cast

from django.conf import settings
from django.db.models import Aggregate, Count, DurationField, ExpressionWrapper, F, Q
from django.db.models.functions import TruncWeek

from notifications.wording import paris_date

from .models import Case

WEEKS = 4
HOUR = timedelta(hours=1)


class Median(Aggregate):
    """PostgreSQL's median; rows without a value do not count."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"


@dataclass(frozen=True)
class Week:
    """One week from Monday, Paris. `in_time` of `measured` decisions came within 48 hours of the documents."""

    begins_on: date
    opened: int = 0
    decided: int = 0
    measured: int = 0
    in_time: int = 0
    median: timedelta | None = None

    @property
    def share_in_time(self) -> int | None:
        """In hundredths; a week without a decision on documents has none."""
        return round(100 * self.in_time / self.measured) if self.measured else None

    @property
    def median_hours(self) -> int | None:
        return None if self.median is None else round(self.median / HOUR)


def weeks(now: datetime, *, number: int = WEEKS) -> list[Week]:
    """This week and those before it, newest first. A case taken up again counts by its last decision."""
    today = paris_date(now)
    mondays = [today - timedelta(days=today.weekday(), weeks=back) for back in range(number)]
    begin = datetime.combine(mondays[-1], time.min, tzinfo=settings.PARIS)
    taken = ExpressionWrapper(F("decided_at") - F("documents_received_at"), output_field=DurationField())
    limit = timedelta(hours=settings.REJECTION_DUE_HOURS)
    opened = (
        Case.objects.filter(created_at__gte=begin)
        .values(week=TruncWeek("created_at", tzinfo=settings.PARIS))
        .annotate(opened=Count("pk"))
        .order_by("week")
    )
    decided = (
        Case.objects.filter(decided_at__gte=begin)
        .annotate(taken=taken)
        .values(week=TruncWeek("decided_at", tzinfo=settings.PARIS))
        .annotate(
            decided=Count("pk"),
            measured=Count("taken"),
            in_time=Count("pk", filter=Q(taken__lte=limit)),
            median=Median("taken", output_field=DurationField()),
        )
        .order_by("week")
    )
    found: dict[date, dict[str, Any]] = {monday: {} for monday in mondays}
    for row in cast(Iterable[dict[str, Any]], chain(opened, decided)):
        found.get(paris_date(row.pop("week")), {}).update(row)
    return [Week(monday, **found[monday]) for monday in mondays]
