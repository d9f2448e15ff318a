"""What goes along with every page: a strict content policy, cookies, a name, and that nobody keeps what is private."""

import io
import re
from typing import Any

import pytest
from django.conf import settings as shop_settings
from django.test import Client
from django.urls import reverse

from tests.factories import PASSWORD, UserFactory
from tests.masques import tour
from tests.masques.production import environment, names_of, read_settings

pytestmark = pytest.mark.django_db

everybody = pytest.mark.parametrize("who", [who.__name__ for who in tour.EVERYBODY])
signed_in = pytest.mark.parametrize("who", [who.__name__ for who in (*tour.PRIVATE, tour.staff)])
LOADS = re.compile(
    r"""<(?:script|img|iframe|embed|source|video|audio|track|input|use|image)\b[^>]*?\s(?:src|href|poster)=["']([^"']*)"""
    r"""|<link\b[^>]*?\shref=["']([^"']*)|\ssrcset=["']([^"']*)|<form\b[^>]*?\saction=["']([^"']*)"""
    r"""|\sformaction=["']([^"']*)|<object\b[^>]*?\sdata=["']([^"']*)"""
)
# The only other houses a link may lead to: authorities named by law, and the carrier's own page.
LINKED = {"www.cnil.fr", "www.defenseurdesdroits.fr", "www.laposte.fr"}


def directives(policy: str) -> dict[str, set[str]]:
    """script-src → its sources."""
    parts = (part.split() for part in policy.split(";") if part.strip())
    return {name: set(sources) for name, *sources in parts}


@everybody
def test_every_page_is_drawn_and_states_the_strict_policy(walks, who, settings):
    for name, response in walks[who].items():
        assert response.status_code == 200, name
        policy = directives(response["Content-Security-Policy"])
        assert policy["default-src"] == {"'none'"}, name
        assert policy["script-src"] == policy["style-src"] == policy["font-src"] == {"'self'"}, name
        assert policy["form-action"] == {"'self'", settings.STRIPE_CHECKOUT_ORIGIN}, name
        assert policy["frame-ancestors"] == policy["base-uri"] == {"'none'"}, name
        assert "unsafe" not in response["Content-Security-Policy"], name
        assert "Content-Security-Policy-Report-Only" not in response, name


@everybody
def test_no_page_holds_anything_that_the_policy_would_stop(walks, who):
    for name, response in walks[who].items():
        html = response.content.decode()
        assert not re.search(r"<style\b|<[a-z][^>]*\sstyle=|<[a-z][^>]*\son[a-z]+=|javascript:", html), name
        assert not re.search(r"<script(?![^>]*\s(?:src=|type=\"application/json\"))", html), name


@everybody
def test_no_page_asks_anything_of_a_third_party(walks, who):
    for name, response in walks[who].items():
        html = response.content.decode()
        for found in LOADS.findall(html):
            address = next(filter(None, found), "")
            assert re.match(r"$|[#?]|/(?!/)|data:image/", address), (name, address)
        hosts = set(re.findall(r'href="https?://([^/"]+)', html))
        assert hosts <= LINKED, name


@everybody
def test_the_usual_doors_are_shut_and_every_answer_has_a_name(walks, who):
    names = set()
    for name, response in walks[who].items():
        assert response["X-Content-Type-Options"] == "nosniff", name
        assert response["X-Frame-Options"] == "DENY", name
        assert response["Referrer-Policy"] == "same-origin", name
        assert response["Cross-Origin-Opener-Policy"] == "same-origin", name
        assert re.fullmatch(r"[0-9a-f]{8}", response["X-Request-Id"]), name
        names.add(response["X-Request-Id"])
    assert len(names) == len(walks[who])


@signed_in
def test_nobody_keeps_a_page_drawn_for_somebody(walks, who):
    for name, response in walks[who].items():
        kept = {part.strip() for part in response["Cache-Control"].split(",")}
        assert {"private", "no-store"} <= kept, name


def test_an_answer_about_a_siret_is_kept_by_nobody(client, listed):
    siret = listed()
    client.post("/", {"siret": siret})
    assert "no-store" in client.get("/inscription/compte/")["Cache-Control"]
    assert "no-store" in client.post("/", {"siret": siret})["Cache-Control"]


def test_a_public_file_may_be_kept(client, monkeypatch):
    monkeypatch.setattr("orders.leaflet.open_pdf", lambda: io.BytesIO(b"%PDF"))
    assert "public" in client.get(reverse("orders:leaflet"))["Cache-Control"]


def test_the_leaflet_stays_public_for_a_customer(monkeypatch):
    monkeypatch.setattr("orders.leaflet.open_pdf", lambda: io.BytesIO(b"%PDF"))
    client = tour.sign_in(UserFactory())
    assert "no-store" not in client.get(reverse("orders:leaflet"))["Cache-Control"]


