"""The first page: the SIRET check, its answer on the spot, the prices."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django.http import HttpResponse
from django.test import Client

from masques.views import SIGNUP_SIRET
from tests.factories import make_siren, make_siret
from tests.journeys import customer

UNLISTED = make_siret(make_siren(999))
NOT_RECOGNISED = "Nous ne reconnaissons pas ce SIRET."


def ask(client: Client, siret: str, **headers: str) -> HttpResponse:
    return client.post("/", {"siret": siret}, headers=headers)


def test_the_page_shows_the_field_the_prices_and_the_hours(client, prices) -> None:
    page = client.get("/").content.decode()
    assert "Bienvenue sur la plateforme de commande de masques dédiée aux TPE-PME" in page
    assert "Numéro SIRET de votre établissement" in page
    assert "92,50\u00a0€" in page
    assert "23,68\u00a0€" in page
    assert "36&nbsp;34" in page


def test_the_page_costs_one_query_to_a_visitor(client, prices, django_assert_num_queries) -> None:
    with django_assert_num_queries(1):
        client.get("/")


def test_the_page_stands_without_prices(client, db) -> None:
    assert client.get("/").status_code == 200


def test_an_eligible_company_reads_its_offer_and_its_price(client, listed) -> None:
    page = ask(client, listed(headcount=35)).content.decode()
    assert "Votre entreprise peut commander." in page
    assert "Jusqu’à 2\u00a0lots de 40&nbsp;masques" in page
    assert "92,50\u00a0€&nbsp;HT le lot" in page
    assert "Créer mon compte" in page


def test_the_price_is_that_of_the_establishments_zone(client, listed) -> None:
    assert "23,68\u00a0€&nbsp;HT le lot" in ask(client, listed(headcount=2, postal_code="97200")).content.decode()


def test_no_price_is_promised_without_a_postal_code(client, listed) -> None:
    answer = ask(client, listed(postal_code=""), x_fragment="answer").content.decode()
    assert "Votre entreprise peut commander." in answer
    assert "€" not in answer


def test_the_siret_of_an_eligible_company_is_kept_for_sign_up(client, listed) -> None:
    siret = listed()
    page = ask(client, siret).content.decode()
    assert client.session[SIGNUP_SIRET] == siret
    assert f"={siret}" not in page  # in no address


def test_a_refused_siret_is_not_kept(client, loaded) -> None:
    ask(client, UNLISTED)
    assert SIGNUP_SIRET not in client.session


@pytest.mark.parametrize(
    ("facts", "title"),
    [
        ({"headcount": 50}, "Cette offre est réservée aux entreprises de moins de 50\u00a0salariés."),
        ({"is_open": False}, "Cet établissement est fermé."),
        ({"postal_code": "98800"}, "Nous ne livrons pas encore ce territoire."),
        ({"opt_in": False}, NOT_RECOGNISED),
    ],
)
def test_a_refusal_says_why_and_what_to_do(client, listed, facts, title) -> None:
    page = ask(client, listed(**facts)).content.decode()
    assert title in page
    assert "Créer mon compte</a>" not in page


def test_a_territory_that_opens_later_reads_the_date(client, listed, settings) -> None:
    opening = datetime(2099, 5, 11, tzinfo=ZoneInfo("Europe/Paris"))
    settings.ZONE_OPENS_AT = settings.ZONE_OPENS_AT | {"GP_MQ_RE": opening}
    page = ask(client, listed(postal_code="97200")).content.decode()
    assert "à partir du lundi 11 mai 2099" in page
    assert "commandes ouvertes au plus tard le lundi 11 mai 2099" in page


def test_without_a_register_nobody_is_refused(client, prices) -> None:
    assert "Le service est momentanément indisponible." in ask(client, UNLISTED).content.decode()


def test_the_unknown_and_the_opted_out_look_the_same(client, listed) -> None:
    first, second = (_answer_without_names(client, siret) for siret in (listed(opt_in=False), UNLISTED))
    assert NOT_RECOGNISED in first[0]
    assert first == second


def _answer_without_names(client: Client, siret: str) -> tuple[str, int, set[str]]:
    response = ask(client, siret, x_fragment="answer")
    text = response.content.decode().replace(siret, "SIRET")
    text = re.sub(r'(name="csrfmiddlewaretoken" value=)"\w+"', r"\1", text)
    return text, response.status_code, set(response.headers)


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ("", "Indiquez votre numéro SIRET."),
        ("732829320", "Vous avez saisi un SIREN (9 chiffres)"),
        ("73282932000075", "Ce numéro SIRET n’existe pas"),
        ("00000000000000", "Ce numéro SIRET n’existe pas"),
        ("７３２８２９３２００００７４", "Le SIRET ne comporte que des chiffres."),
        ("<script>alert(1)</script>", "Le SIRET"),
        ("9" * 10_000, "Le SIRET comporte 14"),
        ("\x00", ""),
    ],
)
def test_a_mistyped_number_is_explained_where_it_was_typed(client, prices, typed, error) -> None:
    response = ask(client, typed)
    page = response.content.decode()
    assert response.status_code == 200
    assert error in page.replace("\u00a0", " ")
    assert 'aria-invalid="true"' in page
    assert 'aria-describedby="id_siret_helptext reponse"' in page
    assert "<script>alert" not in page


def test_the_typed_number_stays_in_the_field(client, loaded) -> None:
    assert 'value="732 829 320 00074"' in ask(client, "732 829 320 00074").content.decode()


def test_the_script_gets_the_answer_alone(client, listed) -> None:
    response = ask(client, listed(), x_fragment="answer")
    assert response["X-Fragment"] == "answer"
    assert "<html" not in response.content.decode()
    assert "Votre entreprise peut commander." in response.content.decode()


def test_too_many_checks_are_asked_to_wait(client, loaded, settings) -> None:
    settings.SIRET_CHECK_RATE = "2/m"
    assert [ask(client, UNLISTED).status_code for _ in range(3)] == [200, 200, 429]
    page = ask(client, UNLISTED).content.decode()
    assert "Trop de vérifications en peu de temps." in page
    assert "Réessayez dans 1\u00a0minute." in page


def test_a_mistyped_number_is_not_counted(client, loaded, settings) -> None:
    settings.SIRET_CHECK_RATE = "1/m"
    ask(client, "732")
    assert ask(client, UNLISTED).status_code == 200


def test_an_answer_names_itself_in_the_title(client, listed) -> None:
    page = ask(client, listed()).content.decode()
    assert "<title>Votre entreprise peut commander – Commande de masques" in page


def test_other_methods_are_refused(client, db) -> None:
    assert client.put("/").status_code == 405


def test_nothing_of_the_company_is_told(client, listed) -> None:
    siret = listed(headcount=17)
    page = ask(client, siret, x_fragment="answer").content.decode().replace(siret, "")
    page = re.sub(r'value="[A-Za-z0-9]{64}"', "", page)  # the form's token is any letters and digits
    for secret in ("ATELIER", "BRIANGAUD", "REDON", "17", "CCI"):
        assert secret not in page


def test_a_customer_is_sent_to_the_shop(client, listed) -> None:
    client.force_login(customer())
    page = client.get("/").content.decode()
    assert "Déconnexion" in page
    assert 'href="/commander/"' in page
    assert "J’ai déjà un compte" not in page
