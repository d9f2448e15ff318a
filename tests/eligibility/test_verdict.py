from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eligibility import headcount as bands
from eligibility.evidence import Evidence, Grant, Row, Site, Unit
from eligibility.quota import Offer
from eligibility.rules import RULES, Outcome, explain
from eligibility.verdict import NOT_RECOGNISED, PUBLIC_ANSWERS, TITLES, PublicAnswer, Reason, Verdict, decide
from eligibility.zones import Zone, opens_at
from notifications.wording import PARIS

SITE, OTHER_SITE = "00628023400169", "00628023400011"
NOW = datetime(2020, 6, 1, tzinfo=PARIS)
PLAIN = Row("CCI", SITE, headcount_code="12", legal_name="LE GAL", street="14 RUE DE BRIANGAUD", postal_code="35600")


def known(*rows: Row, loaded: bool = True, at: datetime = NOW, **rest: Any) -> Evidence:
    return Evidence(SITE, is_any_register_loaded=loaded, rows=rows, at=at, **rest)


def judge(*rows: Row, **rest: Any) -> Verdict:
    return decide(known(*rows, **rest))


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


OPEN_SITE = Site(street="14 RUE DE BRIANGAUD", postal_code="35600", city="REDON", naf="23.70Z")
ACTIVE_UNIT = Unit(headcount_code="12", legal_name="LE GAL")


def test_a_firm_that_sirene_knows_and_no_register_lists_is_not_affiliated() -> None:
    for sirene in ({"site": OPEN_SITE}, {"unit": ACTIVE_UNIT}, {"site": OPEN_SITE, "unit": ACTIVE_UNIT}):
        verdict = judge(**sirene)
        assert verdict == Verdict(SITE, Reason.NOT_AFFILIATED)
        assert verdict.public_answer is PublicAnswer.NOT_RECOGNISED


def test_opt_out_is_the_reason_even_where_sirene_knows_the_firm() -> None:
    assert judge(row(opt_in=False), site=OPEN_SITE, unit=ACTIVE_UNIT) == Verdict(SITE, Reason.OPTED_OUT)


@pytest.mark.parametrize(
    "sirene",
    [{"site": replace(OPEN_SITE, is_open=False)}, {"unit": replace(ACTIVE_UNIT, is_active=False)}],
    ids=["establishment", "unit"],
)
@pytest.mark.parametrize("rows", [[PLAIN], [PLAIN, row(register="CMA")], []], ids=["cci", "both", "admitted"])
def test_sirene_closes_what_registers_and_support_still_hold_for_open(sirene: dict[str, Any], rows: list[Row]) -> None:
    assert judge(*rows, grant=None if rows else GRANT, **sirene).reason is Reason.CLOSED


def test_sirene_does_not_reopen_what_its_register_has_closed() -> None:
    assert judge(row(is_open=False), site=OPEN_SITE, unit=ACTIVE_UNIT).reason is Reason.CLOSED


def test_a_closed_firm_that_nobody_lists_is_not_recognised_and_never_called_closed() -> None:
    assert judge(unit=replace(ACTIVE_UNIT, is_active=False)).reason is Reason.NOT_AFFILIATED


@pytest.mark.parametrize(
    ("rows", "grant", "employees", "source"),
    [
        ([row(headcount=9, headcount_code="11")], Grant("CCI", 30), 30, "Admission par le service client"),
        ([row(headcount=9, headcount_code="11")], None, 9, "CCI"),
        ([row(headcount_code="11")], None, 19, "CCI"),
        ([row(headcount_code="")], None, 49, "Sirene, unité légale"),
        ([row(headcount_code=""), row(register="CMA", headcount_code="02")], None, 5, "CMA"),
        ([row(headcount_code="NN")], None, 0, "CCI"),
    ],
    ids=["support", "exact", "code", "sirene", "the row that tells", "none told is told"],
)
def test_which_headcount_wins(rows: list[Row], grant: Grant | None, employees: int, source: str) -> None:
    evidence = known(*rows, grant=grant, site=OPEN_SITE, unit=ACTIVE_UNIT)
    assert (evidence.headcount.employees, evidence.headcount.source) == (employees, source)
    assert decide(evidence).headcount == employees


def test_the_firm_counts_and_not_the_site_also_in_sirene() -> None:
    """The sample's trap: a site of three to five people in a firm of fifty to ninety-nine."""
    assert judge(row(headcount_code=""), unit=replace(ACTIVE_UNIT, headcount_code="21")).reason is Reason.TOO_LARGE


def test_a_headcount_nobody_tells_counts_as_none() -> None:
    assert judge(row(headcount_code="")).max_lots == 1
    assert judge(row(headcount_code=""), unit=replace(ACTIVE_UNIT, headcount_code="")).headcount == 0


def test_sirene_fills_in_the_name_and_address_that_a_row_lacks() -> None:
    bare = Row("CCI", SITE, headcount=4)
    site = replace(OPEN_SITE, trade_name="LE PETIT GAL", address_extra="BAT A")
    facts = judge(bare, site=site, unit=ACTIVE_UNIT).facts
    assert (facts.legal_name, facts.trade_name, facts.naf) == ("LE GAL", "LE PETIT GAL", "23.70Z")
    assert (facts.street, facts.address_extra, facts.postal_code, facts.city) == (
        "14 RUE DE BRIANGAUD", "BAT A", "35600", "REDON",
    )  # fmt: skip


