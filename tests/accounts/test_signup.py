"""From a SIRET to an account."""

import re
from collections.abc import Callable

import pytest
from django.test import Client
from freezegun import freeze_time

from accounts.models import Establishment, User
from accounts.tasks import delete_stale_signups
from eligibility.models import SireneEstablishment, SireneUnit
from notifications.models import Message
from tests.factories import PASSWORD, EstablishmentFactory, UserFactory

from .conftest import Visitor, last_code, letters, read

pytestmark = pytest.mark.django_db

Register = Callable[..., str]
WRONG_CODE = "BBBB-BBBB"


def test_a_company_gets_its_account_in_three_steps(register: Register) -> None:
    visitor = Visitor(siret=register())

    assert visitor.choose_siret().headers["Location"] == "/inscription/compte/"
    assert "Votre entreprise peut commander." in read(visitor.client.get("/inscription/compte/"))
    assert visitor.sign_up().headers["Location"] == "/inscription/verification/"
    page = read(visitor.client.get("/inscription/verification/"))
    assert "Nous avons envoyé un code à" in page
    assert visitor.email in page
    response = visitor.confirm()

    assert response.headers["Location"] == "/mes-informations/?etape=inscription"
    page = read(visitor.client.get(response.headers["Location"]))
    assert "Votre compte est créé. Vous pouvez commander." in page
    assert 'value="RUE DE BRIANGAUD"' in page
    assert 'value="35600"' in page
    user = User.objects.get()
    assert user.establishment is not None
    assert (user.establishment.siret, user.establishment.legal_name) == (visitor.siret, "LE GAL")
    assert (user.establishment.street_number, user.establishment.city) == ("14", "REDON")
    assert user.signup_siret == ""


def test_the_home_page_may_have_asked_for_the_siret_already(register: Register) -> None:
    visitor = Visitor(siret=register())
    visitor.client.post("/", {"siret": visitor.siret})
    assert visitor.client.get("/inscription/compte/").status_code == 200


def test_without_a_siret_the_second_step_says_to_begin_again() -> None:
    response = Client().get("/inscription/compte/", follow=True)
    assert response.redirect_chain == [("/inscription/", 302)]
    assert "Votre vérification de SIRET a expiré, recommencez." in read(response)


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"opt_in": False}, "Nous ne reconnaissons pas ce SIRET."),
        ({"headcount_code": "21"}, "Cette offre est réservée aux entreprises de moins de 50 salariés."),
        ({"is_open": False}, "Cet établissement est fermé."),
        ({"postal_code": "97150"}, "Nous ne livrons pas encore ce territoire."),
    ],
)
def test_a_siret_that_may_not_order_goes_no_further(register: Register, facts: dict, sentence: str) -> None:
    visitor = Visitor(siret=register(**facts))
    response = visitor.choose_siret()
    assert response.status_code == 200
    assert sentence in read(response)
    assert "signup_siret" not in visitor.client.session


def test_siret_checks_are_braked(register: Register, settings: object) -> None:
    settings.SIRET_CHECK_RATE = "1/m"  # type: ignore[attr-defined]
    visitor = Visitor(siret=register())
    visitor.choose_siret()
    response = visitor.choose_siret()
    assert response.status_code == 429
    assert "Trop de vérifications en peu de temps." in read(response)


def test_a_taken_siret_gets_a_way_out_and_its_holder_a_letter_a_day(register: Register) -> None:
    siret = register()
    holder = UserFactory(establishment__siret=siret, establishment__legal_name="LE GAL")
    for _ in range(2):
        page = read(Visitor(siret=siret).choose_siret())
    assert "Un compte existe déjà pour ce SIRET." in page
    assert "LE GAL" not in page
    assert holder.email not in page
    assert "/mot-de-passe/oublie/" in page
    assert "Ce n’est pas moi" in page
    (letter,) = letters("siret_already_taken", holder.email)
    assert "LE GAL" in letter.body_text


