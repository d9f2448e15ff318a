"""Mes informations, Mon entreprise."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import DeliveryProfile, Establishment, User
from tests.factories import PASSWORD, DeliveryProfileFactory, EstablishmentFactory, UserFactory

from .conftest import last_code, letters, read

pytestmark = pytest.mark.django_db

INFORMATION = {
    "civility": "mme", "first_name": "Jeanne", "last_name": "Le Gal", "job_title": "Gérante", "department": "Atelier",
    "mobile": "06 39 98 00 07", "phone": "02 99 71 00 00", "sms_wanted": "on",
    "street_number": "14 bis", "street_name": "RUE DE BRIANGAUD", "hamlet": "", "building": "B",
    "address_extra": "Code 12", "postal_code": "35 600", "city": "Redon",
}  # fmt: skip


@pytest.fixture
def user() -> User:
    return UserFactory(first_name="", last_name="", mobile="")


@pytest.fixture
def customer(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def keep(client: Client, user: User, *, path: str = "/mes-informations/", **changes: str) -> Any:
    return client.post(path, INFORMATION | {"email": user.email} | changes, follow=True)


def test_what_the_customer_tells_is_kept(customer: Client, user: User) -> None:
    assert "Vos informations sont enregistrées." in read(keep(customer, user))
    user.refresh_from_db()
    assert (user.civility, user.first_name, user.last_name, user.job_title) == ("mme", "Jeanne", "Le Gal", "Gérante")
    assert (user.mobile, user.phone) == ("+33639980007", "+33299710000")
    assert user.sms_wanted
    assert not user.renewal_wanted
    delivery = user.establishment.delivery_profile
    assert delivery.delivery_lines == [
        user.establishment.legal_name, "Atelier", "Jeanne Le Gal", "B", "Code 12", "14 bis RUE DE BRIANGAUD",
        "35600 Redon",
    ]  # fmt: skip
    assert (delivery.mobile, delivery.email, delivery.sms_wanted) == ("+33639980007", user.email, True)
    page = read(customer.get("/mes-informations/"))
    assert 'value="06 39 98 00 07"' in page
    assert 'value="14 bis"' in page


def test_the_last_page_of_sign_up_goes_on_to_my_space(customer: Client, user: User) -> None:
    assert "Plus tard" in read(customer.get("/mes-informations/?etape=inscription"))
    response = customer.post("/mes-informations/?etape=inscription", INFORMATION | {"email": user.email})
    assert response.headers["Location"] == "/commander/"


def test_a_recipient_kept_from_an_earlier_order_stays(customer: Client, user: User) -> None:
    DeliveryProfileFactory(establishment=user.establishment, contact_name="Le magasinier", phone="")
    keep(customer, user)
    delivery = DeliveryProfile.objects.get()
    assert (delivery.contact_name, delivery.phone, delivery.city) == ("Le magasinier", "+33299710000", "Redon")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"last_name": ""}, "Ce champ est obligatoire."),
        ({"mobile": "02 99 71 00 00"}, "Indiquez un numéro de mobile, par exemple 06 12 34 56 78"),
        ({"phone": "12"}, "Indiquez un numéro français à 10 chiffres, par exemple 06 12 34 56 78."),
        ({"postal_code": "3560"}, "Le code postal comporte 5 chiffres."),
        ({"postal_code": "٣٥٦٠٠"}, "Le code postal comporte 5 chiffres."),
        ({"postal_code": "98800"}, "Nous ne livrons pas ce territoire."),
        ({"street_name": "RUE " + "X" * 30}, "Numéro et voie : 35 caractères au maximum. Abrégez, par exemple AV, BD."),
        ({"building": "B" * 36}, "35 caractères au maximum."),
        ({"city": "REDON CEDEX"}, "Colissimo ne livre pas les boîtes postales : indiquez une adresse de rue."),
        ({"hamlet": "BP 12"}, "Colissimo ne livre pas les boîtes postales"),
        ({"email": "rien"}, "Indiquez une adresse e-mail complète"),
    ],
)
def test_a_mistake_is_said_and_nothing_typed_is_lost(
    customer: Client, user: User, changes: dict[str, str], sentence: str
) -> None:
    page = read(keep(customer, user, **changes))
    assert sentence in page
    assert 'value="Jeanne"' in page
    assert not DeliveryProfile.objects.exists()


def test_an_unknown_postal_code_is_a_warning_only(customer: Client, user: User) -> None:
    assert "Nous ne connaissons pas ce code postal." in read(keep(customer, user, postal_code="33506"))
    assert DeliveryProfile.objects.get().postal_code == "33506"


def test_a_new_address_counts_once_confirmed_and_the_old_one_is_told(customer: Client, user: User) -> None:
    old, new = user.email, "nouvelle@entreprise.example"
    response = keep(customer, user, email=new)
    assert response.redirect_chain[-1][0] == "/connexion/confirmation/?next=%2Fmes-informations%2F"
    response = customer.post(response.redirect_chain[-1][0], {"password": PASSWORD}, follow=True)
    page = read(response)
    assert "Un code a été envoyé à la nouvelle adresse. L’ancienne reste active jusqu’à sa confirmation." in page
    user.refresh_from_db()
    assert (user.email, user.last_name) == (old, "Le Gal")
    response = customer.post("/inscription/verification/", {"code": last_code(new)}, follow=True)
    assert "Votre adresse e-mail est modifiée." in read(response)
    user.refresh_from_db()
    assert user.email == new
    assert "l’adresse e-mail de votre compte a été modifiée" in letters("account_changed", old)[0].body_text
    assert not letters("account_changed", new)


def test_another_account_s_address_gets_no_code(customer: Client, user: User) -> None:
    owner = UserFactory()
    response = keep(customer, user, email=owner.email)
    customer.post(response.redirect_chain[-1][0], {"password": PASSWORD})
    assert [letter.kind for letter in letters(to=owner.email)] == ["accounts/account_exists"]


def test_the_list_of_communes_follows_the_postal_code(customer: Client) -> None:
    assert customer.get("/communes/35600/").json()
    assert customer.get("/communes/00000/").json() == []
    assert '<datalist id="communes"><option value="' in read(customer.get("/mes-informations/"))


# --- Mon entreprise

BILLING = {"street_number": "14", "street_name": "RUE DE BRIANGAUD", "postal_code": "35506", "city": "REDON CEDEX"}


@pytest.fixture
def company(register: Callable[..., str]) -> Callable[..., Client]:
    def signed_in(*, legal_name: str = "LE GAL", **facts: Any) -> Client:
        siret = register(legal_name=legal_name, **facts)
        establishment = EstablishmentFactory(company__siren=siret[:9], siret=siret, legal_name=legal_name)
        client = Client()
        client.force_login(UserFactory(establishment=establishment))
        return client

    return signed_in


def test_the_company_page_shows_what_registers_say(company: Callable[..., Client]) -> None:
    page = read(company().get("/mon-entreprise/"))
    for text in (
        "LE GAL",
        "entre 20 et 49 salariés",
        "source : CCI, 01/05/2020",
        "Offre PME",
        "3 lots",
        "Signaler une erreur",
    ):
        assert text in page
    assert "Indiquez la dénomination" not in page


def test_what_stands_on_the_invoice_is_kept(company: Callable[..., Client]) -> None:
    """A CEDEX is no place for a parcel and fine for an invoice."""
    client = company()
    siren = Establishment.objects.get().siren
    suggestion = read(client.get("/mon-entreprise/")).partition("Numéro calculé d’après votre SIREN : ")[2][:13]
    data = BILLING | {"vat_number": suggestion.lower(), "usual_purchase_order": "BC 7"}
    assert "Vos informations sont enregistrées." in read(client.post("/mon-entreprise/", data, follow=True))
    establishment = Establishment.objects.get()
    assert establishment.vat_number == suggestion
    assert suggestion.endswith(siren)
    assert (establishment.city, establishment.usual_purchase_order) == ("REDON CEDEX", "BC 7")
    assert establishment.legal_name == "LE GAL"


def test_another_company_s_vat_number_is_refused(company: Callable[..., Client]) -> None:
    page = read(company().post("/mon-entreprise/", BILLING | {"vat_number": "FR40303265045"}))
    assert "Ce numéro ne correspond pas à votre SIREN." in page


def test_a_name_that_registers_hide_is_asked_for(company: Callable[..., Client]) -> None:
    client = company(legal_name="")
    assert "Indiquez la dénomination à faire figurer sur vos factures." in read(client.get("/mon-entreprise/"))
    assert "Ce champ est obligatoire." in read(client.post("/mon-entreprise/", BILLING))
    client.post("/mon-entreprise/", BILLING | {"legal_name": "Ébénisterie Le Gal"})
    assert Establishment.objects.get().legal_name == "Ébénisterie Le Gal"
    # It stays the customer's to correct.
    assert 'name="legal_name"' in read(client.get("/mon-entreprise/"))


def test_a_name_that_registers_tell_is_not_the_customer_s_to_change(company: Callable[..., Client]) -> None:
    client = company()
    client.post("/mon-entreprise/", BILLING | {"legal_name": "AUTRE"})
    assert Establishment.objects.get().legal_name == "LE GAL"


def test_a_company_that_left_the_registers_is_told(company: Callable[..., Client]) -> None:
    page = read(company(opt_in=False).get("/mon-entreprise/"))
    assert "Votre entreprise n’est plus reconnue dans nos bases." in page
    assert "Vos commandes en cours ne changent pas." in page
