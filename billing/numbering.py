"""Unbroken chronological numbers (CGI ann. II art. 242 nonies A): one counter row per series and Paris year.

The row is locked in the transaction that issues the document, so a roll-back gives its number back, two workers
cannot take the same, and – the clock being read under the lock – number order is date order, also across midnight
and New Year.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from orders.calendar import paris_date

from .models import Counter


@dataclass(frozen=True)
class Number:
    """A number just taken: `F2026-000001`."""

    series: str
    year: int
    sequence: int
    issued_at: datetime

    def __str__(self) -> str:
        return f"{self.series}{self.year}-{self.sequence:06d}"


def take(series: str) -> Number:
    """Take the next number of a series. Call it in the transaction that writes the document."""
    year = paris_date(_clock()).year
    while True:
        Counter.objects.bulk_create([Counter(series=series, year=year)], ignore_conflicts=True)
        counter = Counter.objects.select_for_update(of=("self",)).get(series=series, year=year)
        now = _clock()  # read under the lock: whoever waited here comes later, and is dated later
        if paris_date(now).year == year:
            break
        year = paris_date(now).year
    if counter.last_issued_at is not None:
        now = max(now, counter.last_issued_at)
    counter.last_number += 1
    counter.last_issued_at = now
    counter.save(update_fields=["last_number", "last_issued_at"])
    return Number(series=series, year=year, sequence=counter.last_number, issued_at=now)


def _clock() -> datetime:
    """The database's clock, the same for every web process and worker."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]
