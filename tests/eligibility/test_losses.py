"""Which customers a load would cost the right to order: told before anything changes."""

import io
from collections.abc import Callable

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from eligibility.check import check
from eligibility.models import RegisterLoad
from eligibility.registers import losses
from eligibility.registers.staging import PARENT
from tests.eligibility.conftest import put_into_service, register_row
from tests.factories import AdmissionFactory, EstablishmentFactory, make_siren, make_siret

pytestmark = pytest.mark.django_db
Writer = Callable[..., str]
ONE, TWO, THREE, FOUR, FIVE, STRANGER = (make_siret(make_siren(rank)) for rank in range(1, 7))
SECOND_SITE = make_siret(make_siren(1), 2)
CUSTOMERS = [ONE, TWO, THREE, FOUR, FIVE]


@pytest.fixture(autouse=True)
def in_service(write: Writer) -> None:
    put_into_service(write([register_row(siret) for siret in (*CUSTOMERS, STRANGER)]))


def lost(path: str, **wishes: object) -> list[str] | None:
    return put_into_service(path, apply=False, customers=lambda: CUSTOMERS, **wishes).losers


def others(*but: str) -> list[str]:
    return [register_row(siret) for siret in (*CUSTOMERS, STRANGER) if siret not in but]


@pytest.mark.parametrize(
    "row",
    [
        None,
        register_row(TWO, opt_in="N"),
        register_row(TWO, etat="F"),
        register_row(TWO, effectif="50", tranche="21"),
        register_row(TWO, code_postal="97133"),
    ],
    ids=["gone", "opted out", "closed", "too large", "not served"],
)
def test_a_customer_is_lost_by_whatever_the_verdict_says(row: str | None, write: Writer) -> None:
    assert lost(write([*others(TWO), *([row] if row else [])])) == [TWO]


def test_what_does_not_touch_the_verdict_costs_nobody(write: Writer) -> None:
    rows = [register_row(TWO, commune="LILLE", effectif="9", tranche="03", raison_sociale="AUTRE")]
    assert lost(write([*others(TWO, STRANGER), *rows])) == []


def test_a_new_site_may_make_a_company_too_large(write: Writer) -> None:
    assert lost(write([*others(), register_row(SECOND_SITE, effectif="60", tranche="21")])) == [ONE]
    delta = write([register_row(SECOND_SITE, effectif="60", tranche="21")], "delta.csv")
    assert lost(delta, delta=True) == [ONE]


def test_a_delta_costs_only_those_it_names(write: Writer) -> None:
    assert lost(write([register_row(THREE, opt_in="N"), register_row(FOUR)]), delta=True) == [THREE]


def test_another_register_or_an_admission_keeps_a_customer(write: Writer) -> None:
    put_into_service(write([register_row(TWO, register="CMA")], "cma.csv"), "cma")
    AdmissionFactory(siret=THREE, headcount=5)
    assert lost(write(others(TWO, THREE, FOUR))) == [FOUR]


def test_who_could_not_order_before_is_not_lost(write: Writer) -> None:
    put_into_service(write([*others(FIVE), register_row(FIVE, opt_in="N")], "sans.csv"))
    assert lost(write(others(FIVE))) == []


def test_the_view_of_what_would_be_is_gone_after_the_look(write: Writer) -> None:
    path = write(others(TWO))
    assert put_into_service(path, customers=lambda: CUSTOMERS).losers == [TWO]
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", [f"pg_temp.{PARENT}"])
        assert cursor.fetchone() == (None,)
    assert not check(TWO, at=timezone.now()).is_eligible


def test_the_first_load_of_another_register_may_cost_customers_too(write: Writer) -> None:
    """Its rows speak of companies that the register in service knows already."""
    rows = [register_row(ONE, register="CMA"), register_row(TWO, register="CMA", effectif="60", tranche="21")]
    assert put_into_service(write(rows, "cma.csv"), "cma", customers=lambda: CUSTOMERS).losers == [TWO]


def test_before_any_register_nobody_may_order_and_nobody_is_lost(write: Writer) -> None:
    RegisterLoad.objects.update(is_active=False)
    assert lost(write([register_row(ONE, etat="F")])) == []


def test_a_row_that_grows_older_gives_way_to_the_address_of_another(write: Writer) -> None:
    elsewhere = register_row(TWO, register="CMA", code_postal="97133", date_maj="2020-04-01")
    put_into_service(write([elsewhere], "cma.csv"), "cma")
    assert lost(write([*others(TWO), register_row(TWO, date_maj="2020-03-01")])) == [TWO]


def test_of_customers_in_one_register_the_date_alone_is_no_reason_to_ask(
    write: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A chamber may date all its rows anew every month."""
    asked: list[str] = []
    monkeypatch.setattr(losses, "check", lambda siret, *, at: asked.append(siret))
    assert lost(write([register_row(siret, date_maj="2020-04-01") for siret in (*CUSTOMERS, STRANGER)])) == []
    assert asked == []


def test_without_customers_there_is_nobody_to_lose(write: Writer) -> None:
    assert put_into_service(write(others(TWO)), apply=False, customers=lambda: ()).losers == []


def test_the_command_knows_the_customers_and_the_report_names_them(write: Writer) -> None:
    for siret in CUSTOMERS:
        EstablishmentFactory(siret=siret, company__siren=siret[:9])
    out = io.StringIO()
    path = write(others(TWO, THREE))
    call_command("load_register", "cci", path, "--allow-few-rows", "--allow-drop", stdout=out, no_color=True)
    assert f"Clients qui perdraient le droit de commander\u00a0: 2 (par exemple {TWO}, {THREE})" in out.getvalue()
