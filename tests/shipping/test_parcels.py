"""Parcel numbers and event codes: the golden table, and every code of La Poste."""

import csv
from pathlib import Path

import pytest

from shipping import parcels, steps
from shipping.models import Shipment
from shipping.steps import Step

GOLDEN = Path(__file__).parent.parent / "golden" / "golden_parcel_numbers.csv"
with GOLDEN.open(encoding="utf-8", newline="") as file:
    ROWS = list(csv.DictReader(file))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["parcel_number"] or "empty")
def test_golden_parcel_numbers(row: dict[str, str]):
    number = parcels.normalise(row["parcel_number"])
    assert parcels.is_well_formed(number) is (row["format_ok"] == "yes")
    if row["key_ok"]:
        assert parcels.has_right_key(number) is (row["key_ok"] == "yes")
    if row["url"]:
        assert Shipment(parcel_number=number).track_url == row["url"]


@pytest.mark.parametrize(
    ("typed", "number"), [(" 6a 9927 7756 826 ", "6A99277756826"), ("6A99277756826", "6A99277756826")]
)
def test_a_number_is_read_as_it_is_dictated(typed: str, number: str):
    assert parcels.normalise(typed) == number


def test_an_unknown_code_is_in_transit_and_tells_nobody():
    assert steps.step_of("XX9") is Step.IN_TRANSIT
    assert steps.notice_of("XX9") == ""


@pytest.mark.parametrize("code", sorted(steps.CODES))
def test_every_code_has_a_meaning(code: str):
    assert steps.step_of(code) in steps.MEANINGS


def test_customers_hear_of_the_incidents_that_concern_them():
    assert [code for code in ("PB1", "ND1", "DO3", "DR2", "DI3") if steps.notice_of(code)] == ["PB1", "ND1", "DO3"]
