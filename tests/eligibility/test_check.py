import re
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError, connection, transaction
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import timezone

from eligibility.check import KNOWN, check
from eligibility.evidence import Evidence, Row
from eligibility.models import Register, RegisterEntry
from eligibility.verdict import PublicAnswer, Reason, Verdict, decide
from eligibility.zones import Zone, opens_at
from sandbox.demo import TO_TRY
from tests.eligibility.conftest import SAMPLES, golden, put_into_service, put_sirene_into_service, sirets
from tests.eligibility.sirene_files import establishment, unit, written
from tests.factories import AdmissionFactory, RegisterFactory, make_siren, make_siret

NOW = timezone.now()
SIRET = sirets(1)[0]


@pytest.fixture
def samples(db: None) -> None:
    """Both sample registers and the sample of Sirene, through the real loaders."""
    put_into_service(SAMPLES / "sample_cci.csv", "cci")
    put_into_service(SAMPLES / "sample_cma.csv", "cma")
    put_sirene_into_service(SAMPLES / "sirene_sample_etablissement.csv", "etablissements")
    put_sirene_into_service(SAMPLES / "sirene_sample_unite_legale.csv", "unites_legales")


def test_the_sample_registers_give_the_golden_answers(samples: None) -> None:
    answers: Counter[str] = Counter()
    for row in golden("eligibility"):
        verdict = check(row["siret"], at=NOW)
        offer, lots = (verdict.offer or "", str(verdict.max_lots)) if verdict.is_eligible else ("", "")
        assert (verdict.public_answer, offer, lots) == (row["public_answer"], row["offer"], row["max_lots"]), row
        assert verdict.reason == row["internal_reason"], row
        answers[verdict.public_answer] += 1
    assert answers == {"eligible": 578, "not_recognised": 60, "too_large": 1}


def test_the_sirets_a_newcomer_is_told_to_try_answer_as_announced(samples: None) -> None:
    answers = [check(siret.replace(" ", ""), at=NOW) for siret, _ in TO_TRY]
    told = [(verdict.public_answer, verdict.lot_size, verdict.max_lots) for verdict in answers[:2]]
    assert told == [(PublicAnswer.ELIGIBLE, 6, 3), (PublicAnswer.ELIGIBLE, 40, 3)]
    assert answers[2].public_answer is PublicAnswer.TOO_LARGE


def test_a_company_of_both_registers_names_both(samples: None) -> None:
    assert check("44446272500029", at=NOW).facts.registers == ("CCI", "CMA")


SITUATIONS: dict[str, dict[str, Any]] = {
    "unknown": {},
    "opted_out": {"opt_in": False},
    "not_affiliated": {},
    "closed": {"is_open": False},
    "closed_in_sirene": {},
    "too_large": {"headcount": 50},
    "eligible": {},
    "ten_sites": {},
    "admitted": {},
}


@pytest.mark.parametrize("situation", SITUATIONS)
def test_any_answer_takes_one_query(
    situation: str,
    entry: Callable[..., RegisterEntry],
    sirene: Callable[..., None],
    django_assert_num_queries: Any,
) -> None:
    if situation not in ("unknown", "not_affiliated", "admitted"):
        entry(SIRET, **SITUATIONS[situation])
    if situation in ("not_affiliated", "closed_in_sirene", "eligible"):
        sirene(SIRET, is_open=situation != "closed_in_sirene")
    if situation == "ten_sites":
        for rank in range(2, 11):
            entry(make_siret(SIRET[:9], rank))
    if situation == "admitted":
        AdmissionFactory(siret=SIRET)
    with django_assert_num_queries(1):
        reason = check(SIRET, at=NOW).reason
    expected = {"ten_sites": "eligible", "admitted": "eligible", "closed_in_sirene": "closed"}
    assert reason == expected.get(situation, situation)