def test_nothing_typed_is_lost_but_passwords(register: Register) -> None:
    visitor = Visitor(siret=register())
    page = read(visitor.sign_up(email2="autre@legal.example"))
    assert "Les deux saisies ne sont pas identiques." in page
    assert page.count(f'value="{visitor.username}"') == 2
    assert f'value="{visitor.email}"' in page
    assert 'value="autre@legal.example"' in page
    assert PASSWORD not in page
    assert not User.objects.exists()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"username": "a@b.fr", "username2": "a@b.fr"}, "Lettres, chiffres, points et tirets uniquement."),
        ({"username": "abc", "username2": "abc"}, "4 caractères au minimum."),
        ({"username": "x" * 31, "username2": "x" * 31}, "30 caractères au maximum."),
        ({"username2": "autre"}, "Les deux saisies ne sont pas identiques."),
        ({"password2": "Autre-2020!"}, "Les deux saisies ne sont pas identiques."),
        (
            {"password1": "atelier", "password2": "atelier"},
            "Il manque : une majuscule, un chiffre, un caractère spécial.",
        ),
        (
            {"password1": "Legal.Redon1", "password2": "Legal.Redon1"},
            "Ce mot de passe ressemble trop à votre identifiant.",
        ),
        ({"email": "rien", "email2": "rien"}, "Indiquez une adresse e-mail complète, par exemple nom@entreprise.fr."),
        ({"captcha": "faux"}, "La vérification n’a pas abouti. Cochez de nouveau la case."),
        ({"captcha_comment": "robot"}, "La vérification n’a pas abouti."),
        ({"username": "x" * 10_000, "email": "y" * 10_000, "password1": "Z" * 10_000}, "30 caractères au maximum."),
    ],
)
def test_what_is_wrong_is_said_beside_the_field(register: Register, changes: dict, sentence: str) -> None:
    response = Visitor(siret=register()).sign_up(**changes)
    assert response.status_code == 200
    assert sentence in read(response)
    assert not User.objects.exists()


def test_the_user_name_of_a_confirmed_account_is_not_available_whatever_its_case(register: Register) -> None:
    UserFactory(username="Legal.Redon")
    assert "Cet identifiant n’est pas disponible." in read(Visitor(siret=register()).sign_up())


def anonymous(page: str, visitor: Visitor) -> str:
    """The page without what differs from one browser to the next."""
    page = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", page)
    return page.replace(visitor.email.lower(), "ADDRESS")


def test_a_known_address_looks_like_success_and_gets_a_letter(register: Register) -> None:
    """AC3, AC9: same pages whatever the case of the address; no second account, no code, no leak."""
    owner = UserFactory(email="atelier@legal.example")
    known, unknown = Visitor(siret=register(1), email="Atelier@Legal.example"), Visitor(siret=register(2))
    unknown.username, unknown.email = "nouveau", "nouveau@legal.example"

    answers = [visitor.sign_up() for visitor in (known, unknown)]
    pages = [read(visitor.client.get("/inscription/verification/")) for visitor in (known, unknown)]

    assert {(answer.status_code, answer.headers["Location"]) for answer in answers} == {
        (302, "/inscription/verification/")
    }
    assert anonymous(pages[0], known) == anonymous(pages[1], unknown)
    assert "Changer d’adresse" in pages[0]
    assert "Renvoyer un code" in pages[0]
    assert [letter.kind for letter in letters(to=owner.email)] == ["accounts/account_exists"]
    assert User.objects.filter(email__iexact=owner.email).get() == owner
    assert "Il vous reste 2 essais." in read(known.confirm(WRONG_CODE))


def test_signing_in_to_the_sign_up_of_a_known_address_tells_nothing_either(register: Register) -> None:
    UserFactory(email="atelier@legal.example")
    visitor = Visitor(siret=register())
    visitor.sign_up()
    client = Client()
    response = client.post("/connexion/", {"login": visitor.username, "password": visitor.password})
    assert response.headers["Location"] == "/inscription/verification/"
    assert not letters("account_confirmation")


def test_an_unconfirmed_sign_up_reserves_nothing(register: Register) -> None:
    """AC5: neither SIRET nor name nor address."""
    siret = register()
    first, second = Visitor(siret=siret), Visitor(siret=siret)
    first.sign_up()
    second.sign_up()
    user = User.objects.get()
    assert second.confirm().status_code == 302
    user.refresh_from_db()
    assert user.establishment is not None
    assert "connectez-vous" in read(first.client.get("/inscription/verification/", follow=True))


