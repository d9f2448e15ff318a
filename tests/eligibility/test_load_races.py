"""Loads beside readers and beside each other: real threads, real connections, real commits."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from eligibility.check import check
from eligibility.models import RegisterEntry, RegisterLoad
from eligibility.registers import swap
from eligibility.registers.history import roll_back
from eligibility.registers.refusal import LoadRefused
from eligibility.registers.sieve import Sieve
from eligibility.verdict import Reason
from tests.eligibility.conftest import at_work_in, put_into_service, register_row, sirets

pytestmark = pytest.mark.django_db(transaction=True)
Writer = Callable[..., str]
PATIENCE = 30  # seconds


def test_readers_see_the_old_register_or_the_new_one_and_never_neither(write: Writer, in_thread: Any) -> None:
    """The two files hold the same company under two names; a reader who finds none, or both, saw half a register."""
    siret = sirets(1)[0]
    files = [
        write([register_row(one, raison_sociale=name) for one in sirets(300)], f"{name}.csv")
        for name in ("AVANT", "APRES")
    ]
    put_into_service(files[0])
    over = threading.Event()

    def read() -> Counter[tuple[str, int]]:
        seen: Counter[tuple[str, int]] = Counter()
        while not over.is_set():
            verdict = check(siret, at=timezone.now())
            assert verdict.reason is Reason.ELIGIBLE, verdict
            names = list(RegisterEntry.objects.order_by("siret").values_list("legal_name", flat=True))
            assert len(set(names)) == 1
            seen[names[0], len(names)] += 1
        return seen

    readers = [in_thread(read) for _ in range(2)]
    for number in range(1, 9):
        put_into_service(files[number % 2])
    for _ in range(6):
        roll_back("cci", by="essai", at=timezone.now())
    over.set()
    seen: Counter[tuple[str, int]] = sum((reader.result(PATIENCE) for reader in readers), Counter())
    assert set(seen) == {("AVANT", 300), ("APRES", 300)}


def test_a_delta_and_its_return_are_seen_whole_or_not_at_all(write: Writer, in_thread: Any) -> None:
    put_into_service(write([register_row(one, raison_sociale="V0") for one in sirets(200)]))
    over = threading.Event()

    def read() -> set[int]:
        versions = set()
        while not over.is_set():
            versions.add(RegisterEntry.objects.values("legal_name").distinct().count())
        return versions

    reader = in_thread(read)
    for version in range(1, 6):
        rows = [register_row(one, raison_sociale=f"V{version}") for one in sirets(200)]
        put_into_service(write(rows, f"{version}.csv"), delta=True)
        roll_back("cci", by="essai", at=timezone.now())
    over.set()
    assert reader.result(PATIENCE) == {1}


def test_of_two_loads_at_once_the_second_is_refused_and_told_the_first(
    write: Writer, in_thread: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (
        write([register_row(sirets(1)[0])], "premier.csv"),
        write([register_row(sirets(2)[1])], "second.csv"),
    )
    inside, go_on = threading.Event(), threading.Event()
    entries = Sieve.entries

    def slow_entries(sieve: Sieve, blocks: Any) -> Any:
        inside.set()
        assert go_on.wait(PATIENCE)
        return entries(sieve, blocks)

    monkeypatch.setattr(Sieve, "entries", slow_entries)
    running = in_thread(put_into_service, first)
    assert inside.wait(PATIENCE)
    try:
        for code in ("cci", "cma"):
            started = time.monotonic()
            with pytest.raises(LoadRefused, match=r"du registre CCI, fichier premier\.csv, par essai, depuis \d"):
                put_into_service(second, code)
            assert time.monotonic() - started < 5
        with pytest.raises(LoadRefused, match="Un autre chargement est en cours"):
            roll_back("cci", by="essai", at=timezone.now())
    finally:
        go_on.set()
    assert running.result(PATIENCE).is_applied
    assert RegisterLoad.objects.get().file_name == "premier.csv"
    assert put_into_service(second).is_applied


def test_a_load_waits_for_a_long_reader_without_making_others_wait(
    write: Writer, in_thread: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A customer's transaction read the register and is still at work: the exchange gives way again and again."""
    put_into_service(write([register_row(one) for one in sirets(3)]))
    reading, go_on = threading.Event(), threading.Event()

    def long_reader() -> tuple[int, int]:
        with transaction.atomic():
            before = RegisterEntry.objects.count()
            reading.set()
            assert go_on.wait(PATIENCE)
            return before, RegisterEntry.objects.count()

    reader = in_thread(long_reader)
    assert reading.wait(PATIENCE)
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '2s'")
    load_job = in_thread(put_into_service, write([register_row(one) for one in sirets(5)], "neuf.csv"))
    waits = []
    for _ in range(20):
        started = time.monotonic()
        assert RegisterEntry.objects.count() == 3
        waits.append(time.monotonic() - started)
        time.sleep(0.05)
    assert not load_job.done()
    go_on.set()
    assert load_job.result(PATIENCE).is_applied
    assert reader.result(PATIENCE) == (3, 3)
    assert max(waits) < 1
    assert RegisterEntry.objects.count() == 5
    connection.close()


