"""A form that could not be taken: the session had ended, or somebody had signed in again in another tab."""

import re
import time

import pytest
from django.contrib.sessions.models import Session
from django.core import signing
from django.test import Client
from django.urls import reverse

from accounts import kept
from orders.models import Order
from tests.factories import PASSWORD
from tests.journeys import customer
from tests.orders.conftest import DELIVERY, draft_of, text_of

pytestmark = pytest.mark.django_db

TYPED = DELIVERY | {"contact_name": "Zoé Typée", "street_name": "QUAI DES SAISIES"}


@pytest.fixture
def user():
    return customer(headcount=49)


@pytest.fixture
def order(user) -> Order:
    return draft_of(user, lots=1, street_name="RUE D’AVANT", sms_wanted=True)


@pytest.fixture
def browser(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def sign_in(browser: Client, user, path: str):
    return browser.post("/connexion/", {"login": user.username, "password": PASSWORD, "next": path}, follow=True)


def values(page) -> dict[str, str]:
    """What stands in the form's fields."""
    return {bound.name: bound.value() for bound in page.context["form"]}


@pytest.mark.parametrize("step", ["delivery", "interrupt"])
def test_a_delivery_sent_after_the_session_ended_comes_back_filled_in(browser, user, order, step):
    Session.objects.all().delete()
    without_sms = {name: value for name, value in TYPED.items() if name != "sms_wanted"}
    path = reverse("orders:delivery", args=[order.reference])
    response = browser.post(reverse(f"orders:{step}", args=[order.reference]), without_sms)
    assert response.headers["Location"] == f"/connexion/?next={path}"
    assert kept.IS_KEPT in text_of(browser.get(response.headers["Location"]))

    page = sign_in(browser, user, path)
    assert kept.SHOWN_AGAIN in text_of(page)
    shown = values(page)
    assert (shown["contact_name"], shown["street_name"], shown["sms_wanted"]) == (
        "Zoé Typée",
        "QUAI DES SAISIES",
        False,
    )
    order.refresh_from_db()
    assert order.street_name == "RUE D’AVANT", "shown again, not carried out"

    again = browser.get(path)
    assert values(again)["street_name"] == "RUE D’AVANT", "shown once"
    assert kept.SHOWN_AGAIN not in text_of(again)


@pytest.mark.parametrize(
    ("path", "typed"),
    [
        ("/commander/", {"lots": "2"}),
        ("/mes-informations/?etape=inscription", {"last_name": "Typée", "postal_code": "35000"}),
        ("/mon-entreprise/", {"street_name": "QUAI DES SAISIES", "usual_purchase_order": "BC-1"}),
    ],
)
def test_other_forms_of_a_customer_come_back_too(browser, user, path, typed):
    Session.objects.all().delete()
    browser.post(path, typed)
    page = sign_in(browser, user, path)
    assert page.request["PATH_INFO"] == path.partition("?")[0]
    assert typed.items() <= values(page).items()


def test_a_form_that_is_not_kept_says_that_nothing_was_sent(browser):
    Session.objects.all().delete()
    response = browser.post("/mot-de-passe/modifier/", {"oldpassword": PASSWORD, "password1": "Autre-Mot2"})
    assert kept.COOKIE not in response.cookies
    assert kept.IS_NOT_KEPT in text_of(browser.get(response.headers["Location"]))


def test_more_than_a_cookie_holds_is_not_kept(browser, order):
    Session.objects.all().delete()
    noise = "".join(chr(0x4E00 + number * 37 % 20_000) for number in range(3_000))
    response = browser.post(reverse("orders:delivery", args=[order.reference]), TYPED | {"city": noise})
    assert kept.COOKIE not in response.cookies
    assert kept.IS_NOT_KEPT in text_of(browser.get(response.headers["Location"]))


def test_a_page_never_opened_asks_for_no_form(client):
    response = client.get("/mon-espace/")
    assert kept.SESSION_ENDED not in text_of(client.get(response.headers["Location"]))


def test_what_is_kept_is_forgotten_after_a_quarter_of_an_hour(browser, user, order, monkeypatch):
    Session.objects.all().delete()
    path = reverse("orders:delivery", args=[order.reference])
    browser.post(path, TYPED)
    assert browser.cookies[kept.COOKIE]["max-age"] == 15 * 60
    now = time.time()
    monkeypatch.setattr(signing.time, "time", lambda: now + 16 * 60)
    assert values(sign_in(browser, user, path))["street_name"] == "RUE D’AVANT"


def test_what_was_kept_for_one_page_fills_no_other(browser, user, order):
    other = customer(headcount=49)
    Session.objects.all().delete()
    browser.post(reverse("orders:delivery", args=[order.reference]), TYPED)
    cookie = browser.cookies[kept.COOKIE].value
    theirs = draft_of(other, street_name="RUE D’AUTRUI")
    stranger = Client()
    stranger.force_login(other)
    stranger.cookies[kept.COOKIE] = cookie
    page = stranger.get(reverse("orders:delivery", args=[theirs.reference]))
    assert values(page)["street_name"] == "RUE D’AUTRUI"


class TestSignedInAgainElsewhere:
    """The first tab's form holds a token of before."""

    @pytest.fixture
    def browser(self, user) -> Client:
        client = Client(enforce_csrf_checks=True)
        client.force_login(user)
        return client

    def token(self, browser: Client, path: str) -> str:
        return re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', browser.get(path).content.decode()).group(1)

    def sign_in_anew(self, browser: Client, user) -> None:
        Session.objects.all().delete()
        data = {"login": user.username, "password": PASSWORD}
        browser.post("/connexion/", data | {"csrfmiddlewaretoken": self.token(browser, "/connexion/")})

    @pytest.mark.parametrize("is_signed_in", [True, False])
    def test_the_page_comes_back_filled_in(self, browser, user, order, is_signed_in):
        path = reverse("orders:delivery", args=[order.reference])
        old = self.token(browser, path)
        self.sign_in_anew(browser, user)
        if not is_signed_in:
            Session.objects.all().delete()
        typed = TYPED | {"csrfmiddlewaretoken": old}
        response = browser.post(path, typed, headers={"Origin": "http://testserver"})
        assert response.headers["Location"] == path
        if not is_signed_in:
            self.sign_in_anew(browser, user)
        page = browser.get(path)
        assert values(page)["street_name"] == "QUAI DES SAISIES"
        assert kept.SHOWN_AGAIN in text_of(page)
        order.refresh_from_db()
        assert order.street_name == "RUE D’AVANT"

    @pytest.mark.parametrize("origin", [{}, {"Origin": "https://evil.example"}, {"Origin": "null"}])
    def test_a_foreign_page_fills_in_nothing(self, browser, user, order, origin):
        path = reverse("orders:delivery", args=[order.reference])
        response = browser.post(path, TYPED | {"csrfmiddlewaretoken": "x" * 64}, headers=origin)
        assert response.status_code == 403
        assert kept.COOKIE not in response.cookies
        assert "«\u00a0Précédent\u00a0»" in text_of(response)
