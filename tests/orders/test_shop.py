"""The order page: the offer, the quantity, or why not now and from when."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from eligibility.models import RegisterEntry, RegisterLoad
from orders import availability
from orders.availability import State
from orders.models import Order, Price, Stock
from tests.factories import EstablishmentFactory, OrderFactory
from tests.orders.conftest import draft_of, text_of

URL = "/commander/"


@pytest.mark.parametrize(
    ("lots", "error"),
    [
        ("", "Indiquez un nombre entier de lots."),
        (None, "Indiquez un nombre entier de lots."),
        ("0", "Indiquez un nombre entier de lots."),
        ("-1", "Indiquez un nombre entier de lots."),
        ("２", "Indiquez un nombre entier de lots."),
        ("1.5", "Indiquez un nombre entier de lots."),
        ("1,5", "Indiquez un nombre entier de lots."),
        ("3 lots", "Indiquez un nombre entier de lots."),
        ("9" * 10_000, "Indiquez un nombre entier de lots."),
        ("4", "Vous pouvez commander 3\u00a0lots au maximum."),
        ("1000000000", "Vous pouvez commander 3\u00a0lots au maximum."),
    ],
)
def test_a_tampered_quantity_is_refused_with_a_sentence(browser, lots, error):
    page = browser.post(URL, {"lots": lots} if lots is not None else {})
    assert page.status_code == 200
    assert page.context["form"].errors["lots"] == [error]
    assert not Order.objects.exists()


def test_the_other_offer_cannot_be_posted_by_hand(browser):
    browser.post(URL, {"lots": "1", "offer": "TPE", "lot_size": "6"})
    assert Order.objects.get().lot_size == 40


def test_both_offers_are_shown_the_other_one_with_its_reason(browser):
    page = text_of(browser.get(URL))
    assert "Lot de 40\u00a0masques" in page
    assert "Réservé aux entreprises de moins de 10\u00a0salariés." in page
    assert 'max="3"' in page
    RegisterEntry.objects.update(headcount=5)
    page = text_of(browser.get(URL))
    assert "jusqu’à <strong>2\u00a0lots de 6\u00a0masques</strong>" in page
    assert "Réservé aux entreprises de 10 à 49\u00a0salariés." in page


def test_less_in_stock_than_allowed_is_said(browser):
    Stock.objects.filter(lot_size=40).update(available=2)
    assert 'max="2"' in text_of(browser.get(URL))
    page = browser.post(URL, {"lots": "3"})
    assert page.context["form"].errors["lots"] == [
        "Le stock ne permet plus cette quantité\u00a0: 2\u00a0lots disponibles."
    ]


def test_without_javascript_the_total_is_that_of_the_quantity_in_the_field(browser):
    page = browser.get(URL)
    assert page.context["form"]["lots"].value() == page.context["total"].lots == 3
    assert "292,76\u00a0€" in text_of(page)
    assert "<p data-no-total hidden>" in text_of(page)
    assert "<div data-total>" in text_of(page)


@pytest.mark.parametrize("lots", ["vingt", "9", "0", "", "２"])
def test_no_total_stands_beside_a_quantity_that_cannot_be_had(browser, lots):
    page = browser.post(URL, {"lots": lots})
    assert page.context["form"]["lots"].value() == lots
    assert page.context["total"] is None
    assert "<p data-no-total>Indiquez de 1 à 3\u00a0lots pour voir le total.</p>" in text_of(page)
    assert "<div data-total hidden>" in text_of(page)


def test_a_second_tab_continues_the_draft(browser, user):
    order = draft_of(user, lots=1)
    page = text_of(browser.get(URL))
    assert f"Vous avez une demande en cours ({order.reference})." in page
    browser.post(URL, {"lots": "2"})
    assert Order.objects.get().lots == 2


def test_while_the_own_order_is_unpaid_it_comes_first(browser, user):
    order = OrderFactory(establishment=user.establishment)
    page = text_of(browser.get(URL))
    assert f"La commande {order.reference} attend votre règlement jusqu’au" in page
    assert order.get_absolute_url() in page
    assert browser.post(URL, {"lots": "1"}).status_code == 200
    assert Order.objects.count() == 1


def test_in_the_silent_grace_it_says_what_still_counts(user):
    order = OrderFactory(establishment=user.establishment)
    assert availability.of(user.establishment, at=order.due_at - timedelta(seconds=1)).state is State.UNPAID
    assert availability.of(user.establishment, at=order.due_at).state is State.GRACE


def test_while_the_period_runs_the_next_date_stands_in_place_of_the_form(browser, user):
    OrderFactory(establishment=user.establishment, paid=True)
    page = text_of(browser.get(URL))
    assert "Vous avez commandé le" in page
    assert 'name="lots"' not in page


def test_an_order_of_another_site_shows_its_dates_and_nothing_else(browser, user):
    other = OrderFactory(establishment=EstablishmentFactory(company=user.establishment.company), paid=True)
    page = text_of(browser.get(URL))
    assert "pour un autre établissement de votre entreprise" in page
    for secret in (other.reference, other.establishment.siret, other.email, other.contact_name):
        assert secret not in page.replace(user.get_full_name(), "")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda: RegisterEntry.objects.update(headcount=50), "moins de 50"),
        (lambda: RegisterEntry.objects.update(is_open=False), "Cet établissement est fermé."),
        (lambda: RegisterEntry.objects.update(opt_in=False), "Nous ne reconnaissons pas ce SIRET."),
        (lambda: RegisterLoad.objects.update(is_active=False), "momentanément indisponible"),
        (lambda: Stock.objects.update(available=0), "Le stock est épuisé pour le moment."),
        (lambda: Price.objects.all().delete(), "Aucun tarif n’est en vigueur"),
    ],
)
def test_every_reason_not_to_sell_has_its_sentence(browser, change, sentence):
    change()
    page = browser.get(URL)
    assert sentence in text_of(page)
    assert 'name="lots"' not in text_of(page)


@pytest.mark.parametrize("state", ["paused", "closed", "announced"])
def test_while_the_programme_takes_no_orders_there_is_no_form(browser, settings, state):
    settings.PROGRAMME_STATE = state
    assert 'name="lots"' not in text_of(browser.get(URL))


def test_availability_counts_every_live_order_of_the_company(user):
    now = timezone.now()
    establishment = user.establishment
    assert availability.of(establishment, at=now).state is State.OPEN

    OrderFactory(establishment=establishment, expired=True)
    OrderFactory(establishment=establishment, refunded=True)
    old = OrderFactory(establishment=establishment, paid=True, ordered_at=now - timedelta(days=14))
    assert availability.of(establishment, at=now).can_order
    old.delete()

    other = OrderFactory(
        establishment=EstablishmentFactory(company=establishment.company),
        paid=True,
        ordered_at=now - timedelta(days=13),
    )
    current = availability.of(establishment, at=now)
    assert (current.state, current.is_own, current.next_order_on) == (State.PERIOD, False, other.next_order_on)


def test_the_page_costs_few_queries(browser, user, django_assert_max_num_queries):
    with django_assert_max_num_queries(7):
        browser.get(URL)
    # session, user, orders of the company, verdict (2), stock, draft, savepoint, insert, release
    with django_assert_max_num_queries(11):
        browser.post(URL, {"lots": "3"})
    assert reverse("orders:shop") == URL
