import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eligibility import headcount as bands
from eligibility.quota import HEADCOUNT_LIMIT, MASKS_PER_EMPLOYEE, Offer, max_lots, offer_for
from tests.eligibility.conftest import GOLDEN, golden

with (GOLDEN / "headcount_codes.csv").open(encoding="utf-8", newline="") as file:
    CODES = list(csv.DictReader(file))


@pytest.mark.parametrize("row", golden("quota"), ids=lambda row: row["headcount"])
def test_offer_and_lots_follow_from_the_headcount(row: dict[str, str]) -> None:
    offer = offer_for(int(row["headcount"]))
    if row["eligible"] == "no":
        assert offer is None
        return
    assert offer == row["offer"]
    lots = max_lots(int(row["headcount"]), offer.lot_size)
    assert (offer.lot_size, lots, lots * offer.lot_size) == (
        int(row["lot_size"]),
        int(row["max_lots"]),
        int(row["max_masks"]),
    )


@given(st.integers(0, HEADCOUNT_LIMIT - 1))
def test_every_employee_gets_two_masks_and_no_lot_is_one_too_many(headcount: int) -> None:
    offer = offer_for(headcount)
    assert offer
    lots = max_lots(headcount, offer.lot_size)
    assert lots * offer.lot_size >= MASKS_PER_EMPLOYEE * headcount
    assert lots == 1 or (lots - 1) * offer.lot_size < MASKS_PER_EMPLOYEE * headcount


@given(st.integers(0, 1_000_000), st.sampled_from([offer.lot_size for offer in Offer]))
def test_a_larger_company_never_gets_fewer_lots(headcount: int, lot_size: int) -> None:
    assert 1 <= max_lots(headcount, lot_size) <= max_lots(headcount + 1, lot_size)


@pytest.mark.parametrize("row", CODES, ids=lambda row: row["code"])
def test_a_code_counts_for_its_upper_bound(row: dict[str, str]) -> None:
    assert bands.UPPER_BOUND[row["code"]] == (int(row["max"]) if row["max"] else None)
    offer = offer_for(bands.employees(row["code"]))
    assert (offer or "") == row["offer"]
    if offer:
        assert max_lots(bands.employees(row["code"]), offer.lot_size) == int(row["max_lots_from_upper_bound"])


def test_all_sixteen_codes_are_known() -> None:
    assert set(bands.BANDS) == {row["code"] for row in CODES}


@given(st.integers(0, 999_999))
def test_a_number_falls_under_exactly_one_code(headcount: int) -> None:
    codes = [code for code in bands.BANDS if code != bands.NO_EMPLOYEE and bands.is_within(headcount, code)]
    assert codes == [bands.code_of(headcount)]
