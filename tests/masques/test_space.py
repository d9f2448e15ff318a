"""My space: what needs doing first, then the order, the next date, the invoices; nothing of another site."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Establishment, User
from billing.models import Invoice
from eligibility.check import check
from eligibility.models import RegisterEntry
from orders import checkout
from orders.models import Order, Stock
from shipping import preparation
from shipping.models import Shipment
from tests.factories import EstablishmentFactory, OrderFactory, UserFactory
from tests.journeys import customer, order_of, register
from tests.shipping.conftest import pay

PARIS = ZoneInfo("Europe/Paris")
NOON = datetime(2026, 11, 3, 12, tzinfo=PARIS)
QUERIES = 12


@pytest.fixture
def user(db) -> User:
    """A company of 49 employees: three lots of 40."""
    return customer(headcount=49)


@pytest.fixture
def site(user: User) -> Establishment:
    return user.establishment


@pytest.fixture
def browser(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


@pytest.fixture
def set_clock(monkeypatch):
    """Stop the page's clock."""

    def at(moment: datetime) -> None:
        monkeypatch.setattr("masques.space.timezone.now", lambda: moment)

    return at


def read(client: Client, path: str = "/mon-espace/") -> str:
    """The page's main part as read, in one line, its no-break spaces made plain."""
    response = client.get(path)
    assert response.status_code == 200
    main = response.content.decode().partition("<main")[2].partition("</main>")[0]
    return " ".join(main.replace("&nbsp;", " ").split())


def block(page: str, name: str) -> str:
    """One section of the page, by the id of its heading."""
    return (
        page.partition(f'<section class="stack" aria-labelledby="{name}"')[2].partition("</section>")[0]
        or (page.partition(f'<section class="card stack" aria-labelledby="{name}"')[2].partition("</section>")[0])
    )


def ship(order: Order, status: str) -> Shipment:
    preparation.open_missing()
    shipment = order.shipments.get()
    now = timezone.now()
    Shipment.objects.filter(pk=shipment.pk).update(
        status=status, prepared_at=now, shipped_at=now, parcel_number="6A12345678901"
    )
    return shipment


def test_it_names_the_company_and_its_siret(browser, site):
    page = read(browser)
    assert f"{site.legal_name}, SIRET {site.siret[:3]} {site.siret[3:6]} {site.siret[6:9]} {site.siret[9:]}" in page


def test_who_has_ordered_nothing_is_invited_to(browser):
    page = read(browser)
    assert "Rien à faire pour le moment." in block(page, "todo")
    assert "Aucun dossier trouvé." in block(page, "order")
    assert "Vous n’avez pas encore commandé." in block(page, "order")
    assert 'href="/commander/"' in block(page, "order")
    assert "Vous pouvez commander jusqu’à <strong>3 lots de 40 masques</strong>." in block(page, "next")
    assert "Aucune facture en attente de règlement." in block(page, "invoices")


def test_a_draft_can_be_resumed_or_deleted(browser, user, site):
    now = timezone.now()
    draft = checkout.open_draft(site, by=user, verdict=check(site.siret, at=now), lots=2, at=now)
    order = block(read(browser), "order")
    assert "Une demande est en cours, elle n’est pas confirmée" in order
    assert f'href="/commandes/{draft.reference}/">Reprendre</a>' in order
    assert f'href="/commandes/{draft.reference}/annuler/">Supprimer</a>' in order


def test_an_unpaid_order_comes_first_with_its_last_day(browser, user, set_clock):
    order = order_of(user, lots=3, at=NOON)
    set_clock(NOON + timedelta(hours=1))
    page = read(browser)
    todo = block(page, "todo")
    assert f'Commande <a href="/commandes/{order.reference}/">{order.reference}</a> : ' in todo
    assert "<strong>292,76 € TTC</strong> à régler jusqu’au <strong>mardi 10 novembre 2026 inclus</strong>." in todo
    assert f'action="/commandes/{order.reference}/payer/"' in todo
    assert "Régler ma commande" in todo
    assert "Prochaine commande possible à partir du <strong>mardi 17 novembre 2026</strong>." in block(page, "next")
    assert "Rien à faire" not in page


@pytest.mark.parametrize("hour", [0, 12, 23])
def test_on_the_last_day_in_paris_it_says_so(browser, user, set_clock, hour):
    order = order_of(user, at=NOON)
    set_clock(datetime(2026, 11, 10, hour, 59, tzinfo=PARIS))
    assert f"Dernier jour pour régler la commande {order.reference}" in block(read(browser), "todo")


def test_in_the_silent_grace_nobody_is_asked_to_pay_any_more(browser, user, set_clock):
    order = order_of(user, at=NOON)
    set_clock(datetime(2026, 11, 11, 3, tzinfo=PARIS))
    page = read(browser)
    assert "/payer/" not in page
    assert "à régler jusqu’au" not in block(page, "todo")
    assert "Un paiement déjà commencé est encore pris en compte jusqu’à 7 h" in block(page, "next")
    assert order.reference in block(page, "order")


