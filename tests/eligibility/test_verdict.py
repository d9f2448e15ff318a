from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eligibility import headcount as bands
from eligibility.quota import Offer
from eligibility.verdict import PUBLIC_ANSWERS, TITLES, Grant, PublicAnswer, Reason, Row, Verdict, decide
from eligibility.zones import Zone, opens_at
from notifications.wording import PARIS

SITE, OTHER_SITE = "00628023400169", "00628023400011"
NOW = datetime(2020, 6, 1, tzinfo=PARIS)
PLAIN = Row("CCI", SITE, headcount_code="12", legal_name="LE GAL", street="14 RUE DE BRIANGAUD", postal_code="35600")


def judge(*rows: Row, grant: Grant | None = None, loaded: bool = True, at: datetime = NOW) -> Verdict:
    return decide(SITE, is_any_register_loaded=loaded, rows=rows, grant=grant, at=at)


def row(**changes: Any) -> Row:
    return replace(PLAIN, **changes)


def test_a_company_of_twenty_to_forty_nine_may_order_three_lots_of_forty() -> None:
    verdict = judge(PLAIN)
    assert verdict.reason is Reason.ELIGIBLE
    assert (verdict.offer, verdict.lot_size, verdict.max_lots) == (Offer.PME, 40, 3)
    assert (verdict.headcount, verdict.headcount_text) == (49, "entre 20 et 49\u00a0salariés")
    assert (verdict.zone, verdict.facts.legal_name, verdict.facts.registers) == (Zone.METRO, "LE GAL", ("CCI",))


def test_without_any_register_the_answer_is_never_a_refusal() -> None:
    verdict = judge(loaded=False)
    assert (verdict.reason, verdict.public_answer) == (Reason.NO_REGISTER, PublicAnswer.UNAVAILABLE)


def test_unknown_and_opted_out_are_one_public_answer() -> None:
    unknown, opted_out = judge(), judge(row(opt_in=False))
    assert (unknown.reason, opted_out.reason) == (Reason.UNKNOWN, Reason.OPTED_OUT)
    assert unknown.public_answer == opted_out.public_answer == PublicAnswer.NOT_RECOGNISED
    assert opted_out.facts == unknown.facts
    assert opted_out.headcount is unknown.headcount is None


def test_another_site_of_the_company_does_not_make_this_one_known() -> None:
    assert judge(row(siret=OTHER_SITE)).reason is Reason.UNKNOWN


def test_one_register_with_opt_in_is_enough() -> None:
    verdict = judge(row(opt_in=False), row(register="CMA"))
    assert (verdict.reason, verdict.facts.registers) == (Reason.ELIGIBLE, ("CMA",))


def test_closed_only_where_all_rows_with_opt_in_are_closed() -> None:
    closed = row(is_open=False)
    assert judge(closed).reason is Reason.CLOSED
    assert judge(closed, row(register="CMA")).reason is Reason.ELIGIBLE
    assert judge(closed, row(register="CMA", is_open=False)).reason is Reason.CLOSED
    assert judge(closed, row(register="CMA", opt_in=False)).reason is Reason.CLOSED


def test_the_whole_company_counts_and_not_the_site() -> None:
    small, large = row(headcount=4), row(siret=OTHER_SITE, headcount_code="21", opt_in=False)
    verdict = judge(small, large)
    assert (verdict.reason, verdict.headcounts_differ) == (Reason.TOO_LARGE, True)
    assert judge(small, replace(large, is_open=False)).max_lots == 2


def test_of_two_registers_the_larger_headcount_counts() -> None:
    verdict = judge(row(headcount=9), row(register="CMA", headcount=12))
    assert (verdict.headcount_text, verdict.offer, verdict.headcounts_differ) == ("12\u00a0salariés", Offer.PME, True)


def test_in_one_row_the_exact_number_wins_over_the_code() -> None:
    verdict = judge(row(headcount=9, headcount_code="11"))
    assert (verdict.headcount, verdict.offer, verdict.headcounts_differ) == (9, Offer.TPE, False)


@pytest.mark.parametrize(("headcount", "text"), [(0, "aucun salarié"), (1, "1\u00a0salarié"), (12, "12\u00a0salariés")])
def test_an_exact_headcount_is_said_in_words(headcount: int, text: str) -> None:
    assert judge(row(headcount=headcount)).headcount_text == text


def test_fifty_is_too_large_and_forty_nine_is_not() -> None:
    assert judge(row(headcount=49)).reason is Reason.ELIGIBLE
    assert judge(row(headcount=50)).public_answer is PublicAnswer.TOO_LARGE


def test_a_self_employed_person_may_order_one_lot_of_six() -> None:
    verdict = judge(row(headcount_code="NN"))
    assert (verdict.lot_size, verdict.max_lots, verdict.headcount_text) == (6, 1, "aucun salarié")


