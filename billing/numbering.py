"""Unbroken chronological numbers (CGI ann. II art. 242 nonies A): one counter row per series and Paris year.

The row is locked in the transaction that issues the document, so a roll-back gives its number back, two workers
cannot take the same, and – the clock being read with the row – number order is date order, also across midnight
and New Year.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from orders.calendar import paris_date
from orders.errors import BusyError

# The database's clock, the same for every web process and worker. Whoever waited for the row gets the update's
# expressions evaluated anew (PostgreSQL rechecks a row that changed under it), so comes later and is dated later.
CLOCK = "clock_timestamp()"
TAKE = """
    UPDATE billing_counter
       SET last_number = last_number + 1, last_issued_at = GREATEST({clock}, last_issued_at)
     WHERE series = %s AND year = EXTRACT(YEAR FROM {clock} AT TIME ZONE 'Europe/Paris')
 RETURNING year, last_number, last_issued_at
"""
OPEN_YEAR = """
    INSERT INTO billing_counter (series, year, last_number)
    SELECT %s, EXTRACT(YEAR FROM {clock} AT TIME ZONE 'Europe/Paris'), 0
        ON CONFLICT DO NOTHING
"""


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
    """Take the next number of a series. Call it in the transaction that writes the document.

    Raises BusyError where New Year came between two instants of one statement: the transaction is rolled back, and
    whoever waits for the number comes again.
    """
    with connection.cursor() as cursor:
        cursor.execute(TAKE.format(clock=CLOCK), [series])
        taken = cursor.fetchone()
        while taken is None:  # the first number of a year
            cursor.execute(OPEN_YEAR.format(clock=CLOCK), [series])
            cursor.execute(TAKE.format(clock=CLOCK), [series])
            taken = cursor.fetchone()
    number = Number(series, *taken)
    if paris_date(number.issued_at).year != number.year:
        raise BusyError
    return number
