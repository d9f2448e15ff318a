"""Invoice numbers: no gap, no double, number order is date order."""

from datetime import UTC, datetime
from threading import Barrier, Thread

import pytest
from django.db import connection, transaction

from billing import numbering
from billing.models import Counter

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
    with pytest.raises(RuntimeError), transaction.atomic():
        numbering.take("F")
        raise RuntimeError
    assert take().sequence == 2


def test_workers_side_by_side_leave_no_gap_and_no_double_and_keep_dates_in_order():
    workers, each = 4, 10
    barrier, taken = Barrier(workers), []

    def work() -> None:
        barrier.wait(5)
        for _ in range(each):
            taken.append(take())
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


def test_the_first_number_after_midnight_in_paris_belongs_to_the_new_year(monkeypatch):
    moments = iter(
        [
            datetime(2026, 12, 31, 22, 59, 59, tzinfo=UTC),  # before the lock: 23:59:59 in Paris
            datetime(2026, 12, 31, 23, 0, 1, tzinfo=UTC),  # under the lock: 00:00:01
            datetime(2026, 12, 31, 23, 0, 2, tzinfo=UTC),
        ]
    )
    monkeypatch.setattr(numbering, "_clock", lambda: next(moments))
    number = take()
    assert str(number) == "F2027-000001"
    assert Counter.objects.get(year=2026).last_number == 0


def test_a_clock_that_jumps_back_never_dates_a_number_before_the_last(monkeypatch):
    late, early = datetime(2026, 6, 1, 12, tzinfo=UTC), datetime(2026, 6, 1, 11, tzinfo=UTC)
    monkeypatch.setattr(numbering, "_clock", lambda: late)
    first = take()
    monkeypatch.setattr(numbering, "_clock", lambda: early)
    assert take().issued_at == first.issued_at
