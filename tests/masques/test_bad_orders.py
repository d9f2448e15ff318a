"""Orders of somebody else, quantities nobody offered, prices nobody was shown, sessions that end half-way."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from billing.models import Payment
from orders.models import Order
from tests.factories import PASSWORD, EstablishmentFactory, OrderFactory, UserFactory
from tests.journeys import customer, register
from tests.masques import tour
from tests.masques.typed import FORM
from tests.orders.conftest import DELIVERY, commitment, draft_of
from tests.shipping.conftest import pay

pytestmark = pytest.mark.django_db

ADDRESSES = (
    "orders:order", "orders:delivery", "orders:documents", "orders:summary", "orders:interrupt", "billing:cancel",
    "billing:pay", "billing:order_and_pay", "billing:return",
)  # fmt: skip


@pytest.fixture
def user() -> User:
    """A company of 49 employees: three lots of 40."""
    return customer(headcount=49)


@pytest.fixture
def browser(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


def state_of(order: Order) -> dict[str, object]:
    order.refresh_from_db()
    return {name: value for name, value in vars(order).items() if not name.startswith("_")}


# --- somebody else's


@pytest.mark.parametrize("trait", ["draft", "awaiting_payment", "paid"])
def test_a_foreign_order_does_not_exist_whatever_is_asked_of_it(browser, trait):
    order = OrderFactory(**{} if trait == "awaiting_payment" else {trait: True})
    before = state_of(order)
    for name in ADDRESSES:
        url = reverse(name, args=[order.reference])
        for response in (browser.get(url), browser.post(url, DELIVERY | {"terms": "on"})):
            assert response.status_code in (404, 405), name
            assert order.legal_name not in response.content.decode(), name
    assert state_of(order) == before
    assert not order.events.exists()
    assert not Payment.objects.exists()


def test_neither_does_an_order_of_another_site_of_the_same_company(client):
    order = OrderFactory()
    client.force_login(UserFactory(establishment=EstablishmentFactory(company=order.company)))
    for name in ADDRESSES:
        url = reverse(name, args=[order.reference])
        assert client.get(url).status_code == 404, name
        assert client.post(url).status_code in (404, 405), name


def test_a_foreign_order_reads_like_one_that_was_never_made(browser):
    foreign = OrderFactory()
    pages = [browser.get(reverse("orders:order", args=[ref])) for ref in (foreign.reference, "XXXX999")]
    assert [page.status_code for page in pages] == [404, 404]
    bodies = [page.content.decode().replace(foreign.reference, "").replace("XXXX999", "") for page in pages]
    assert bodies[0] == bodies[1]


def test_a_foreign_invoice_does_not_exist(browser):
    invoice = pay(OrderFactory()).invoice
    for number in (invoice.number, "F2026-000001", "../../etc/passwd", "%2e%2e", "é" * 100):
        assert browser.get(f"/mes-factures/{number}.pdf").status_code == 404


def test_a_payment_page_of_somebody_else_does_not_exist(browser, user):
    mine = OrderFactory(establishment=user.establishment)
    theirs = OrderFactory()
    theirs.payments.create(
        amount_incl_vat=theirs.total_incl_vat, session_expires_at=theirs.due_at, session_id="cs_theirs"
    )
    for session in ("cs_theirs", "cs_nothing", "é" * 5000):
        url = reverse("billing:return", args=[mine.reference])
        assert browser.get(f"{url}?{urlencode({'session_id': session})}").status_code == 404


def begun_payment(order: Order, session_id: str) -> None:
    expires_at = timezone.now() + timedelta(hours=1)
    order.payments.create(
        amount_incl_vat=order.total_incl_vat, session_id=session_id, session_expires_at=expires_at, status="open"
    )


# --- quantities


@pytest.mark.parametrize(
    ("lots", "words"),
    [
        ("0", "Indiquez un nombre entier de lots."),
        ("-1", "Indiquez un nombre entier de lots."),
        ("1.5", "Indiquez un nombre entier de lots."),
        ("1,5", "Indiquez un nombre entier de lots."),
        ("3 lots", "Indiquez un nombre entier de lots."),
        ("trois", "Indiquez un nombre entier de lots."),
        ("1e0", "Indiquez un nombre entier de lots."),
        ("0x1", "Indiquez un nombre entier de lots."),
        ("", "Indiquez un nombre entier de lots."),
        (None, "Indiquez un nombre entier de lots."),
        ("9" * 5000, "Indiquez un nombre entier de lots."),
        ("NaN", "Indiquez un nombre entier de lots."),
        ("½", "Indiquez un nombre entier de lots."),
        ("4", "Vous pouvez commander 3 lots au maximum."),
        ("1000000000", "Vous pouvez commander 3 lots au maximum."),
        ("99999999999999999999", "Vous pouvez commander 3 lots au maximum."),
    ],
    ids=str,
)
def test_a_quantity_nobody_offered_opens_nothing_and_changes_nothing(browser, lots, words):
    data = {} if lots is None else {"lots": lots}
    for drafts in (0, 1):
        response = browser.post("/commander/", data)
        assert response.status_code == 200
        assert words in response.content.decode().replace("\u00a0", " ").replace("&nbsp;", " ")
        assert Order.objects.count() == drafts
        if not drafts:
            assert browser.post("/commander/", {"lots": "2"}).status_code == 302
    assert Order.objects.get().lots == 2


@pytest.mark.parametrize(
    "extra", [{"lot_size": "6", "offer": "TPE"}, {"max_lots": "100"}, {"zone": "GF_YT", "price": "1"}]
)
def test_the_offer_is_the_companys_own_whatever_is_sent_along(browser, extra):
    browser.post("/commander/", {"lots": "3"} | extra)
    order = Order.objects.get()
    assert (order.offer, order.lot_size, order.lots, order.zone) == ("PME", 40, 3, "METRO")


def test_the_last_of_two_quantities_is_bounded_like_one(browser):
    browser.post("/commander/", "lots=1&lots=4", FORM)
    assert not Order.objects.exists()


# --- what the summary showed


@pytest.mark.parametrize(
    "changes",
    [
        {"shown_total": "0.01"}, {"shown_total": "-1"}, {"shown_total": "1e3"}, {"shown_total": "NaN"},
        {"shown_total": ""}, {"shown_total": "9" * 10_000}, {"shown_total": "\0"}, {"shown_total": "٢٩٢.٧٦"},
        {"shown_revision": "2020-05-12T12:00:00+00:00"}, {"shown_revision": ""}, {"shown_revision": "x" * 10_000},
        {"shown_revision": "\0"}, {"shown_terms": "2019-01-01"}, {"shown_terms": ""}, {"shown_terms": "é" * 10_000},
        {"terms": ""},
    ],
    ids=lambda changes: "{}={:.12}".format(*next(iter(changes.items()))),
)  # fmt: skip
@pytest.mark.parametrize("name", ["orders:summary", "billing:order_and_pay"])
def test_nothing_is_ordered_that_was_not_shown(browser, changes, name):
    browser.post("/commander/", {"lots": "3"})
    order = Order.objects.get()
    browser.post(reverse("orders:delivery", args=[order.reference]), DELIVERY)
    summary = browser.get(reverse("orders:summary", args=[order.reference]))
    response = browser.post(reverse(name, args=[order.reference]), commitment(summary, **changes))
    assert response.status_code == 200
    page = response.content.decode()
    assert "notice--warning" in page or 'class="errors"' in page
    order.refresh_from_db()
    assert order.is_draft
    assert not Payment.objects.exists()
    # The page that answers can be confirmed as it stands.
    response = browser.post(reverse("orders:summary", args=[order.reference]), commitment(response))
    assert response["Location"] == order.get_absolute_url()


def test_only_the_fields_of_the_form_reach_the_order(browser):
    browser.post("/commander/", {"lots": "3"})
    order = Order.objects.get()
    smuggled = {
        "status": "paid",
        "lots": "300",
        "total_incl_vat": "0",
        "reference": "AAAA000",
        "zone": "GF_YT",
        "paid_at": "x",
    }
    browser.post(reverse("orders:delivery", args=[order.reference]), DELIVERY | smuggled)
    order.refresh_from_db()
    assert (order.status, order.lots, order.zone, order.total_incl_vat) == ("draft", 3, "METRO", None)


# --- a session that ends half-way


class TestExpiredSession:
    """The session ends between two clicks; signing in again leads back, and what was saved is still there."""

    @pytest.fixture
    def browser(self, user) -> Client:
        return tour.sign_in(user)

    @pytest.fixture
    def draft(self, user) -> Order:
        return draft_of(user, lots=3, street_name="QUAI JEAN BART", building="Bât. C")

    def expire(self, browser: Client) -> None:
        Session.objects.all().delete()

    def come_back(self, browser: Client, user, response):
        """Sign in on the page that the expired session leads to; gives the page one lands on."""
        assert response.status_code == 302
        assert response["Location"].startswith("/connexion/?next=")
        page = browser.get(response["Location"])
        data = {"login": user.username, "password": PASSWORD, "next": page.context["redirect_field_value"]}
        response = browser.post("/connexion/", data, follow=True)
        assert response.status_code == 200
        return response

    @pytest.mark.parametrize(
        ("name", "method", "lands_on"),
        [
            ("orders:delivery", "get", "orders:delivery"),
            ("orders:delivery", "post", "orders:delivery"),
            ("orders:documents", "get", "orders:documents"),
            ("orders:summary", "get", "orders:summary"),
            ("orders:summary", "post", "orders:summary"),
            ("billing:order_and_pay", "post", "orders:summary"),
            ("orders:interrupt", "post", "orders:summary"),
            ("billing:cancel", "get", "billing:cancel"),
            ("billing:cancel", "post", "billing:cancel"),
            ("orders:order", "get", "orders:summary"),
        ],
    )
    def test_with_a_draft(self, browser, user, draft, name, method, lands_on):
        url = reverse(name, args=[draft.reference])
        data = DELIVERY if name == "orders:delivery" else {"terms": "on"}
        before = state_of(draft)
        self.expire(browser)
        page = self.come_back(browser, user, getattr(browser, method)(url, data if method == "post" else {}))
        assert page.request["PATH_INFO"] == reverse(lands_on, args=[draft.reference])
        assert state_of(draft) == before
        if lands_on in ("orders:delivery", "orders:summary"):
            is_typed = (name, method) == ("orders:delivery", "post")
            assert ("RUE DE BRIANGAUD" if is_typed else "QUAI JEAN BART") in page.content.decode()

    @pytest.mark.parametrize(
        ("name", "method"), [("billing:pay", "post"), ("billing:return", "get"), ("billing:cancel", "post")]
    )
    def test_with_an_order_to_pay(self, browser, user, name, method):
        order = OrderFactory(establishment=user.establishment)
        before = state_of(order)
        self.expire(browser)
        page = self.come_back(browser, user, getattr(browser, method)(reverse(name, args=[order.reference])))
        lands_on = "orders:order" if name == "billing:pay" else name
        assert page.request["PATH_INFO"] == reverse(lands_on, args=[order.reference])
        assert order.reference in page.content.decode()
        assert state_of(order) == before
        assert not Payment.objects.exists()

    def test_when_choosing_the_quantity(self, browser, user):
        self.expire(browser)
        page = self.come_back(browser, user, browser.post("/commander/", {"lots": "2"}))
        assert page.request["PATH_INFO"] == "/commander/"
        assert not Order.objects.exists()

    def test_the_return_from_the_payment_page_keeps_its_session_id(self, browser, user):
        order = OrderFactory(establishment=user.establishment)
        order.payments.create(amount_incl_vat=order.total_incl_vat, session_expires_at=order.due_at, session_id="cs_1")
        self.expire(browser)
        response = browser.get(reverse("billing:return", args=[order.reference]) + "?session_id=cs_1")
        page = self.come_back(browser, user, response)
        assert page.request["QUERY_STRING"] == "session_id=cs_1"

    def test_on_the_way_back_nobody_else_takes_over_the_order(self, browser, draft):
        """A colleague signs in where the first one was signed out."""
        other = UserFactory()
        register(other.establishment, headcount=49)
        self.expire(browser)
        response = browser.get(reverse("orders:summary", args=[draft.reference]))
        data = {"login": other.username, "password": PASSWORD, "next": f"/commandes/{draft.reference}/recapitulatif/"}
        assert browser.get(response["Location"]).status_code == 200
        assert browser.post("/connexion/", data, follow=True).status_code == 404