def test_of_two_sign_ups_for_one_siret_the_second_to_confirm_reads_that_it_is_taken(register: Register) -> None:
    siret = register()
    first, second = Visitor(siret=siret), Visitor(siret=siret, username="second", email="second@legal.example")
    first.sign_up()
    second.sign_up()
    first.confirm()
    response = second.confirm()
    assert response.headers["Location"] == "/inscription/"
    assert "Un compte existe déjà pour ce SIRET." in read(second.client.get("/inscription/"))
    assert len(letters("siret_already_taken", first.email)) == 1
    # The address is confirmed: another establishment can be bound without signing up again.
    second.siret = register(2)
    response = second.client.post("/inscription/", {"siret": second.siret}, follow=True)
    assert "Votre établissement est rattaché." in read(response)
    assert Establishment.objects.get(siret=second.siret).account.username == "second"


def test_a_sign_up_sent_twice_makes_one_account_and_one_code(register: Register) -> None:
    """AC4, one after the other: the captcha's answer is spent, and the second click still lands on the code page."""
    visitor = Visitor(siret=register())
    visitor.choose_siret()
    form = visitor.form()
    answers = [visitor.client.post("/inscription/compte/", form) for _ in range(2)]
    assert [answer.headers["Location"] for answer in answers] == ["/inscription/verification/"] * 2
    assert User.objects.count() == 1
    assert len(letters("account_confirmation")) == 1
    assert visitor.confirm().status_code == 302


def test_codes_that_a_slow_relay_still_holds_are_taken_back(register: Register) -> None:
    visitor = Visitor(register())
    visitor.sign_up()
    visitor.client.post("/inscription/verification/", {"action": "resend"})
    codes = Message.objects.filter(kind="accounts/account_confirmation").order_by("pk")
    assert list(codes.values_list("status", flat=True)) == ["withdrawn", "pending"]
    visitor.confirm()
    assert not codes.filter(status="pending").exists()


def test_a_wrong_code_leaves_two_tries_then_a_new_code_is_needed(register: Register) -> None:
    """AC6"""
    visitor = Visitor(siret=register())
    visitor.sign_up()
    old = last_code(visitor.email)
    assert "Ce champ est obligatoire." in read(visitor.client.post("/inscription/verification/", {"code": ""}))
    assert "Il vous reste 2 essais." in read(visitor.confirm(WRONG_CODE))
    assert "Il vous reste 1 essai." in read(visitor.confirm(WRONG_CODE))
    visitor.confirm(WRONG_CODE)
    page = read(visitor.client.get("/inscription/verification/"))
    assert "Trop d’essais. Un nouveau code est nécessaire." in page
    assert "Renvoyer un code" in page
    response = visitor.client.post("/inscription/verification/", {"action": "resend"}, follow=True)
    assert "Un nouveau code est parti." in read(response)
    assert last_code(visitor.email) != old
    assert visitor.confirm().headers["Location"].startswith("/mes-informations/")


def test_a_late_code_says_so_and_a_new_one_goes_on(register: Register) -> None:
    """AC6"""
    visitor = Visitor(siret=register())
    with freeze_time("2020-05-05 10:00:00+02:00") as clock:
        visitor.sign_up()
        clock.tick(16 * 60)
        response = visitor.confirm()
        assert "Ce code a expiré. Demandez-en un nouveau." in read(response)
        visitor.client.post("/inscription/verification/", {"action": "resend"})
        assert visitor.confirm().headers["Location"].startswith("/mes-informations/")


def test_a_code_typed_in_another_browser_leads_to_sign_in_and_a_new_code(register: Register) -> None:
    """AC6"""
    visitor = Visitor(siret=register())
    visitor.sign_up()
    other = Client()
    response = other.post("/inscription/verification/", {"code": last_code(visitor.email)}, follow=True)
    assert "Le code se saisit dans le navigateur où vous avez commencé" in read(response)
    response = other.post("/connexion/", {"login": visitor.email, "password": PASSWORD})
    assert response.headers["Location"] == "/inscription/verification/"
    response = other.post("/inscription/verification/", {"code": last_code(visitor.email)})
    assert response.headers["Location"].startswith("/mes-informations/")


def test_a_mistyped_address_can_be_changed_and_gets_nothing_more(register: Register) -> None:
    """AC7"""
    visitor = Visitor(siret=register(), email="atelire@legal.example")
    visitor.sign_up()
    old_code = last_code(visitor.email)
    right = "atelier@legal.example"
    response = visitor.client.post("/inscription/verification/", {"action": "change", "email": right}, follow=True)
    assert right in read(response)
    assert "Il vous reste" in read(visitor.confirm(old_code))
    mistyped, visitor.email = visitor.email, right
    visitor.confirm()
    assert User.objects.get().email == right
    assert len(letters(to=mistyped)) == 1