def test_a_paid_order_shows_its_way_its_invoice_and_the_next_date(browser, user):
    order = pay(order_of(user, lots=3, at=timezone.now()))
    page = read(browser)
    assert "Rien à faire pour le moment." in block(page, "todo")
    for words in ("Confirmée", "Réglée", "Préparation", "Expédition", "Livraison", "Voir la commande"):
        assert words in block(page, "order")
    assert "Prochaine commande possible à partir du" in block(page, "next")
    invoice = Invoice.objects.get(order=order)
    assert f"Facture {invoice.number} – le PDF est en cours de préparation" in block(page, "invoices")
    Invoice.objects.update(pdf_path="invoices/x.pdf")
    assert f'href="/mes-factures/{invoice.number}.pdf"' in block(read(browser), "invoices")


def test_a_parcel_at_the_post_office_is_something_to_do(browser, user):
    ship(pay(order_of(user, at=timezone.now())), "ready_for_pickup")
    todo = block(read(browser), "todo")
    assert "Votre colis vous attend au bureau de poste." in todo
    assert 'href="/suivi/6A12345678901/">Voir le suivi</a>' in todo


def test_a_parcel_on_its_way_is_nothing_to_do(browser, user):
    ship(pay(order_of(user, at=timezone.now())), "shipped")
    page = read(browser)
    assert "Rien à faire pour le moment." in block(page, "todo")
    assert "6A12345678901" in block(page, "order")


def test_of_another_sites_order_the_two_dates_are_told_and_nothing_else(client, user, site, set_clock):
    order = pay(order_of(user, lots=3, at=NOON))
    ship(order, "ready_for_pickup")
    neighbour = UserFactory(establishment=EstablishmentFactory(company=site.company))
    register(neighbour.establishment, headcount=49)
    client.force_login(neighbour)
    set_clock(NOON + timedelta(days=2))
    page = read(client)
    assert "Une commande a été passée le mardi 3 novembre 2026 pour un autre établissement de votre entreprise." in page
    assert "Prochaine commande possible à partir du <strong>mardi 17 novembre 2026</strong>." in page
    assert "Rien à faire pour le moment." in page
    secrets = (
        order.reference, site.legal_name, site.siret, "292,76", "6A12345678901", order.invoice.number, order.email,
    )  # fmt: skip
    for secret in secrets:
        assert secret not in page


def test_when_the_period_is_over_the_quantity_stands_there_again(browser, user, set_clock):
    pay(order_of(user, lots=1, at=NOON))
    set_clock(datetime(2026, 11, 17, 0, 0, tzinfo=PARIS))
    following = block(read(browser), "next")
    assert "Vous pouvez commander jusqu’à <strong>3 lots de 40 masques</strong>." in following
    assert 'href="/commander/"' in following


def test_who_is_not_recognised_any_more_reads_so_and_keeps_his_orders(browser, user, set_clock):
    order = pay(order_of(user, at=NOON))
    RegisterEntry.objects.update(opt_in=False)
    set_clock(NOON + timedelta(days=15))
    page = read(browser)
    assert "Nous ne reconnaissons pas ce SIRET. Vos commandes en cours ne changent pas." in block(page, "next")
    assert order.reference in block(page, "order")
    assert order.invoice.number in block(page, "invoices")


@pytest.mark.parametrize(
    ("state", "sentence"),
    [("paused", "Les commandes sont momentanément suspendues."), ("closed", "L’opération est terminée.")],
)
def test_while_no_order_is_taken_the_reason_stands_in_place_of_the_date(browser, settings, state, sentence):
    settings.PROGRAMME_STATE = state
    page = read(browser)
    assert sentence in block(page, "next")
    assert 'href="/commander/"' not in block(page, "order")


def test_an_empty_stock_is_said(browser):
    Stock.objects.update(available=0)
    assert "Le stock est épuisé pour le moment." in block(read(browser), "next")


def test_a_cancelled_order_leaves_the_way_free(browser, user):
    order = order_of(user, at=timezone.now())
    order.cancel(at=timezone.now(), by=user)
    page = read(browser)
    assert "Rien à faire pour le moment." in block(page, "todo")
    assert "Annulée" in block(page, "order")
    assert "Vous pouvez commander jusqu’à" in block(page, "next")


@pytest.mark.parametrize("orders", [0, 1, 9])
def test_it_costs_few_queries_however_long_the_history(browser, user, django_assert_max_num_queries, orders):
    for past in range(orders):
        older = OrderFactory(
            establishment=user.establishment, paid=True, ordered_at=timezone.now() - timedelta(days=20 * past)
        )
        ship(older, "delivered") if past else preparation.open_missing()
        Shipment.objects.filter(order=older).update(parcel_number=f"6A{past:011d}")
    with django_assert_max_num_queries(QUERIES):
        browser.get("/mon-espace/")
