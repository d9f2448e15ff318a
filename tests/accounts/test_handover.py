"""AC2: the holder has left or never answers; support gives the account to somebody else, with trace and two mails."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone

from accounts import handover, signup
from accounts.models import DeliveryProfile, Establishment, User
from masques import groups
from tests.factories import PASSWORD, DeliveryProfileFactory, EstablishmentFactory, OrderFactory, UserFactory
from tests.races import at_once

from .conftest import last_code, letters, read
from .test_staff import VERIFICATION

NEW = {
    "email": "Nouvelle@legal.example",
    "first_name": "Dominique",
    "last_name": "Le Gal",
    "reason": "départ du gérant",
}


@pytest.fixture
def establishment(db: None) -> Establishment:
    """With a holder, an order and a delivery address."""
    user: User = UserFactory(username="ancien")
    DeliveryProfileFactory(establishment=user.establishment)
    OrderFactory(establishment=user.establishment)
    assert user.establishment is not None
    return user.establishment


@pytest.fixture
def support(db: None) -> Client:
    groups.seed()
    agent = UserFactory(username="agent", staff=True)
    agent.groups.add(Group.objects.get(name="support"))
    client = Client()
    client.force_login(agent)
    return client


def page_of(establishment: Establishment) -> str:
    return f"/gestion/accounts/establishment/{establishment.pk}/titulaire/"


def hand_over(establishment: Establishment, email: str = "nouvelle@legal.example") -> User:
    return handover.hand_over(establishment, **NEW | {"email": email}, at=timezone.now())


@pytest.mark.django_db
def test_support_hands_the_account_over_from_the_establishment_s_sheet(
    support: Client, establishment: Establishment
) -> None:
    sheet = read(support.get(f"/gestion/accounts/establishment/{establishment.pk}/change/"))
    assert "Confier le compte à une autre personne" in sheet
    assert page_of(establishment) in sheet
    asked = read(support.get(page_of(establishment)))
    assert "Titulaire actuel : ancien" in asked
    answer = support.post(page_of(establishment), NEW, follow=True)
    assert "compte confié à nouvelle@legal.example" in read(answer)
    holder = User.objects.get(establishment=establishment)
    assert (holder.email, holder.first_name, holder.has_usable_password()) == (
        "nouvelle@legal.example",
        "Dominique",
        False,
    )
    assert holder.username.startswith("nouvelle")
    entry = LogEntry.objects.get()
    assert (entry.user.username, entry.object_id) == ("agent", str(establishment.pk))
    assert entry.get_change_message() == (
        "Compte confié à nouvelle@legal.example (avant : ancien@entreprise.example). Motif : départ du gérant.".replace(
            " :", "\u00a0:"
        )
    )
    assert "départ du gérant" in letters("account_taken_over", "ancien@entreprise.example")[0].body_text
    assert holder.username in letters("account_handed_over", "nouvelle@legal.example")[0].body_text


@pytest.mark.django_db
def test_the_new_holder_chooses_a_password_confirms_the_address_and_sees_the_orders(
    establishment: Establishment,
) -> None:
    holder = hand_over(establishment)
    client = Client()
    client.post("/mot-de-passe/oublie/", {"email": holder.email})
    letter = letters("password_reset", holder.email)[0].body_text
    link = next(word for word in letter.split() if "/nouveau/" in word).removeprefix("http://testserver")
    client.post(client.get(link, follow=True).redirect_chain[-1][0], {"password1": PASSWORD, "password2": PASSWORD})
    answer = client.post("/connexion/", {"login": holder.email, "password": PASSWORD})
    assert answer.headers["Location"] == VERIFICATION
    client.post(VERIFICATION, {"code": last_code(holder.email)})
    assert establishment.orders.get().reference in read(client.get("/commandes/"))


@pytest.mark.django_db
def test_the_former_holder_sees_nothing_any_more_from_the_next_click(establishment: Establishment) -> None:
    client = Client()
    client.force_login(establishment.account)
    order = establishment.orders.get()
    assert client.get(f"/commandes/{order.reference}/").status_code == 200
    hand_over(establishment)
    assert client.get(f"/commandes/{order.reference}/").headers["Location"] == "/inscription/"
    profile = DeliveryProfile.objects.get()
    assert (profile.contact_name, profile.email, profile.mobile, profile.sms_wanted) == ("", "", "", False)
    assert profile.street_name
    order.refresh_from_db()
    assert order.contact_name, "what was ordered stays as it was"


@pytest.mark.django_db
def test_somebody_with_an_account_and_no_establishment_keeps_the_account(establishment: Establishment) -> None:
    somebody = UserFactory(username="comptable", establishment=None, email="nouvelle@legal.example")
    assert hand_over(establishment) == somebody
    somebody.refresh_from_db()
    assert (somebody.first_name, somebody.establishment) == ("Camille", establishment)
    assert "Connectez-vous comme d’habitude" in letters("account_handed_over")[0].body_text


@pytest.mark.django_db
def test_a_sign_up_that_was_never_confirmed_makes_way(establishment: Establishment) -> None:
    UserFactory(username="ebauche", unconfirmed=True, email="nouvelle@legal.example")
    assert hand_over(establishment).username != "ebauche"
    assert not User.objects.filter(username="ebauche").exists()


@pytest.mark.django_db
def test_an_establishment_whose_account_is_gone_gets_one_and_one_letter_leaves() -> None:
    establishment = EstablishmentFactory()
    assert hand_over(establishment).establishment == establishment
    assert [letter.kind for letter in letters()] == ["accounts/account_handed_over"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"staff": True}, "Cette adresse est celle d’un compte de gestion."),
        ({"is_active": False}, "Le compte de cette personne est fermé."),
        ({}, "Cette personne a déjà le compte d’un autre établissement"),
    ],
)
def test_who_cannot_be_the_holder_is_said_and_nothing_changes(
    support: Client, establishment: Establishment, facts: dict[str, Any], reason: str
) -> None:
    UserFactory(email="nouvelle@legal.example", **facts)
    page = read(support.post(page_of(establishment), NEW))
    assert reason in page
    assert "départ du gérant" in page, "nothing typed is lost"
    assert User.objects.get(establishment=establishment).username == "ancien"
    assert not LogEntry.objects.exists()
    assert letters() == []


@pytest.mark.django_db
def test_the_holder_stays_the_holder_and_bad_input_is_said(support: Client, establishment: Establishment) -> None:
    same = support.post(page_of(establishment), NEW | {"email": "ancien@entreprise.example"})
    assert "Cette personne est déjà titulaire du compte." in read(same)
    page = read(support.post(page_of(establishment), {"email": "nulle part"}))
    assert "adresse" in page
    assert page.count("obligatoire") >= 3
    assert support.get("/gestion/accounts/establishment/999999/titulaire/").status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("group", ["warehouse", "accounting", "operator"])
def test_nobody_but_support_hands_accounts_over(group: str, establishment: Establishment) -> None:
    groups.seed()
    agent = UserFactory(staff=True)
    agent.groups.add(Group.objects.get(name=group))
    client = Client()
    client.force_login(agent)
    assert client.post(page_of(establishment), NEW).status_code == 403
    assert User.objects.get(establishment=establishment).username == "ancien"


# --- in the same second: real threads on PostgreSQL


@pytest.mark.django_db(transaction=True)
def test_two_colleagues_who_hand_one_account_over_at_once_leave_one_holder() -> None:
    for number in range(5):
        establishment = UserFactory().establishment
        assert establishment is not None
        emails = [f"{name}{number}@legal.example" for name in ("a", "b")]
        results = at_once(*(partial(hand_over, establishment, email) for email in emails))
        assert [type(result).__name__ for result in results] == ["User", "User"], results
        assert User.objects.get(establishment=establishment).email in emails


@pytest.mark.django_db(transaction=True)
def test_one_person_does_not_get_two_establishments_at_once() -> None:
    for number in range(5):
        email = f"seule{number}@legal.example"
        UserFactory(establishment=None, email=email, username=f"seule{number}")
        sites = [UserFactory().establishment, UserFactory().establishment]
        results = at_once(*(partial(hand_over, site, email) for site in sites))
        assert sorted(type(result).__name__ for result in results) == ["HandoverRefused", "User"], results
        assert not [site for site in sites if not User.objects.filter(establishment=site).exists()]


@pytest.mark.django_db(transaction=True)
def test_a_sign_up_confirmed_in_the_same_second_waits_and_one_of_the_two_gets_it(register: Callable[..., str]) -> None:
    for number in range(5):
        siret = register(number)
        establishment = EstablishmentFactory(siret=siret, company__siren=siret[:9])
        newcomer = UserFactory(unconfirmed=True, signup_siret=siret)
        results = at_once(
            partial(hand_over, establishment, f"nouvelle{number}@legal.example"),
            partial(signup.bind, newcomer, siret, at=timezone.now()),
        )
        assert type(results[0]).__name__ == "User", results
        assert type(results[1]).__name__ in ("Establishment", "SiretTaken"), results
        assert User.objects.filter(establishment=establishment).count() == 1
