"""AC16: nobody of the staff enters `/gestion/` without a second factor, through no door."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import URLPattern, URLResolver
from freezegun import freeze_time
from pytest_django import DjangoAssertNumQueries

from accounts import brake
from accounts.models import User
from tests.factories import PASSWORD, UserFactory
from tests.staff import code_of, set_up_application

from .conftest import last_code, letters, read

pytestmark = pytest.mark.django_db

SET_UP = "/identifiants/double-authentification/"
CODE = f"{SET_UP}connexion/"
CONFIRM = f"{SET_UP}confirmation/"
APPLICATION = f"{SET_UP}application/"
RECOVERY = f"{SET_UP}codes-de-secours/"


@pytest.fixture
def colleague() -> User:
    """A superuser, so that only the second factor can be what keeps a page closed."""
    return UserFactory(username="equipe", staff=True, is_superuser=True)


def sign_in(password: str = PASSWORD, login: str = "equipe", **more: str) -> Client:
    """Sign in by the password; what comes next is the test's business."""
    client = Client()
    client.answer = client.post("/connexion/", {"login": login, "password": password, **more})  # type: ignore[attr-defined]
    return client


def with_code(secret: str, **more: str) -> Client:
    client = sign_in(**more)
    client.answer = client.post(CODE, {"code": code_of(secret)})  # type: ignore[attr-defined]
    return client


def is_inside(client: Client) -> bool:
    """Whether the desk opens, on its first page and further in."""
    answers = {client.get(path).status_code for path in ("/gestion/", "/gestion/orders/order/")}
    assert len(answers) == 1
    return answers == {200}


# --- the way in


def test_whoever_has_no_second_factor_is_led_to_set_one_up_and_on_to_where_he_wanted(
    colleague: User, django_capture_on_commit_callbacks: Any
) -> None:
    client = sign_in(next="/gestion/orders/order/?q=ECTZ326")
    assert client.get("/gestion/orders/order/?q=ECTZ326").headers["Location"] == SET_UP
    assert "La gestion n’ouvre qu’avec un second moyen" in read(client.get(SET_UP))
    page = read(client.get(APPLICATION))  # the password was typed just now: it is not asked for again
    secret = re.search(r"<strong class=\"tabular\">((?:[A-Z2-7]{4} ?){8})</strong>", page)
    assert secret
    assert 'src="data:image/svg+xml;base64,' in page
    with django_capture_on_commit_callbacks(execute=True):
        done = client.post(APPLICATION, {"code": code_of(secret[1].replace(" ", ""))})
    assert done.headers["Location"] == RECOVERY
    page = read(client.get(RECOVERY))
    codes = re.findall(r"<li>(\d{8})</li>", page)
    assert len(codes) == 10
    assert 'href="/gestion/orders/order/?q=ECTZ326"' in page
    file = client.get(f"{RECOVERY}fichier/")
    assert "attachment" in file.headers["Content-Disposition"]
    assert file.content.decode().split() == codes
    assert is_inside(client)
    assert 'href="/gestion/"' in read(client.get(RECOVERY)), "the goal was reached"
    assert len(letters("account_changed", colleague.email)) == 1


def test_a_wrong_code_sets_nothing_up(colleague: User) -> None:
    client = sign_in()
    client.get(APPLICATION)
    assert "Code incorrect" in read(client.post(APPLICATION, {"code": "000000"}))
    assert not Authenticator.objects.exists()
    assert not is_inside(client)


def test_whoever_has_one_is_asked_for_it_and_led_to_where_he_wanted(colleague: User) -> None:
    secret = set_up_application(colleague)
    client = sign_in(next="/gestion/orders/order/")
    assert client.answer.headers["Location"] == CODE  # type: ignore[attr-defined]
    assert not is_inside(client)
    answer = client.post(CODE, {"code": code_of(secret)})
    assert answer.headers["Location"] == "/gestion/orders/order/"
    assert is_inside(client)


def test_a_recovery_code_opens_once(colleague: User) -> None:
    client = sign_in()
    client.get(APPLICATION)
    client.post(APPLICATION, {"code": code_of(client.session["mfa.totp.secret"])})
    code = re.findall(r"<li>(\d{8})</li>", read(client.get(RECOVERY)))[0]
    for is_first in (True, False):
        client = sign_in()
        client.post(CODE, {"code": code})
        assert is_inside(client) is is_first


