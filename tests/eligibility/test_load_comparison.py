"""Two ways of comparing a load with the register in service come to the same, and each knows when it is not meant."""

import random
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from django.utils import timezone

from eligibility.models import RegisterEntry, RegisterLoad
from eligibility.registers import diff
from eligibility.registers.columns import SCHEMA
from eligibility.registers.fingerprints import fingerprints, lone, specimen
from eligibility.registers.generator import Order, batches
from eligibility.registers.history import roll_back
from eligibility.registers.report import Report
from tests.eligibility.conftest import SAMPLES, put_into_service, register_row, sirets

pytestmark = pytest.mark.django_db
Writer = Callable[..., str]
ROWS = 3_000


@pytest.fixture
def generated(tmp_path: Path) -> Callable[..., Path]:
    """Write the register of a month, rows in another order each time."""

    def write(month: int, **facts: Any) -> Path:
        header, *lines = b"".join(batches(Order("CCI", ROWS, seed=3, month=month, **facts))).splitlines()
        random.Random(month).shuffle(lines)
        path = tmp_path / f"{month}.csv"
        path.write_bytes(b"\n".join((header, *lines, b"")))
        return path

    return write


def active() -> RegisterLoad:
    return RegisterLoad.objects.get(is_active=True)


def found(report: Report) -> tuple[object, ...]:
    differences = report.diff
    counts = differences.added, differences.changed, differences.removed, differences.unchanged
    return counts, differences.examples, differences.changes.sort("siret").rows()