def test_a_company_is_looked_up_by_the_primary_key(entry: Callable[..., RegisterEntry]) -> None:
    entry(SIRET)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {KNOWN}", {"siret": SIRET, "siren": SIRET[:9], "today": NOW.date()})
        plan = "\n".join(line for (line,) in cursor.fetchall())
    for table in ("registerentry_cci", "registerentry_cma", "admission", "sireneestablishment", "sireneunit"):
        assert re.search(rf"(Index|Bitmap Heap) Scan.* on eligibility_{table}", plan), plan


def test_neighbouring_companies_are_not_mistaken_for_this_one(entry: Callable[..., RegisterEntry]) -> None:
    sirens = sorted(make_siren(number) for number in range(1, 40))
    for headcount, siren in enumerate(sirens):
        entry(make_siret(siren), headcount=headcount)
    for headcount, siren in enumerate(sirens):
        assert check(make_siret(siren), at=NOW).headcount == headcount


def test_no_load_at_all_is_unavailable_even_for_an_admitted_company(db: None) -> None:
    RegisterFactory()
    AdmissionFactory(siret=SIRET)
    assert check(SIRET, at=NOW).public_answer is PublicAnswer.UNAVAILABLE


def test_one_register_in_service_is_enough_to_answer(put_in_service: Callable[..., None]) -> None:
    put_in_service("CMA")
    assert check(SIRET, at=NOW).reason is Reason.UNKNOWN


