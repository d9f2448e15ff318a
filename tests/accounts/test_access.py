"""Who may open which door."""

from collections.abc import Iterator

import pytest
from django.contrib import admin
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django import DjangoAssertNumQueries

from accounts.access import customer_required
from tests.factories import UserFactory

from .conftest import read

pytestmark = pytest.mark.django_db

# Doors without a lock, by URL name. Everything else asks who is there; a new page is closed unless it is added here.
OPEN = {
    "home", "robots", "favicon", "healthz", "readyz", "metrics", "captcha:challenge",
    "accounts:signup", "accounts:signup_account", "accounts:signup_admitted",
    "account_login", "account_logout", "account_signup", "account_inactive", "account_email_verification_sent",
    "account_reset_password", "account_reset_password_done", "account_reset_password_from_key", "mfa_authenticate",
    "gestion/login/",  # leads to account_login
    "orders:product", "orders:leaflet", "orders:prices",
    "shipping:search", "shipping:track",
    "eligibility:case_new", "eligibility:case_sent", "eligibility:case",
    "billing:stripe_webhook",
    "pages:help", "pages:legal", "pages:terms", "pages:privacy", "pages:accessibility", "pages:sitemap",
}  # fmt: skip


def doors(patterns: list[URLPattern | URLResolver], namespace: str = "") -> Iterator[tuple[str, object]]:
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            yield f"{namespace}{pattern.name or pattern.pattern}", pattern.callback
        elif pattern.app_name != "admin":
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from doors(pattern.url_patterns, inner)


def test_every_door_is_closed_unless_listed() -> None:
    found = list(doors(get_resolver().url_patterns))
    assert len(found) > 50
    is_open = {name for name, view in found if not getattr(view, "login_required", True)}
    assert is_open <= OPEN
    assert OPEN - {name for name, _view in found} <= {"robots"}, "listed, but no such door"


def test_the_desk_is_for_staff_only() -> None:
    client = Client()
    client.force_login(UserFactory())
    for name in ("index", "accounts_user_changelist"):
        path = "/gestion/" if name == "index" else "/gestion/accounts/user/"
        assert client.get(path).status_code == 302
    assert admin.site.login is not None


def test_a_member_of_staff_is_told_that_customer_pages_are_not_his() -> None:
    client = Client()
    client.force_login(UserFactory(staff=True, is_superuser=True))
    response = client.get("/mes-informations/", follow=True)
    assert response.redirect_chain == [("/gestion/", 302)]
    assert "votre compte de gestion n’a pas d’établissement" in read(response)


def test_a_user_without_establishment_is_asked_for_a_siret() -> None:
    client = Client()
    client.force_login(UserFactory(establishment=None))
    response = client.get("/mon-espace/", follow=True)
    assert response.redirect_chain == [("/inscription/", 302)]
    page = read(response)
    assert "Votre compte n’est rattaché à aucun établissement : indiquez d’abord votre SIRET." in page
    assert "Rattacher mon établissement" in page


def test_a_customer_does_not_sign_up_again() -> None:
    client = Client()
    client.force_login(UserFactory())
    assert client.get("/inscription/").headers["Location"] == "/mon-espace/"
    assert client.get("/inscription/compte/").headers["Location"] == "/inscription/"


def test_the_establishment_costs_no_query_of_its_own(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    client = Client()
    client.force_login(UserFactory())
    with django_assert_num_queries(2):  # session; user with establishment and company
        assert client.get("/communes/35600/").status_code == 200


def test_a_visitor_costs_no_query_at_all(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0):
        assert Client().get("/inscription/").status_code == 200


def test_the_decorator_sends_a_stranger_to_sign_in() -> None:
    request = RequestFactory().get("/mon-espace/")
    request.user = type("Nobody", (), {"is_authenticated": False})()  # type: ignore[assignment]
    response = customer_required(lambda request: None)(request)  # type: ignore[arg-type, return-value]
    assert response.headers["Location"] == "/connexion/?next=/mon-espace/"