@pytest.mark.parametrize("postal_code", ["97133", "97150", "98800", "98000"])
def test_a_territory_without_a_price_is_not_served(postal_code: str) -> None:
    assert judge(row(postal_code=postal_code)).public_answer is PublicAnswer.TERRITORY_NOT_SERVED


def test_a_territory_opens_at_its_moment() -> None:
    opening = opens_at(Zone.GF_YT)
    early, late = (judge(row(postal_code="97300"), at=moment) for moment in (opening - timedelta(seconds=1), opening))
    assert (early.public_answer, early.opens_at) == (PublicAnswer.TERRITORY_NOT_OPEN, opening)
    assert late.is_eligible


def test_too_large_is_said_before_the_territory_is_looked_at() -> None:
    assert judge(row(headcount=50, postal_code="97133")).reason is Reason.TOO_LARGE


def test_without_a_postal_code_the_territory_is_left_to_the_delivery_address() -> None:
    verdict = judge(row(postal_code=""))
    assert (verdict.reason, verdict.zone, verdict.opens_at) == (Reason.ELIGIBLE, None, None)


def test_the_newest_row_gives_name_and_address_and_a_blank_hides_nothing() -> None:
    older = row(updated_on=date(2020, 1, 1), city="REDON")
    newer = row(register="CMA", updated_on=date(2020, 2, 1), legal_name="", postal_code="35000", city="RENNES")
    facts = judge(older, newer).facts
    assert (facts.legal_name, facts.postal_code, facts.city) == ("LE GAL", "35000", "RENNES")
    assert (facts.registers, facts.as_of) == (("CCI", "CMA"), date(2020, 2, 1))


def test_rows_of_the_same_day_are_told_apart_the_same_way_in_any_order() -> None:
    one, two = row(), row(register="CMA", postal_code="97300")
    assert judge(one, two) == judge(two, one)


GRANT = Grant("CMA", 4, "MENUISERIE MARTIN", Zone.GF_YT)


def test_an_admission_stands_in_for_the_registers_and_gives_the_headcount() -> None:
    verdict = judge(grant=GRANT)
    assert (verdict.reason, verdict.headcount, verdict.max_lots) == (Reason.ELIGIBLE, 4, 2)
    assert (verdict.facts.legal_name, verdict.facts.registers) == ("MENUISERIE MARTIN", ("CMA",))
    assert verdict.zone is Zone.GF_YT


def test_an_admission_overrules_opt_out_and_headcount_but_not_the_address() -> None:
    verdict = judge(row(opt_in=False, headcount=80), grant=GRANT)
    assert (verdict.reason, verdict.headcount, verdict.zone) == (Reason.ELIGIBLE, 4, Zone.METRO)
    assert verdict.facts.registers == ("CMA",)


@pytest.mark.parametrize(
    ("rows", "grant", "reason"),
    [
        ([row(is_open=False)], GRANT, Reason.CLOSED),
        ([row(opt_in=False, is_open=False)], GRANT, Reason.CLOSED),
        ([], replace(GRANT, headcount=50), Reason.TOO_LARGE),
        ([row(postal_code="97133")], GRANT, Reason.TERRITORY_NOT_SERVED),
    ],
)
def test_closed_too_large_and_territory_refuse_an_admitted_company_too(
    rows: list[Row], grant: Grant, reason: Reason
) -> None:
    assert judge(*rows, grant=grant).reason is reason


def test_every_reason_has_a_public_answer_and_every_answer_a_sentence() -> None:
    assert set(PUBLIC_ANSWERS) == set(Reason)
    assert set(PUBLIC_ANSWERS.values()) == set(PublicAnswer) == set(TITLES)


ROWS = st.builds(
    Row,
    register=st.sampled_from(["CCI", "CMA"]),
    siret=st.sampled_from([SITE, OTHER_SITE]),
    opt_in=st.booleans(),
    is_open=st.booleans(),
    headcount=st.none() | st.integers(0, 999_999),
    headcount_code=st.sampled_from(list(bands.BANDS)),
    postal_code=st.sampled_from(["", "35600", "97133", "97300"]),
    updated_on=st.none() | st.dates(),
)


@given(st.lists(ROWS, max_size=4), st.none() | st.just(GRANT))
def test_whatever_registers_say_an_order_needs_a_network_and_fewer_than_fifty(
    rows: list[Row], grant: Grant | None
) -> None:
    verdict = judge(*rows, grant=grant)
    if verdict.is_eligible:
        assert verdict.headcount is not None
        assert verdict.headcount < 50
        assert verdict.max_lots >= 1
        assert grant or any(row.siret == SITE and row.opt_in and row.is_open for row in rows)
    if verdict.public_answer is PublicAnswer.NOT_RECOGNISED:
        assert (verdict.headcount, verdict.facts.legal_name, verdict.zone) == (None, "", None)