# --- the desk


def test_the_desk_has_a_policy_of_its_own_and_no_third_party_either(client):
    client.force_login(UserFactory(staff=True, is_superuser=True))
    for path in ("/gestion/", "/gestion/orders/order/", "/gestion/accounts/user/add/"):
        response = client.get(path)
        policy = directives(response["Content-Security-Policy"])
        assert response["Content-Security-Policy"] == shop_settings.DESK_CONTENT_SECURITY_POLICY
        assert policy["default-src"] == policy["form-action"] == {"'self'"}
        assert policy["frame-ancestors"] == {"'none'"}
        assert not re.search(r"https?:|\*", response["Content-Security-Policy"])
        assert "no-store" in response["Cache-Control"]
        for found in LOADS.findall(response.content.decode()):
            address = next(filter(None, found), "")
            assert not address.startswith(("http", "//")), address


def test_nothing_but_the_desk_has_the_desks_policy(client):
    for path in ("/gestion", "/gestionnaire/", "/aide/gestion/"):
        assert "unsafe" not in client.get(path)["Content-Security-Policy"], path


# --- cookies


def cookies_of_a_sign_in() -> dict[str, Any]:
    client = Client()
    client.get("/connexion/")
    user = UserFactory()
    client.post("/connexion/", {"login": user.username, "password": PASSWORD})
    return dict(client.cookies.items())


def test_cookies_are_read_by_nobody_else():
    jar = cookies_of_a_sign_in()
    session, csrf = jar[shop_settings.SESSION_COOKIE_NAME], jar[shop_settings.CSRF_COOKIE_NAME]
    assert session["httponly"]
    assert session["samesite"] == csrf["samesite"] == "Lax"
    assert not session["domain"]
    assert not session["secure"]  # the tests' shop speaks http
    assert {name for name in jar if name not in (session.key, csrf.key)} <= {"messages"}


def test_a_visitor_who_only_looks_gets_no_session(client):
    for path in ("/", "/produit/", "/tarifs/", "/aide/", "/cgv/", "/suivi/"):
        client.get(path)
    assert shop_settings.SESSION_COOKIE_NAME not in client.cookies


def test_staying_signed_in_is_a_choice(client):
    user = UserFactory()
    data = {"login": user.username, "password": PASSWORD}
    client.post("/connexion/", data)
    assert not client.cookies[shop_settings.SESSION_COOKIE_NAME]["max-age"]
    other = Client()
    other.post("/connexion/", data | {"remember": "on"})
    assert other.cookies[shop_settings.SESSION_COOKIE_NAME]["max-age"] == shop_settings.SESSION_COOKIE_AGE


# --- https


@pytest.fixture
def secure(tmp_path, monkeypatch, settings):
    """The shop behind https, as SITE_URL alone makes it."""
    module = read_settings(environment(tmp_path, TRUSTED_PROXY_COUNT="1"), monkeypatch)
    for name in names_of(module):
        if name.startswith(("SECURE_", "SESSION_COOKIE_", "CSRF_COOKIE_", "CSRF_TRUSTED")) or name in (
            "ALLOWED_HOSTS", "TRUSTED_PROXY_COUNT", "SITE_URL",
        ):  # fmt: skip
            setattr(settings, name, getattr(module, name))
    return {"HTTP_HOST": "masques.example.fr", "HTTP_X_FORWARDED_PROTO": "https"}


def test_with_https_every_cookie_is_secure_and_browsers_remember_it(secure):
    client = Client(**secure)
    page = client.get("/connexion/")
    assert page["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"
    user = UserFactory()
    client.post("/connexion/", {"login": user.username, "password": PASSWORD}, HTTP_ORIGIN="https://masques.example.fr")
    assert {shop_settings.SESSION_COOKIE_NAME, shop_settings.CSRF_COOKIE_NAME} <= set(client.cookies)
    for name, cookie in client.cookies.items():
        assert cookie["secure"], name


def test_http_is_led_to_https_but_the_load_balancer_is_answered(secure):
    client = Client(HTTP_HOST="masques.example.fr")
    answer = client.get("/aide/?a=1")
    assert (answer.status_code, answer["Location"]) == (301, "https://masques.example.fr/aide/?a=1")
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 503  # no heartbeat; but an answer


def test_who_stands_behind_no_proxy_does_not_believe_what_a_visitor_says(tmp_path, monkeypatch):
    assert read_settings(environment(tmp_path), monkeypatch).SECURE_PROXY_SSL_HEADER is None


def test_a_shop_on_http_sends_no_hsts(client):
    assert "Strict-Transport-Security" not in client.get("/aide/")