def used(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the ways that are taken from here on."""
    taken: list[str] = []
    for way in ("_compare_fingerprints", "_compare_rows"):
        real = getattr(diff, way)

        def noted(*args: Any, real: Any = real) -> Any:
            taken.append(real.__name__)
            return real(*args)

        monkeypatch.setattr(diff, way, noted)
    return taken


def test_fingerprints_find_what_a_comparison_of_all_texts_finds(
    generated: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    put_into_service(generated(0))
    taken = used(monkeypatch)
    by_fingerprint = put_into_service(generated(2), apply=False)
    RegisterLoad.objects.update(specimen=specimen() ^ 1)  # as another version of the library would have left it
    by_text = put_into_service(generated(2), apply=False)
    assert taken == ["_compare_fingerprints", "_compare_rows"]
    assert found(by_fingerprint) == found(by_text)
    assert by_fingerprint.diff.added == 12
    assert by_fingerprint.diff.changed > 20
    assert by_fingerprint.diff.removed > 0


@pytest.mark.parametrize("cell", ["raison_sociale", "chambre", "adresse", "commune", "code_naf", "etat", "date_maj"])
def test_a_change_of_any_cell_is_seen(write: Writer, cell: str) -> None:
    other = {"etat": "F", "date_maj": "", "code_naf": ""}.get(cell, "AUTRE")
    one, two = sirets(2)
    put_into_service(write([register_row(one), register_row(two)]))
    report = put_into_service(write([register_row(one), register_row(two, **{cell: other})]))
    assert (report.diff.changed, report.diff.examples["changed"]) == (1, [two])


def test_a_first_load_is_all_new() -> None:
    report = put_into_service(SAMPLES / "sample_cci.csv")
    assert (report.diff.added, report.diff.unchanged, len(report.diff.examples["added"])) == (579, 0, 5)


def test_of_rows_that_were_dropped_as_repeats_no_fingerprint_stays(write: Writer) -> None:
    one, two = sirets(2)
    rows = [register_row(one), register_row(two, commune="LILLE"), register_row(two), register_row(one)]
    put_into_service(write(rows))
    again = put_into_service(write([register_row(two), register_row(one)]), apply=False)
    assert (again.diff.unchanged, again.diff.changed, again.diff.removed) == (2, 0, 0)
    repeated = put_into_service(write([*reversed(rows), ""]), apply=False)
    assert (repeated.diff.unchanged, repeated.diff.changed) == (1, 1)


def test_a_row_has_the_same_fingerprint_wherever_it_stands() -> None:
    put_into_service(SAMPLES / "sample_cci.csv")
    columns = RegisterEntry.STORED
    stored = [*RegisterEntry.objects.values_list(*columns, "fingerprint")]
    assert None not in {row[-1] for row in stored}
    alone = [fingerprints(pl.DataFrame([row[:-1]], schema=SCHEMA, orient="row")).item() for row in stored[:50]]
    assert alone == [row[-1] for row in stored[:50]]


def test_numbers_that_stand_on_both_sides_are_left_out() -> None:
    ours, theirs = pl.Series([5, -7, 9, 2**63 - 1]), pl.Series([9, 3, -(2**63), 5])
    assert lone(ours, theirs).to_list() == [-(2**63), -7, 3, 2**63 - 1]
    assert lone(ours, pl.Series(dtype=pl.Int64)).sort().to_list() == sorted(ours)


def test_a_delta_that_is_written_in_another_way_makes_the_next_load_compare_texts(
    write: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = sirets(2)
    put_into_service(write([register_row(one), register_row(two)]))
    RegisterLoad.objects.update(specimen=specimen() ^ 1)
    RegisterEntry.objects.filter(siret=one).update(fingerprint=1)
    put_into_service(write([register_row(two, commune="LILLE")], "delta.csv"), delta=True)
    assert active().specimen is None
    taken = used(monkeypatch)
    report = put_into_service(write([register_row(one), register_row(two, commune="LILLE")], "full.csv"))
    assert (taken, report.diff.unchanged) == (["_compare_rows"], 2)
    assert active().specimen == specimen()


def test_after_a_delta_and_after_its_return_fingerprints_are_those_of_the_rows(write: Writer) -> None:
    one, two, three = sirets(3)
    rows = [register_row(one), register_row(two)]
    put_into_service(write(rows))
    put_into_service(write([register_row(two, commune="LILLE"), register_row(three)], "delta.csv"), delta=True)
    assert active().specimen == specimen()
    whole = [register_row(one), register_row(two, commune="LILLE"), register_row(three)]
    assert put_into_service(write(whole, "whole.csv"), apply=False).diff.unchanged == 3
    roll_back("cci", by="essai", at=timezone.now())
    assert put_into_service(write([*rows, ""], "again.csv"), apply=False).diff.unchanged == 2


def test_rows_that_no_load_has_written_are_seen_all_the_same(write: Writer) -> None:
    one, two, three = sirets(3)
    rows = [register_row(siret) for siret in (one, two, three)]
    put_into_service(write(rows))
    RegisterEntry.objects.exclude(siret=one).update(fingerprint=None)
    report = put_into_service(write(rows[:2], "deux.csv"), apply=False)
    assert report.diff.examples == {"added": [], "changed": [two], "removed": [three]}


def test_a_register_that_somebody_has_emptied_is_loaded_anew(write: Writer) -> None:
    path = write([register_row(siret) for siret in sirets(2)])
    put_into_service(path)
    RegisterEntry.objects.all().delete()
    report = put_into_service(write([register_row(sirets(1)[0])]))
    assert (report.diff.added, report.diff.removed, report.is_applied) == (1, 0, True)


@pytest.mark.parametrize("cell", [{"headcount": 0}, {"updated_on": date(1970, 1, 1)}], ids=["headcount", "date"])
def test_a_version_that_numbers_an_empty_cell_otherwise_has_another_specimen(
    cell: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = specimen()

    def otherwise(rows: pl.DataFrame) -> pl.Series:
        return fingerprints(rows.with_columns(pl.col(name).fill_null(value) for name, value in cell.items()))

    monkeypatch.setattr("eligibility.registers.fingerprints.fingerprints", otherwise)
    assert specimen() != usual


def test_the_next_load_is_told_the_headcounts_while_they_are_true(write: Writer) -> None:
    one, two = sirets(2)
    put_into_service(write([register_row(one), register_row(two, effectif="0", tranche="00")]))
    assert active().bands == {"11": 1, "00": 1} == diff.current_bands("CCI")
    put_into_service(write([register_row(two)], "delta.csv"), delta=True)
    assert active().bands is None
    assert diff.current_bands("CCI") == {"11": 2}