def test_a_code_of_the_application_opens_once(colleague: User) -> None:
    """RFC 6238, 5.2: for as long as it is valid at all, the tolerance for a wrong clock included."""
    secret = set_up_application(colleague)
    with freeze_time("2026-11-23 10:00:00+01:00") as clock:
        code = code_of(secret)
        assert is_inside(with_code(secret))
        clock.tick(35)
        client = sign_in()
        assert "Code incorrect" in read(client.post(CODE, {"code": code}))
        assert not is_inside(client)


def test_without_redis_staff_still_sign_in(colleague: User, settings: Any) -> None:
    secret = set_up_application(colleague)
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:1/1"}}
    try:
        assert is_inside(with_code(secret))
        assert brake.pause.is_on()
    finally:
        brake.pause.end()


def test_customers_are_asked_for_nothing(colleague: User) -> None:
    UserFactory(username="legal.redon")
    client = sign_in(login="legal.redon")
    assert client.get("/mon-espace/").status_code == 200
    assert "La gestion" not in read(client.get(SET_UP))
    assert client.get(APPLICATION).headers["Location"].startswith("/connexion/confirmation/")


def test_the_question_costs_no_query(colleague: User, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    client = with_code(set_up_application(colleague))
    client.get("/gestion/jsi18n/")
    with django_assert_num_queries(2):  # session; user with factors
        assert client.get("/gestion/jsi18n/").status_code == 200


# --- doors


def desk_addresses(patterns: list[URLPattern | URLResolver], before: str = "/gestion/") -> Iterator[str]:
    """Every address of the desk, holes filled with a number."""
    for pattern in patterns:
        path = before + re.sub(r"<[^>]+>", "1", str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            yield from desk_addresses(pattern.url_patterns, path)
        else:
            yield re.sub(r"\^|\$|\(\?P<[^)]*\)", lambda found: "orders" if "(" in found[0] else "", path)


@pytest.mark.parametrize("has_factor", [False, True])
def test_no_address_of_the_desk_opens_by_the_password_alone(colleague: User, has_factor: bool) -> None:
    client = sign_in()
    if has_factor:
        set_up_application(colleague)
    found = [path for path in desk_addresses(admin.site.get_urls()) if path != "/gestion/logout/"]
    assert len(found) > 80
    for path in [*found, "/gestion/nowhere/", "/gestion/login/", "/gestion/password_change/"]:
        for answer in (client.get(path), client.post(path)):
            target = answer.headers.get("Location", "")
            assert target.startswith(CONFIRM if has_factor else SET_UP), (path, answer.status_code, target)


def test_signing_out_is_never_refused(colleague: User) -> None:
    client = sign_in()
    client.post("/gestion/logout/")
    assert "_auth_user_id" not in client.session


def test_the_desk_s_own_sign_in_page_takes_no_password(colleague: User) -> None:
    client = Client()
    client.post("/gestion/login/", {"username": "equipe", "password": PASSWORD, "next": "/gestion/"})
    client.post("/gestion/login/?next=/gestion/", {"username": "equipe", "password": PASSWORD})
    assert not is_inside(client)


def test_a_password_that_was_reset_does_not_stand_for_the_factor(colleague: User) -> None:
    set_up_application(colleague)
    client = Client()
    client.post("/mot-de-passe/oublie/", {"email": colleague.email})
    link = re.search(r"http://testserver(\S+/nouveau/\S+/)", letters("password_reset")[0].body_text)
    assert link
    form = client.get(link[1], follow=True).redirect_chain[-1][0]
    client.post(form, {"password1": "Equerre+Niveau-7", "password2": "Equerre+Niveau-7"}, follow=True)
    assert not is_inside(client)
    client = sign_in("Equerre+Niveau-7")
    assert client.answer.headers["Location"] == CODE  # type: ignore[attr-defined]
    assert not is_inside(client)


def test_an_e_mailed_code_does_not_stand_for_the_factor(colleague: User) -> None:
    set_up_application(colleague)
    colleague.emailaddress_set.update(verified=False)
    client = sign_in()
    assert client.answer.headers["Location"] == "/inscription/verification/"  # type: ignore[attr-defined]
    answer = client.post("/inscription/verification/", {"code": last_code(colleague.email)})
    assert answer.headers["Location"] == CODE
    assert not is_inside(client)


def test_a_session_opened_before_the_factor_is_asked_for_it(colleague: User) -> None:
    """Here the factor is set up in another browser; « Rester connecté » changes nothing."""
    client = sign_in(remember="on")
    secret = set_up_application(colleague)
    answer = client.get("/gestion/orders/order/?q=x")
    assert answer.headers["Location"] == f"{CONFIRM}?next=%2Fgestion%2Forders%2Forder%2F%3Fq%3Dx"
    assert "Confirmez que c’est vous" in read(client.get(answer.headers["Location"]))
    assert "Code incorrect" in read(client.post(answer.headers["Location"], {"code": "000000"}))
    assert not is_inside(client)
    done = client.post(answer.headers["Location"], {"code": code_of(secret), "next": "/gestion/orders/order/?q=x"})
    assert done.headers["Location"] == "/gestion/orders/order/?q=x"
    assert is_inside(client)


def test_a_session_that_knows_the_password_alone_adds_removes_and_reads_no_factor(colleague: User) -> None:
    client = sign_in()
    client.get(APPLICATION)
    set_up_application(colleague)
    client.post("/connexion/confirmation/", {"password": PASSWORD})
    recovery = (RECOVERY, f"{RECOVERY}nouveaux/", f"{RECOVERY}fichier/")
    keys = [f"{SET_UP}cles/{end}" for end in ("", "ajouter/", "1/retirer/", "1/nom/")]
    for path in (SET_UP, APPLICATION, f"{APPLICATION}retirer/", *recovery, *keys):
        for answer in (client.get(path), client.post(path)):
            assert answer.headers["Location"].startswith(CONFIRM), path
    assert Authenticator.objects.count() == 1
    assert not is_inside(client)


def test_the_password_typed_again_does_not_stand_for_the_factor(colleague: User) -> None:
    client = sign_in()
    set_up_application(colleague)
    client.post("/connexion/confirmation/", {"password": PASSWORD})
    assert not is_inside(client)


def test_a_session_is_out_as_soon_as_its_factor_is_gone(colleague: User) -> None:
    secret = set_up_application(colleague)
    inside, other = with_code(secret), sign_in()
    other.post(CODE, {"code": code_of(secret, later=1)})
    assert is_inside(inside)
    assert is_inside(other)
    Authenticator.objects.all().delete()
    for client in (inside, other):
        assert not is_inside(client)
        assert client.get("/gestion/").headers["Location"] == SET_UP


def test_whoever_removes_the_own_factor_is_out_until_there_is_another(colleague: User) -> None:
    client = with_code(set_up_application(colleague))
    assert is_inside(client)
    assert client.post(f"{APPLICATION}retirer/").headers["Location"] == SET_UP
    assert not Authenticator.objects.exists()
    assert not is_inside(client)


def test_a_factor_of_another_account_opens_nothing(colleague: User) -> None:
    other = UserFactory(username="autre", staff=True, is_superuser=True)
    secret = set_up_application(other)
    set_up_application(colleague)
    client = sign_in()
    assert "Code incorrect" in read(client.post(CODE, {"code": code_of(secret)}))
    client = with_code(secret, login="autre")
    session = client.session
    session["_auth_user_id"] = str(colleague.pk)
    session["_auth_user_hash"] = colleague.get_session_auth_hash()
    session.save()
    assert not is_inside(client)


def test_somebody_made_staff_while_signed_in_is_asked_like_everybody(colleague: User) -> None:
    customer = UserFactory(username="legal.redon")
    client = sign_in(login="legal.redon")
    customer.is_staff = True
    customer.save()
    customer.user_permissions.set(Permission.objects.all())
    assert client.get("/gestion/").headers["Location"] == SET_UP


def test_ended_sessions_and_closed_accounts_stay_out(colleague: User) -> None:
    secret = set_up_application(colleague)
    client = with_code(secret)
    assert UserSession.objects.filter(user=colleague).exists()
    colleague.is_active = False
    colleague.save()
    assert not is_inside(client)


def test_tries_at_the_second_factor_are_braked(colleague: User) -> None:
    secret = set_up_application(colleague)
    client = sign_in()
    for _ in range(5):
        client.post(CODE, {"code": "000000"})
    page = read(client.post(CODE, {"code": code_of(secret)}))
    # The password was right: nobody is sent to change it.
    assert "Trop d’essais. Réessayez dans 5 minutes, avec un nouveau code." in page
    assert "mot de passe" not in page
    assert not is_inside(client)


def test_forged_addresses_lead_nowhere_else(colleague: User) -> None:
    """AC17 at this door."""
    client = sign_in()
    secret = set_up_application(colleague)
    path = f"{CONFIRM}?next=https://pirate.example/"
    answer = client.post(path, {"code": code_of(secret), "next": "https://pirate.example/"})
    assert answer.headers["Location"] == "/gestion/"
    assert is_inside(client)
