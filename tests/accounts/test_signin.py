"""Signing in and out, and passwords that were forgotten."""

import re

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from freezegun import freeze_time
from pytest_django import DjangoAssertNumQueries

from accounts import brake
from accounts.models import User
from tests.factories import PASSWORD, UserFactory
from tests.staff import code_of, set_up_application

from .conftest import letters, read

pytestmark = pytest.mark.django_db

NEW = "Equerre+Niveau-7"


def sign_in(client: Client, login: str, password: str = PASSWORD, **more: str) -> object:
    return client.post("/connexion/", {"login": login, "password": password, **more})


@pytest.mark.parametrize("login", ["Legal.Redon", "legal.redon", "Atelier@Legal.example", " atelier@legal.example "])
def test_one_signs_in_by_user_name_or_address_whatever_the_case(login: str) -> None:
    UserFactory(username="Legal.Redon", email="atelier@legal.example")
    response = sign_in(Client(), login)
    assert response.status_code == 302
    assert response.headers["Location"] == "/mon-espace/"


@pytest.mark.parametrize("login", ["legal.redon", "atelier@legal.example", "personne", "personne@legal.example"])
def test_a_wrong_password_and_an_unknown_account_read_the_same(login: str) -> None:
    UserFactory(username="legal.redon", email="atelier@legal.example")
    page = read(sign_in(Client(), login, "Faux+Faux-1"))
    assert "Identifiant ou mot de passe incorrect." in page
    assert f'value="{login}"' in page
    assert "Faux+Faux-1" not in page


def test_whoever_is_asked_for_the_password_is_hashed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time of an answer must not tell which addresses have an account."""
    UserFactory(username="legal.redon", email="atelier@legal.example")
    hashed: list[str] = []
    for method in ("check_password", "set_password"):
        original = getattr(User, method)
        monkeypatch.setattr(
            User, method, lambda self, raw, original=original: (hashed.append(raw), original(self, raw))[1]
        )
    for login in ("legal.redon", "atelier@legal.example", "personne", "personne@legal.example"):
        hashed.clear()
        sign_in(Client(), login, "Faux+Faux-1")
        assert len(hashed) == 1


def test_signing_in_asks_little_of_the_database(django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    UserFactory(username="legal.redon")
    with django_assert_max_num_queries(18):  # nine statements, the rest are savepoints
        sign_in(Client(), "legal.redon")


def test_staff_lands_at_the_desk_and_a_user_without_establishment_at_the_siret() -> None:
    UserFactory(username="equipe", staff=True)
    UserFactory(username="perdant", establishment=None)
    assert sign_in(Client(), "equipe").headers["Location"] == "/gestion/"
    assert sign_in(Client(), "perdant").headers["Location"] == "/inscription/"


def test_a_page_asked_for_before_signing_in_comes_after_it() -> None:
    UserFactory(username="legal.redon")
    client = Client()
    assert client.get("/mes-informations/").headers["Location"] == "/connexion/?next=/mes-informations/"
    assert 'name="next" value="/mes-informations/"' in read(client.get("/connexion/?next=/mes-informations/"))
    assert sign_in(client, "legal.redon", next="/mes-informations/").headers["Location"] == "/mes-informations/"


@pytest.mark.parametrize(
    "target", ["https://pirate.example/", "//pirate.example/", "javascript:alert(1)", "https:pirate.example"]
)
def test_a_foreign_next_page_is_ignored(target: str) -> None:
    """AC17"""
    UserFactory(username="legal.redon")
    assert sign_in(Client(), "legal.redon", next=target).headers["Location"] == "/mon-espace/"


def test_tries_on_one_account_are_braked_and_a_reset_lifts_the_brake() -> None:
    user = UserFactory(username="legal.redon")
    client = Client()
    for _ in range(5):
        sign_in(client, "legal.redon", "Faux+Faux-1")
    sentence = "Trop d’essais. Réessayez dans 5 minutes ou réinitialisez votre mot de passe."
    assert sentence in read(sign_in(client, "legal.redon"))
    assert sentence in read(sign_in(Client(REMOTE_ADDR="192.0.2.7"), "LEGAL.redon"))
    reset(client, user)
    assert sign_in(Client(), "legal.redon", NEW).status_code == 302


def test_tries_from_one_place_are_braked_whatever_the_account() -> None:
    """AC14: the other axis."""
    UserFactory(username="legal.redon")
    for number in range(10):
        sign_in(Client(), f"inconnu{number}", "Faux+Faux-1")
    assert "Trop d’essais." in read(sign_in(Client(), "legal.redon"))
    assert sign_in(Client(REMOTE_ADDR="192.0.2.7"), "legal.redon").status_code == 302


def test_the_visitor_s_address_is_the_one_our_proxy_saw(settings: object) -> None:
    settings.TRUSTED_PROXY_COUNT = 1  # type: ignore[attr-defined]
    UserFactory(username="legal.redon")
    for number in range(10):
        client = Client(HTTP_X_FORWARDED_FOR=f"203.0.113.{number}, 192.0.2.7")
        sign_in(client, f"inconnu{number}", "Faux+Faux-1")
    client = Client(HTTP_X_FORWARDED_FOR="203.0.113.99, 192.0.2.7")
    assert "Trop d’essais." in read(sign_in(client, "legal.redon"))


def test_without_redis_people_still_sign_in(settings: object) -> None:
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:1/1"}}  # type: ignore[attr-defined]
    UserFactory(username="legal.redon")
    try:
        assert sign_in(Client(), "legal.redon").status_code == 302
        assert brake.pause.is_on()
    finally:
        brake.pause.end()


def test_a_closed_account_is_told_so_to_its_owner_only() -> None:
    UserFactory(username="legal.redon", is_active=False)
    assert sign_in(Client(), "legal.redon").headers["Location"] == "/connexion/compte-ferme/"
    assert "Ce compte est fermé" in read(Client().get("/connexion/compte-ferme/"))
    assert "Identifiant ou mot de passe incorrect." in read(sign_in(Client(), "legal.redon", "Faux+Faux-1"))


def test_signing_out_takes_a_post() -> None:
    client = Client()
    client.force_login(UserFactory())
    assert "Voulez-vous vous déconnecter" in read(client.get("/deconnexion/"))
    response = client.post("/deconnexion/", follow=True)
    assert response.redirect_chain == [("/", 302)]
    assert "Vous êtes déconnecté(e)." in read(response)
    assert client.get("/mon-espace/").status_code == 302


def test_the_desk_s_own_door_leads_to_ours() -> None:
    """Django's form knows neither brake nor second factor."""
    response = Client().get("/gestion/", follow=True)
    assert response.redirect_chain[-1][0].startswith("/connexion/?next=%2Fgestion%2F")
    assert Client().post("/gestion/login/", {"username": "equipe"}).headers["Location"] == "/connexion/"