def test_a_wrong_new_address_keeps_the_page_and_the_code(register: Register) -> None:
    visitor = Visitor(siret=register())
    visitor.sign_up()
    page = read(visitor.client.post("/inscription/verification/", {"action": "change", "email": "rien"}))
    assert "Indiquez une adresse e-mail complète" in page
    assert 'name="code"' in page
    assert visitor.confirm().status_code == 302


def test_changing_to_a_known_address_writes_to_its_owner_only(register: Register) -> None:
    owner = UserFactory()
    visitor = Visitor(siret=register())
    visitor.sign_up()
    visitor.client.post("/inscription/verification/", {"action": "change", "email": owner.email})
    assert [letter.kind for letter in letters(to=owner.email)] == ["accounts/account_exists"]
    assert len(letters("account_confirmation")) == 1


def test_too_many_codes_leave_the_last_one_good(register: Register) -> None:
    visitor = Visitor(siret=register())
    visitor.sign_up()
    for _ in range(6):
        response = visitor.client.post("/inscription/verification/", {"action": "resend"}, follow=True)
    assert "Plusieurs codes viennent de partir." in read(response)
    assert visitor.confirm().headers["Location"].startswith("/mes-informations/")


def test_what_registers_mask_stays_empty(register: Register) -> None:
    visitor = Visitor(siret=register(legal_name="[ND]", street="[ND]", city="[ND]"))
    visitor.sign_up()
    visitor.confirm()
    establishment = Establishment.objects.get()
    assert (establishment.legal_name, establishment.street_name, establishment.city) == ("", "", "")


def test_what_the_chamber_does_not_tell_is_filled_in_from_sirene(register: Register) -> None:
    siret = register(legal_name="", headcount_code="", street="", postal_code="", city="", naf="")
    SireneEstablishment.objects.create(
        siret=siret, is_open=True, is_confidential=False, is_head_office=True, trade_name="LE PETIT GAL",
        address_extra="BATIMENT A", street="7 B AVENUE DES GENERAUX DE L EMPIRE", postal_code="35600", city="REDON",
        naf="23.70Z",
    )  # fmt: skip
    SireneUnit.objects.create(
        siren=siret[:9], is_active=True, is_confidential=False, legal_name="CAMILLE LE GAL", headcount_code="02"
    )
    visitor = Visitor(siret=siret)
    visitor.sign_up()
    visitor.confirm()
    found = Establishment.objects.get()
    assert (found.legal_name, found.trade_name, found.naf) == ("CAMILLE LE GAL", "LE PETIT GAL", "23.70Z")
    assert (found.address_extra, found.street_number, found.street_name) == (
        "BATIMENT A", "7 B", "AVENUE DES GENERAUX DE L EMPIRE",
    )  # fmt: skip
    assert (found.postal_code, found.city) == ("35600", "REDON")


def test_codes_are_secret_letters(register: Register) -> None:
    visitor = Visitor(siret=register())
    visitor.sign_up()
    (letter,) = Message.objects.all()
    assert letter.is_secret
    assert letter.not_after


def test_sign_ups_never_confirmed_are_forgotten_after_seven_days() -> None:
    """AC5"""
    with freeze_time("2020-05-01 12:00:00+02:00"):
        old, kept = UserFactory(unconfirmed=True), UserFactory()
        staff = UserFactory(staff=True)
    with freeze_time("2020-05-03 12:00:00+02:00"):
        recent = UserFactory(unconfirmed=True)
    with freeze_time("2020-05-08 12:00:01+02:00"):
        delete_stale_signups()
    assert set(User.objects.all()) == {kept, staff, recent}
    assert old not in User.objects.all()


def test_an_establishment_without_account_is_taken_over_with_what_it_has(register: Register) -> None:
    visitor = Visitor(siret=register())
    left = EstablishmentFactory(company__siren=visitor.siret[:9], siret=visitor.siret, legal_name="ANCIEN NOM")
    visitor.sign_up()
    visitor.confirm()
    assert User.objects.get().establishment == left