def test_a_reader_that_never_ends_makes_the_load_give_up_and_change_nothing(
    write: Writer, in_thread: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_into_service(write([register_row(one) for one in sirets(3)]))
    monkeypatch.setattr(swap, "ATTEMPTS", 2)
    with transaction.atomic():
        assert RegisterEntry.objects.count() == 3
        refused = in_thread(put_into_service, write([register_row(one) for one in sirets(5)], "neuf.csv"))
        with pytest.raises(LoadRefused, match="longue lecture"):
            refused.result(PATIENCE)
    assert RegisterEntry.objects.count() == 3
    assert RegisterLoad.objects.get().file_name == "cci.csv"


def test_a_load_whose_connection_is_cut_leaves_nothing_and_can_be_run_again(
    write: Writer, in_thread: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_into_service(write([register_row(one) for one in sirets(3)]))
    path = write([register_row(one) for one in sirets(5)], "neuf.csv")
    replace = swap.replace

    def cut(register: str) -> None:
        replace(register)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    monkeypatch.setattr(swap, "replace", cut)
    killed = in_thread(put_into_service, path)
    with pytest.raises(Exception, match="terminat"):
        killed.result(PATIENCE)
    assert RegisterEntry.objects.count() == 3
    monkeypatch.setattr(swap, "replace", replace)
    assert put_into_service(path).is_applied
    assert RegisterEntry.objects.count() == 5


def test_the_library_leaves_no_lock_behind(write: Writer) -> None:
    put_into_service(write([register_row(sirets(1)[0])]))
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")
        assert cursor.fetchone() == (0,)
        cursor.execute("SHOW application_name")
        assert cursor.fetchone() == ("",)


@pytest.mark.parametrize("options", [{}, {"delta": True}], ids=["full", "delta"])
def test_a_load_waits_for_who_is_at_work_in_the_register_that_was_kept(
    write: Writer, in_thread: Any, options: dict[str, Any]
) -> None:
    """A backup reads it for longer than the connection's patience with locks."""
    for number in (1, 2):
        put_into_service(write([register_row(one) for one in sirets(number)], f"{number}.csv"))
    third = write([register_row(one) for one in sirets(3)], "3.csv")
    with at_work_in(swap.partition("CCI", "former")):
        job = in_thread(lambda: put_into_service(third, **options))
        time.sleep(float(settings.LOCK_PATIENCE.rstrip("s")) + 0.5)
        assert not job.done()
        assert RegisterEntry.objects.count() == 2
    assert job.result(PATIENCE).is_applied
    assert RegisterEntry.objects.count() == 3


def test_a_return_waits_for_who_is_at_work_in_the_register_that_was_kept(write: Writer, in_thread: Any) -> None:
    for number in (1, 2):
        put_into_service(write([register_row(one) for one in sirets(number)], f"{number}.csv"))
    with at_work_in(swap.partition("CCI", "former")):
        job = in_thread(lambda: roll_back("cci", by="essai", at=timezone.now()))
        time.sleep(0.3)
        assert not job.done()
        assert RegisterEntry.objects.count() == 2
    assert job.result(PATIENCE).restored.file_name == "1.csv"
    assert RegisterEntry.objects.count() == 1
