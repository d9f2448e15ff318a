"""Invoice numbers: no gap, no double, number order is date order."""

from threading import Barrier, Thread

import pytest
from django.db import connection, transaction

from billing import numbering

pytestmark = pytest.mark.django_db(transaction=True)


def take(series: str = "F") -> numbering.Number:
    with transaction.atomic():
        return numbering.take(series)


def test_numbers_begin_at_one_for_each_series_and_year():
    assert [take().sequence, take().sequence, take("DF").sequence] == [1, 2, 1]
    first = take("A")
    assert str(first) == f"A{first.year}-000001"


def test_a_roll_back_gives_its_number_back():
    take()
    with transaction.atomic():
        numbering.take("F")
        transaction.set_rollback(True)
    assert take().sequence == 2


def test_workers_side_by_side_leave_no_gap_and_no_double_and_keep_dates_in_order():
    workers, each = 4, 10
    barrier, taken = Barrier(workers), []

    def work() -> None:
        barrier.wait(5)
        taken.extend(take() for _ in range(each))
        connection.close()

    threads = [Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    in_order = sorted(taken, key=lambda number: number.sequence)
    assert [number.sequence for number in in_order] == list(range(1, workers * each + 1))
    dates = [number.issued_at for number in in_order]
    assert dates == sorted(dates)


def at(monkeypatch, moment: str) -> None:
    monkeypatch.setattr(numbering, "CLOCK", f"TIMESTAMPTZ '{moment}'")


def test_the_first_number_after_midnight_in_paris_belongs_to_the_new_year(monkeypatch):
    at(monkeypatch, "2026-12-31 22:59:59+00")
    assert str(take()) == "F2026-000001"
    at(monkeypatch, "2026-12-31 23:00:00+00")
    assert [str(take()), str(take())] == ["F2027-000001", "F2027-000002"]


def test_who_waits_for_the_counter_over_new_year_is_numbered_in_the_new_one():
    """The first holds the row of 2026 while the year turns; the second, who waited, must not get 2026's next."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE pretended_clock AS SELECT TIMESTAMPTZ '2026-12-31 22:59:59+00' AS moment")
        cursor.execute(
            "CREATE FUNCTION pretended_now() RETURNS timestamptz LANGUAGE sql VOLATILE"
            " AS 'SELECT moment FROM pretended_clock'"
        )
    taken, started = [], Barrier(2)
    before, numbering.CLOCK = numbering.CLOCK, "pretended_now()"

    def wait_and_take() -> None:
        started.wait(5)
        taken.append(take())
        connection.close()

    try:
        take()
        thread = Thread(target=wait_and_take)
        with transaction.atomic():
            numbering.take("F")
            thread.start()
            started.wait(5)
            thread.join(0.5)
            assert taken == []
            with connection.cursor() as cursor:
                cursor.execute("UPDATE pretended_clock SET moment = '2026-12-31 23:00:01+00'")
        thread.join(5)
        assert [str(number) for number in taken] == ["F2027-000001"]
    finally:
        numbering.CLOCK = before
        with connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION pretended_now(); DROP TABLE pretended_clock")


def test_a_clock_that_jumps_back_never_dates_a_number_before_the_last(monkeypatch):
    at(monkeypatch, "2026-06-01 12:00+00")
    first = take()
    at(monkeypatch, "2026-06-01 11:00+00")
    assert take().issued_at == first.issued_at
