"""A customer's company vanishes, closes or grows in the registers: what was ordered stays, the next order is judged."""

from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts.models import Establishment, User
from eligibility.check import check
from eligibility.models import RegisterEntry, SireneEstablishment, SireneUnit
from eligibility.verdict import Reason
from orders import checkout
from orders.errors import OrderError
from orders.models import Order, Stock
from tests.eligibility.conftest import HEADER, put_into_service, put_sirene_into_service, register_row, sirets
from tests.eligibility.sirene_files import establishment, unit, written
from tests.factories import AdmissionFactory, RegisterFactory
from tests.journeys import order_of
from tests.orders.conftest import draft_of, shown, text_of


@pytest.fixture
def vanish(user: User, tmp_path: Path) -> Callable[[], None]:
    """Load a whole new CCI file in which the customer does not stand."""

    def load() -> None:
        path = tmp_path / "cci.csv"
        path.write_text("\n".join((HEADER, *(register_row(siret) for siret in sirets(3)), "")), "utf-8")
        assert put_into_service(path).diff.removed == 1

    return load


@pytest.fixture
def told_by_sirene(user: User, tmp_path: Path) -> Callable[..., None]:
    """Load both stocks of Sirene with this customer's company in them."""

    def load(*, site: str = "A", firm: str = "A", headcount: str = "12") -> None:
        siret = user.establishment.siret
        row = establishment(siret, etatAdministratif=site)
        put_sirene_into_service(written(tmp_path, "etablissements", [row]))
        company = unit(siret[:9], etatAdministratif=firm, trancheEffectifs=headcount)
        put_sirene_into_service(written(tmp_path, "unites_legales", [company], "unites.csv"), "unites_legales")

    return load


def test_a_company_that_vanishes_keeps_its_account_and_its_order(
    user: User, browser: Client, vanish: Callable[[], None]
) -> None:
    order = order_of(user, at=timezone.now())
    vanish()
    assert check(user.establishment.siret, at=timezone.now()).reason is Reason.UNKNOWN
    assert Establishment.objects.get(account=user) == user.establishment
    page = text_of(browser.get("/mon-espace/"))
    assert order.reference in page
    order.mark_paid(at=timezone.now())
    assert Order.objects.get().status == "paid"


def test_a_company_that_vanishes_is_judged_again_at_its_next_order(
    user: User, browser: Client, vanish: Callable[[], None]
) -> None:
    order = draft_of(user)
    vanish()
    assert "Nous ne reconnaissons pas ce SIRET." in text_of(browser.get("/commander/"))
    with pytest.raises(OrderError, match="Nous ne reconnaissons pas ce SIRET"):
        checkout.confirm(order, by=user, at=timezone.now(), shown=shown(order))
    order.refresh_from_db()
    assert order.is_draft


def test_a_company_that_comes_back_goes_on_with_its_draft(
    user: User, vanish: Callable[[], None], tmp_path: Path
) -> None:
    order = draft_of(user)
    vanish()
    path = tmp_path / "retour.csv"
    row = register_row(user.establishment.siret, effectif="49", tranche="12")
    path.write_text("\n".join((HEADER, row, "")), "utf-8")
    put_into_service(path)
    checkout.confirm(order, by=user, at=timezone.now(), shown=shown(order))
    assert order.status == "awaiting_payment"


@pytest.mark.parametrize("closing", [{"site": "F"}, {"firm": "C"}], ids=["establishment", "unit"])
def test_sirene_may_close_a_company_between_its_draft_and_its_confirmation(
    user: User, told_by_sirene: Callable[..., None], closing: dict[str, str]
) -> None:
    told_by_sirene()
    order = draft_of(user)
    said = shown(order)
    told_by_sirene(**closing)
    assert RegisterEntry.objects.get(siret=user.establishment.siret).is_open
    with pytest.raises(OrderError, match="Cet établissement est fermé"):
        checkout.confirm(order, by=user, at=timezone.now(), shown=said)
    order.refresh_from_db()
    assert order.is_draft
    assert Stock.objects.get(lot_size=40).available == 175_000


