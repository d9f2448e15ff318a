"""Dates of an order: the golden table, midnight in Paris and both changes of the clock."""

import csv
from datetime import date, datetime
from pathlib import Path

import pytest

from notifications.wording import long_date
from orders import calendar

with (Path(__file__).parents[1] / "golden" / "golden_dates.csv").open(encoding="utf-8", newline="") as file:
    ROWS = list(csv.DictReader(file))


@pytest.mark.parametrize("row", ROWS, ids=[row["confirmed_at_utc"] for row in ROWS])
def test_golden_dates(row):
    ordered_on = calendar.paris_date(datetime.fromisoformat(row["confirmed_at_utc"]))
    assert ordered_on == date.fromisoformat(row["order_date_paris"])

    last_day = calendar.last_payment_day(ordered_on)
    assert last_day == date.fromisoformat(row["last_payment_day"])
    assert long_date(last_day) == row["last_payment_day_text"]

    due_at = calendar.payment_due_at(ordered_on)
    assert due_at == datetime.fromisoformat(row["deadline_utc"])
    assert calendar.expires_from(due_at) == datetime.fromisoformat(row["expires_from_utc"])

    next_day = calendar.next_order_on(ordered_on)
    assert next_day == date.fromisoformat(row["next_order_from"])
    assert long_date(next_day) == row["next_order_text"]
    assert calendar.paris_midnight(next_day) == datetime.fromisoformat(row["next_order_from_utc"])
