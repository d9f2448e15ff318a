"""Loads of Sirene beside readers and beside each other: real threads, real connections, real commits."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from eligibility.check import check
from eligibility.models import RegisterEntry, SireneLoad, SireneUnit
from eligibility.registers.refusal import LoadRefused
from eligibility.sirene import swap
from eligibility.sirene.history import roll_back
from eligibility.sirene.models import Stock
from eligibility.verdict import Reason
from tests.eligibility.conftest import at_work_in, put_into_service, put_sirene_into_service, register_row, sirets
from tests.eligibility.sirene_files import SAMPLE, unit, written

SIRET = sirets(1)[0]
PATIENCE = 30  # seconds

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def two_files(tmp_path: Path) -> list[Path]:
    return [
        written(
            tmp_path, "unites_legales", [unit(siret[:9], denomination=name) for siret in sirets(200)], f"{name}.csv"
        )
        for name in ("AVANT", "APRES")
    ]


def test_readers_see_the_old_stock_or_the_new_one_and_never_neither(
    two_files: list[Path], entry: Callable[..., RegisterEntry], in_thread: Any
) -> None:
    """The two files hold the same companies under two names; a reader who finds none, or both, saw half a stock."""
    entry(SIRET, legal_name="", headcount_code="")
    put_sirene_into_service(two_files[0], "unites_legales")
    over = threading.Event()

    def read() -> set[tuple[str, int]]:
        seen = set()
        while not over.is_set():
            verdict = check(SIRET, at=timezone.now())
            assert (verdict.reason, verdict.headcount) == (Reason.ELIGIBLE, 49), verdict
            assert verdict.facts.legal_name in ("AVANT", "APRES")
            names = list(SireneUnit.objects.values_list("legal_name", flat=True))
            assert len(set(names)) == 1
            seen.add((names[0], len(names)))
        return seen

    readers = [in_thread(read) for _ in range(2)]
    for number in range(1, 9):
        put_sirene_into_service(two_files[number % 2], "unites_legales")
    for _ in range(6):
        roll_back(Stock.UNITS, by="essai", at=timezone.now())
    over.set()
    seen = {each for reader in readers for each in reader.result(PATIENCE)}
    assert seen == {("AVANT", 200), ("APRES", 200)}
    assert SireneLoad.objects.filter(is_active=True).count() == 1


@pytest.mark.parametrize("moment", ["build", "replace"])
def test_a_load_that_is_killed_leaves_the_stock_usable_and_can_be_run_again(
    two_files: list[Path], monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    put_sirene_into_service(two_files[0], "unites_legales")
    whole = getattr(swap, moment)

    def killed(*args: Any, **options: Any) -> None:
        whole(*args, **options)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    monkeypatch.setattr(swap, moment, killed)
    with pytest.raises(Exception, match="terminat"):
        put_sirene_into_service(two_files[1], "unites_legales")
    connection.close()
    assert set(SireneUnit.objects.values_list("legal_name", flat=True)) == {"AVANT"}
    monkeypatch.setattr(swap, moment, whole)
    assert put_sirene_into_service(two_files[1], "unites_legales").is_applied
    assert set(SireneUnit.objects.values_list("legal_name", flat=True)) == {"APRES"}


def test_two_loads_at_once_are_refused_whatever_they_load(
    two_files: list[Path], write: Callable[..., str], in_thread: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second one is told who holds the place; a register and Sirene wait for each other too."""
    inside, go_on = threading.Event(), threading.Event()
    build = swap.build

    def slow(*args: Any, **options: Any) -> None:
        inside.set()
        assert go_on.wait(PATIENCE)
        build(*args, **options)

    monkeypatch.setattr(swap, "build", slow)
    running = in_thread(put_sirene_into_service, two_files[0], "unites_legales")
    assert inside.wait(PATIENCE)
    try:
        for second in (
            lambda: put_sirene_into_service(SAMPLE["etablissements"]),
            lambda: put_into_service(write([register_row(SIRET)])),
            lambda: roll_back(Stock.UNITS, by="essai", at=timezone.now()),
        ):
            with pytest.raises(LoadRefused, match=r"stock Sirene unites_legales, fichier AVANT\.csv"):
                second()
    finally:
        go_on.set()
    assert running.result(PATIENCE).is_applied


def test_a_load_waits_for_a_long_reader_without_making_others_wait(two_files: list[Path], in_thread: Any) -> None:
    """A customer's transaction has read Sirene and is still at work: the exchange gives way again and again."""
    put_sirene_into_service(two_files[0], "unites_legales")
    reading, go_on = threading.Event(), threading.Event()

    def long_reader() -> tuple[int, int]:
        with transaction.atomic():
            before = SireneUnit.objects.filter(legal_name="AVANT").count()
            reading.set()
            assert go_on.wait(PATIENCE)
            return before, SireneUnit.objects.filter(legal_name="AVANT").count()

    reader = in_thread(long_reader)
    assert reading.wait(PATIENCE)
    loading = in_thread(put_sirene_into_service, two_files[1], "unites_legales")
    waits = []
    for _ in range(20):
        started = time.monotonic()
        assert SireneUnit.objects.filter(legal_name="AVANT").count() == 200
        waits.append(time.monotonic() - started)
        time.sleep(0.05)
    assert not loading.done()
    go_on.set()
    assert reader.result(PATIENCE) == (200, 200)
    assert loading.result(PATIENCE).is_applied
    assert max(waits) < 1
    assert SireneUnit.objects.filter(legal_name="APRES").count() == 200


def test_a_return_waits_for_who_is_at_work_in_the_stock_that_was_kept(two_files: list[Path], in_thread: Any) -> None:
    for path in two_files:
        put_sirene_into_service(path, "unites_legales")
    with at_work_in(f"{SireneUnit._meta.db_table}_former"):
        job = in_thread(lambda: roll_back(Stock.UNITS, by="essai", at=timezone.now()))
        time.sleep(0.3)
        assert not job.done()
        assert set(SireneUnit.objects.values_list("legal_name", flat=True)) == {"APRES"}
    assert job.result(PATIENCE).file_name == "AVANT.csv"
    assert set(SireneUnit.objects.values_list("legal_name", flat=True)) == {"AVANT"}