def test_sirene_does_not_overrule_what_a_row_tells() -> None:
    moved = row(postal_code="97300", street="", legal_name="AUTRE NOM", city="CAYENNE")
    facts = judge(moved, site=OPEN_SITE, unit=ACTIVE_UNIT).facts
    assert (facts.legal_name, facts.street, facts.postal_code, facts.city) == ("AUTRE NOM", "", "97300", "CAYENNE")
    assert judge(row(street=""), site=OPEN_SITE).facts.street == "14 RUE DE BRIANGAUD"


def test_a_confidential_firm_is_eligible_and_its_name_and_address_are_left_to_the_person() -> None:
    verdict = judge(Row("CMA", SITE, headcount=3), site=Site(), unit=Unit(headcount_code="02"))
    assert verdict.is_eligible
    assert (verdict.facts.legal_name, verdict.facts.street, verdict.facts.city) == ("", "", "")


def test_the_territory_is_the_rows_else_sirenes_else_supports() -> None:
    overseas = replace(OPEN_SITE, postal_code="97133")
    assert judge(PLAIN, site=overseas).zone is Zone.METRO
    assert judge(row(postal_code=""), site=overseas).reason is Reason.TERRITORY_NOT_SERVED
    assert judge(grant=GRANT, site=OPEN_SITE).zone is Zone.METRO
    assert judge(grant=GRANT, unit=ACTIVE_UNIT).zone is Zone.GF_YT


def test_the_explanation_walks_the_same_tests_and_stops_where_the_verdict_fell() -> None:
    evidence = known(row(headcount=60), site=OPEN_SITE, unit=ACTIVE_UNIT)
    lines = explain(evidence)
    assert [line.outcome for line in lines] == ["passed"] * 3 + ["refused"] + ["not_reached"] * 2
    assert lines[3].refusal is decide(evidence).reason is Reason.TOO_LARGE
    assert [(remark.source, remark.figure, remark.counts) for remark in lines[3].remarks] == [
        ("CCI, 006\u00a0280\u00a0234\u00a000169", "60\u00a0salariés", True),
        ("Sirene, unité légale", "tranche 12, entre 20 et 49\u00a0salariés, compte pour 49", False),
    ]


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
    headcount_code=st.sampled_from(["", *bands.BANDS]),
    postal_code=st.sampled_from(["", "35600", "97133", "97300"]),
    updated_on=st.none() | st.dates(),
)


SITES = st.builds(Site, is_open=st.booleans(), postal_code=st.sampled_from(["", "35600", "97133", "97300"]))
UNITS = st.builds(Unit, is_active=st.booleans(), headcount_code=st.sampled_from(["", *bands.BANDS]))
EVIDENCE = st.builds(
    Evidence,
    siret=st.just(SITE),
    at=st.sampled_from([NOW, datetime(2020, 5, 3, tzinfo=PARIS)]),
    is_any_register_loaded=st.booleans(),
    rows=st.lists(ROWS, max_size=4),
    grant=st.none() | st.just(GRANT),
    site=st.none() | SITES,
    unit=st.none() | UNITS,
)


@given(EVIDENCE)
def test_whatever_is_known_the_explanation_and_the_verdict_agree(evidence: Evidence) -> None:
    verdict, lines = decide(evidence), explain(evidence)
    refusals = [line.refusal for line in lines if line.refusal]
    assert refusals == ([] if verdict.is_eligible else [verdict.reason])
    assert [line.question for line in lines] == [rule.question for rule in RULES]
    for line in lines:
        assert bool(line.remarks) is (line.outcome is not Outcome.NOT_REACHED)
        assert not line.remarks or any(remark.counts for remark in line.remarks), line


@given(EVIDENCE)
def test_whatever_is_known_a_stranger_learns_nothing_from_not_recognised(evidence: Evidence) -> None:
    verdict = decide(evidence)
    if verdict.reason in NOT_RECOGNISED:
        assert verdict == Verdict(SITE, verdict.reason)


@given(st.lists(ROWS, max_size=4), st.none() | st.just(GRANT), st.none() | SITES, st.none() | UNITS)
def test_whatever_registers_say_an_order_needs_a_network_and_fewer_than_fifty(
    rows: list[Row], grant: Grant | None, site: Site | None, unit: Unit | None
) -> None:
    verdict = judge(*rows, grant=grant, site=site, unit=unit)
    if verdict.is_eligible:
        assert verdict.headcount is not None
        assert verdict.headcount < 50
        assert verdict.max_lots >= 1
        assert grant or any(row.siret == SITE and row.opt_in and row.is_open for row in rows)
        assert site is None or site.is_open
        assert unit is None or unit.is_active
    if verdict.public_answer is PublicAnswer.NOT_RECOGNISED:
        assert (verdict.headcount, verdict.facts.legal_name, verdict.zone) == (None, "", None)