# --- Forgotten


def link_in(body: str) -> str:
    found = re.search(r"http://testserver(/mot-de-passe/nouveau/\S+/)", body)
    assert found
    return found.group(1)


def reset(client: Client, user: User, password: str = NEW) -> object:
    client.post("/mot-de-passe/oublie/", {"email": user.email})
    response = client.get(link_in(letters("password_reset", user.email)[0].body_text), follow=True)
    form = response.redirect_chain[-1][0]
    return client.post(form, {"password1": password, "password2": password}, follow=True)


def test_a_forgotten_password_is_chosen_again_by_a_secret_link() -> None:
    user = UserFactory(username="legal.redon")
    client = Client()
    response = reset(client, user)
    assert "Votre mot de passe est modifié." in read(response)
    assert response.redirect_chain[-1][0] == "/connexion/"
    letter = letters("password_reset")[0]
    assert letter.is_secret
    assert letter.not_after
    assert "legal.redon" in letter.body_text
    assert len(letters("account_changed", user.email)) == 1
    assert sign_in(client, "legal.redon", NEW).status_code == 302


def test_an_unknown_address_gets_the_same_page_and_no_letter() -> None:
    """AC12"""
    user = UserFactory()
    pages = []
    for email in (user.email, "personne@entreprise.example"):
        response = Client().post("/mot-de-passe/oublie/", {"email": email}, follow=True)
        pages.append((response.redirect_chain, read(response)))
    assert pages[0] == pages[1]
    assert "Si un compte correspond à cette adresse, un e-mail vient de partir." in pages[0][1]
    assert {letter.recipient for letter in letters()} == {user.email}


def test_a_link_serves_once_and_for_an_hour() -> None:
    user = UserFactory()
    client = Client()
    reset(client, user)
    used = link_in(letters("password_reset")[0].body_text)
    assert "Ce lien n’est plus valable." in read(Client().get(used, follow=True))
    with freeze_time("2020-05-05 10:00:00+02:00") as clock:
        client.post("/mot-de-passe/oublie/", {"email": user.email})
        late = link_in(letters("password_reset")[0].body_text)
        clock.tick(3601)
        assert "Ce lien n’est plus valable." in read(Client().get(late, follow=True))


def test_the_new_password_follows_the_rule() -> None:
    page = read(reset(Client(), UserFactory(), "atelier"))
    assert "Il manque : une majuscule, un chiffre, un caractère spécial." in page


# --- Second factor


def test_a_second_factor_is_asked_for_after_the_password() -> None:
    user = UserFactory(username="legal.redon")
    secret = set_up_application(user)
    client = Client()
    response = sign_in(client, "legal.redon")
    assert response.headers["Location"] == "/identifiants/double-authentification/connexion/"
    assert "Confirmez que c’est vous" in read(client.get(response.headers["Location"]))
    assert client.get("/mon-espace/").status_code == 302
    response = client.post(response.headers["Location"], {"code": code_of(secret)})
    assert response.headers["Location"] == "/mon-espace/"
    assert Authenticator.objects.count() == 1


def test_too_many_requests_are_answered_by_our_page(settings: object) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login": "1/m/ip"}  # type: ignore[attr-defined]
    sign_in(Client(), "personne")
    response = sign_in(Client(), "personne")
    assert response.status_code == 429
    assert "Trop de demandes en peu de temps" in read(response)