@pytest.mark.django_db(transaction=True)
def test_registers_that_cannot_be_read_are_unavailable_and_not_a_refusal(
    put_in_service: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    put_in_service()
    with unreadable():
        assert check(SIRET, at=NOW).public_answer is PublicAnswer.UNAVAILABLE
    assert "Registers cannot be read" in caplog.text
    assert check(SIRET, at=NOW).reason is Reason.UNKNOWN


def test_inside_a_transaction_the_error_goes_on_because_the_transaction_is_lost(
    put_in_service: Callable[..., None],
) -> None:
    put_in_service()
    with pytest.raises(DatabaseError), transaction.atomic(), unreadable():
        check(SIRET, at=NOW)


def unreadable() -> Any:
    def refuse(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        return execute("SELECT * FROM a_table_that_is_gone", None, many, context)

    return connection.execute_wrapper(refuse)


def test_an_admission_counts_for_every_site_of_its_company(put_in_service: Callable[..., None]) -> None:
    put_in_service()
    siren = make_siren(1)
    AdmissionFactory(siret=make_siret(siren, 1), headcount=4, territory=Zone.METRO)
    verdict = check(make_siret(siren, 2), at=NOW)
    assert (verdict.is_eligible, verdict.headcount, verdict.zone) == (True, 4, Zone.METRO)


def test_an_admission_counts_through_its_last_day_in_paris(put_in_service: Callable[..., None]) -> None:
    put_in_service()
    today = timezone.localdate(NOW)
    AdmissionFactory(siret=SIRET, expires_on=today)
    assert check(SIRET, at=NOW).is_eligible
    assert check(SIRET, at=NOW + timedelta(days=1)).reason is Reason.UNKNOWN


def test_the_newest_admission_gives_the_headcount_whatever_its_network(put_in_service: Callable[..., None]) -> None:
    put_in_service()
    AdmissionFactory(siret=SIRET, headcount=30, network=RegisterFactory(code="CMA"))
    AdmissionFactory(siret=SIRET, headcount=4)
    assert check(SIRET, at=NOW).headcount == 4


def test_a_third_network_is_a_row_of_data(put_in_service: Callable[..., None]) -> None:
    put_in_service()
    Register.objects.create(code="ASSO", label="Associations")
    AdmissionFactory(siret=SIRET, network=Register.objects.get(code="ASSO"))
    assert check(SIRET, at=NOW).facts.registers == ("ASSO",)


def test_staff_can_read_in_the_log_that_registers_disagree(
    entry: Callable[..., RegisterEntry], caplog: pytest.LogCaptureFixture
) -> None:
    entry(SIRET, headcount=9)
    entry(SIRET, "CMA", headcount=12)
    assert check(SIRET, at=NOW).headcount == 12
    assert f"disagree about the headcount of {SIRET[:9]}" in caplog.text


def draw(verdict: Verdict, **context: Any) -> str:
    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    request.META["CSRF_COOKIE"] = "a" * 32
    html = render_to_string(
        "eligibility/_verdict.html", {"verdict": verdict, "siret": verdict.siret, **context}, request
    )
    # The form token differs at each drawing, for everybody.
    return html.replace(html.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0] or "\0", "TOKEN")


def test_unknown_opted_out_and_not_affiliated_read_the_same_to_the_byte(
    entry: Callable[..., RegisterEntry], sirene: Callable[..., None]
) -> None:
    unknown = check(SIRET, at=NOW)
    sirene(SIRET, headcount_code="21")
    not_affiliated = check(SIRET, at=NOW)
    entry(SIRET, opt_in=False, headcount_code="21")
    opted_out = check(SIRET, at=NOW)
    assert [verdict.reason for verdict in (unknown, not_affiliated, opted_out)] == [
        Reason.UNKNOWN, Reason.NOT_AFFILIATED, Reason.OPTED_OUT,
    ]  # fmt: skip
    assert draw(unknown) == draw(opted_out) == draw(not_affiliated)
    assert "Nous ne reconnaissons pas ce SIRET." in draw(unknown)


def test_a_confidential_firm_may_order_and_no_page_shows_its_mask(
    entry: Callable[..., RegisterEntry], tmp_path: Path
) -> None:
    """Both stocks as INSEE writes them for such a firm, and a chamber's row that knows no more."""
    masked = dict.fromkeys(("enseigne1", "numeroVoie", "typeVoie", "libelleVoie", "libelleCommune"), "[ND]")
    site = establishment(SIRET, statutDiffusion="P", codePostal="[ND]", **masked)
    put_sirene_into_service(written(tmp_path, "etablissements", [site]))
    firm = unit(SIRET[:9], statutDiffusion="P", denomination="[ND]", nom="[ND]", prenomUsuel="[ND]")
    put_sirene_into_service(written(tmp_path, "unites_legales", [firm]), "unites_legales")
    entry(SIRET, headcount_code="", legal_name="", street="", postal_code="", city="")
    verdict = check(SIRET, at=NOW)
    assert (verdict.is_eligible, verdict.headcount) == (True, 49)
    assert "[ND]" not in repr(verdict)
    assert (verdict.facts.legal_name, verdict.facts.street, verdict.facts.postal_code) == ("", "", "")


def test_before_sign_in_an_eligible_company_is_told_its_offer_and_nothing_else(
    entry: Callable[..., RegisterEntry],
) -> None:
    entry(SIRET, headcount=37)
    html = draw(check(SIRET, at=NOW), price=None)
    assert "Jusqu’à 2\u00a0lots de 40&nbsp;masques" in html
    for secret in ("LE GAL", "BRIANGAUD", "REDON", "35600", "37", "CCI"):
        assert secret not in html


@pytest.mark.parametrize("reason", Reason)
def test_every_answer_has_a_drawing_with_its_sentence(reason: Reason) -> None:
    verdict = Verdict(SIRET, reason, headcount=12, zone=Zone.GF_YT)
    html = draw(verdict)
    assert verdict.title in html
    assert f'data-answer="{verdict.public_answer}"' in html
    # A SIRET goes on by POST: it must not stand in an address.
    assert f"?siret={SIRET}" not in html


def test_an_opening_is_named_by_its_day_and_by_its_hour_where_it_has_one(settings: Any) -> None:
    early = opens_at(Zone.GF_YT)
    row = Row("CCI", SIRET, postal_code="97300")
    verdict = decide(Evidence(SIRET, early - timedelta(days=1), is_any_register_loaded=True, rows=[row]))
    assert "à partir du lundi 11 mai 2020 (heure de Paris)" in draw(verdict)
    settings.ZONE_OPENS_AT = settings.ZONE_OPENS_AT | {"GF_YT": early + timedelta(hours=9)}
    assert "lundi 11 mai 2020 à 9\u00a0h (heure de Paris)" in draw(verdict)