def test_an_order_confirmed_before_the_closing_stays_payable(user: User, told_by_sirene: Callable[..., None]) -> None:
    order = order_of(user, at=timezone.now())
    told_by_sirene(site="F", firm="C")
    order.mark_paid(at=timezone.now())
    assert Order.objects.get().status == "paid"


def test_a_company_may_grow_to_fifty_in_sirene_where_its_chamber_tells_no_headcount(
    user: User, told_by_sirene: Callable[..., None]
) -> None:
    RegisterEntry.objects.filter(siret=user.establishment.siret).update(headcount=None, headcount_code="")
    told_by_sirene()
    order = draft_of(user)
    said = shown(order)
    told_by_sirene(headcount="21")
    with pytest.raises(OrderError, match="moins de 50\u00a0salariés"):
        checkout.confirm(order, by=user, at=timezone.now(), shown=said)


def test_staff_read_on_the_order_that_registers_disagreed_about_the_headcount(user: User) -> None:
    """EL10"""
    siret = user.establishment.siret
    RegisterFactory(code="CMA")
    RegisterEntry.objects.create(siret=siret, register="CMA", headcount=9, opt_in=True, is_open=True)
    order = order_of(user, at=timezone.now())
    assert order.events.get().note == (
        "Les registres ne donnent pas le même effectif\u00a0: le plus grand est retenu (49\u00a0salariés)."
    )


def test_where_registers_agree_or_support_has_settled_it_there_is_no_such_note(user: User) -> None:
    assert order_of(user, at=timezone.now()).events.get().note == ""
    siret = user.establishment.siret
    RegisterEntry.objects.create(siret=siret, register="CMA", headcount=9, opt_in=True, is_open=True)
    AdmissionFactory(siret=siret, headcount=12, network=RegisterFactory(code="CMA"))
    assert not check(siret, at=timezone.now()).headcounts_differ


def test_an_admission_survives_the_load_that_lacks_its_siret_but_not_the_closing(
    user: User, vanish: Callable[[], None], told_by_sirene: Callable[..., None]
) -> None:
    """EL21"""
    siret = user.establishment.siret
    AdmissionFactory(siret=siret, headcount=49, network=RegisterFactory(code="CCI"))
    vanish()
    assert check(siret, at=timezone.now()).is_eligible
    order = draft_of(user)
    told_by_sirene(site="F")
    with pytest.raises(OrderError, match="fermé"):
        checkout.confirm(order, by=user, at=timezone.now(), shown=shown(order))
    assert SireneEstablishment.objects.get().street == ""
    assert SireneUnit.objects.get().legal_name == "ATELIER DES ARTS"


@pytest.mark.parametrize(
    ("stock", "change", "lost"),
    [
        ("etablissements", {"etatAdministratif": "F"}, 1),
        ("etablissements", {"libelleVoie": "DES METIERS"}, 0),
        ("unites_legales", {"etatAdministratif": "C"}, 1),
        ("unites_legales", {"trancheEffectifs": "21"}, 0),  # its chamber tells 49
    ],
)
def test_a_dry_run_tells_how_many_customers_a_stock_of_sirene_would_stop(
    user: User, told_by_sirene: Callable[..., None], tmp_path: Path, stock: str, change: dict[str, str], lost: int
) -> None:
    told_by_sirene()
    siret = user.establishment.siret
    row = establishment(siret, **change) if stock == "etablissements" else unit(siret[:9], **change)
    out = StringIO()
    call_command("load_sirene", stock, str(written(tmp_path, stock, [row], "neuf.csv")), "--allow-few-rows", stdout=out)
    told = out.getvalue().partition("perdraient le droit de commander\u00a0: ")[2]
    assert told.startswith(f"1 (par exemple {siret})" if lost else "0\n")
    assert check(siret, at=timezone.now()).is_eligible
