"""Identifiant, mot de passe: changing them, and where one is signed in."""

from urllib.parse import urlencode

import pytest
from django.test import Client

from accounts.credentials import device
from accounts.models import User
from tests.factories import PASSWORD, UserFactory

from .conftest import letters, read

pytestmark = pytest.mark.django_db

NEW = "Equerre+Niveau-7"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0"
CHROME = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Mobile Safari/537.36"


@pytest.fixture
def user() -> User:
    return UserFactory(username="legal.redon")


def browser(user: User, agent: str = FIREFOX) -> Client:
    client = Client(headers={"user-agent": agent})
    assert client.post("/connexion/", {"login": user.username, "password": PASSWORD}).status_code == 302
    return client


def confirm_password(client: Client, page: str) -> None:
    response = client.get(page)
    assert response.headers["Location"] == f"/connexion/confirmation/?{urlencode({'next': page})}"
    assert client.post(response.headers["Location"], {"password": PASSWORD}).headers["Location"] == page


def test_the_page_shows_what_can_be_changed(user: User) -> None:
    page = read(browser(user).get("/identifiants/"))
    for text in ("legal.redon", user.email, "Double authentification", "Appareils connectés", "Firefox sur Windows"):
        assert text in page


def test_a_changed_password_ends_the_other_sessions_and_is_told(user: User) -> None:
    """AC13"""
    here, there = browser(user), browser(user, CHROME)
    assert "Mot de passe actuel incorrect." in read(
        here.post("/mot-de-passe/modifier/", {"oldpassword": "faux", "password1": NEW, "password2": NEW})
    )
    form = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    assert "Votre mot de passe est modifié." in read(here.post("/mot-de-passe/modifier/", form, follow=True))
    assert here.get("/identifiants/").status_code == 200
    assert there.get("/identifiants/").headers["Location"].startswith("/connexion/")
    assert "le mot de passe de votre compte a été modifié" in letters("account_changed", user.email)[0].body_text


def test_a_new_password_is_typed_twice_and_follows_the_rule(user: User) -> None:
    client = browser(user)
    page = read(client.post("/mot-de-passe/modifier/", {"oldpassword": PASSWORD, "password1": NEW, "password2": "x"}))
    assert "Les deux saisies ne sont pas identiques." in page
    page = read(client.post("/mot-de-passe/modifier/", {"oldpassword": PASSWORD, "password1": "x", "password2": "x"}))
    assert "Il manque : une majuscule, un chiffre, un caractère spécial." in page


def test_a_new_user_name_needs_the_password_and_is_told(user: User) -> None:
    UserFactory(username="pris")
    UserFactory(username="jamais-confirme", unconfirmed=True)
    client = browser(user)
    page = "/identifiants/identifiant/"
    confirm_password(client, page)
    assert "Cet identifiant n’est pas disponible." in read(client.post(page, {"username": "Pris", "username2": "Pris"}))
    response = client.post(page, {"username": "jamais-confirme", "username2": "jamais-confirme"}, follow=True)
    assert "Votre identifiant est modifié." in read(response)
    user.refresh_from_db()
    assert user.username == "jamais-confirme"
    assert "l’identifiant de votre compte a été modifié" in letters("account_changed", user.email)[0].body_text


def test_only_the_case_of_a_user_name_may_change(user: User) -> None:
    client = browser(user)
    page = "/identifiants/identifiant/"
    confirm_password(client, page)
    client.post(page, {"username": "Legal.Redon", "username2": "Legal.Redon"})
    user.refresh_from_db()
    assert user.username == "Legal.Redon"


def test_a_new_address_is_asked_for_on_its_page_too(user: User) -> None:
    client = browser(user)
    form = {"email": "neuf@entreprise.example", "action_add": "1"}
    asks_for_password = client.post("/identifiants/adresse/", form).headers["Location"]
    response = client.post(asks_for_password, {"password": PASSWORD}, follow=True)
    page = read(response)
    assert "neuf@entreprise.example" in page
    assert "Garder mon adresse actuelle" in page
    for _ in range(2):
        client.post("/inscription/verification/", {"code": "BBBB-BBBB"})
    response = client.post("/inscription/verification/", {"action": "resend"}, follow=True)
    assert "Un nouveau code est parti." in read(response)
    assert len(letters("account_confirmation", "neuf@entreprise.example")) == 2


def test_the_other_devices_can_be_signed_out(user: User) -> None:
    here, there = browser(user), browser(user, CHROME)
    page = read(here.get("/identifiants/"))
    assert "Chrome sur Android" in page
    assert "Déconnecter les autres appareils" in page
    here.post("/identifiants/appareils/")
    assert there.get("/identifiants/").status_code == 302
    assert "Déconnecter les autres appareils" not in read(here.get("/identifiants/"))


@pytest.mark.parametrize(
    ("agent", "name"),
    [(FIREFOX, "Firefox sur Windows"), (CHROME, "Chrome sur Android"), ("curl/8", "Navigateur inconnu")],
)
def test_a_device_has_a_name_people_know(agent: str, name: str) -> None:
    assert device(agent) == name


@pytest.mark.parametrize(
    "page",
    [
        "/identifiants/double-authentification/",
        "/identifiants/double-authentification/application/",
        "/identifiants/double-authentification/cles/",
        "/identifiants/double-authentification/cles/ajouter/",
    ],
)
def test_the_pages_of_the_second_factor_are_ours(user: User, page: str) -> None:
    client = browser(user)
    response = client.get(page)
    if response.status_code == 302:
        confirm_password(client, page)
        response = client.get(page)
    assert response.status_code == 200
    assert "masques-pme" in read(response)
