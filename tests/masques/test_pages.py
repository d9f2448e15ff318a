"""Public pages: they open for everybody, hold what the law wants, and keep their headers."""

import re
import uuid

import altcha
import pytest
from django.test import Client
from django.urls import reverse

from notifications.models import Message
from tests.factories import UserFactory

PAGES = ("help", "legal", "terms", "privacy", "accessibility", "sitemap")


def page(client: Client, name: str) -> str:
    response = client.get(reverse(f"pages:{name}"))
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_for_a_visitor_and_for_a_customer(client, db, name) -> None:
    page(client, name)
    client.force_login(UserFactory())
    page(client, name)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_one_title_one_h1_and_the_landmarks(client, db, name) -> None:
    html = page(client, name)
    assert html.count("<h1") == 1
    assert html.count("<main") == 1
    assert '<html lang="fr">' in html
    assert 'href="#contenu"' in html


def test_titles_are_unique(client, db) -> None:
    titles = [re.search(r"<title>(.*?)</title>", page(client, name))[1] for name in PAGES]
    assert len(set(titles)) == len(PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_takes_nothing_from_a_third_party(client, db, name) -> None:
    for address in re.findall(r'(?:src|srcset|action|<link[^>]*href)="([^"]+)"', page(client, name)):
        assert address.startswith(("/", "#")), address


def test_a_page_states_a_strict_policy(client, db) -> None:
    policy = client.get("/aide/")["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "script-src 'self'" in policy
    assert "style-src 'self'" in policy


def test_legal_mentions_name_seller_and_host(client, db, settings) -> None:
    html = page(client, "legal")
    for fact in ("name", "legal_form", "capital", "rcs_city", "vat_number", "phone", "email", "publisher"):
        assert settings.SELLER[fact] in html
    assert settings.HOST["name"] in html
    assert "Atkinson Hyperlegible Next" in html


def test_terms_say_their_version_and_the_penalties(client, db, settings) -> None:
    settings.TERMS_VERSION = "2026-12-01"
    html = page(client, "terms")
    assert "Version du 01/12/2026" in html
    assert settings.SELLER["late_penalty"] in html
    assert html.count("<h2 id=") == 15


def test_privacy_lists_periods_rights_and_cookies(client, db) -> None:
    html = page(client, "privacy")
    assert "10\u00a0ans à compter de la clôture de l’exercice" in html
    assert "www.cnil.fr" in html
    assert "sessionid" in html
    assert "test de Google" not in html


def test_googles_test_is_named_where_it_is_offered(client, db, settings) -> None:
    settings.RECAPTCHA_PUBLIC_KEY = settings.RECAPTCHA_PRIVATE_KEY = "key"
    assert "Le test de Google, facultatif" in page(client, "privacy")


def test_accessibility_is_stated_in_the_footer_of_every_page(client, db, settings) -> None:
    settings.ACCESSIBILITY_STATE = "partiellement conforme"
    assert "Accessibilité&nbsp;: partiellement conforme" in page(client, "help")
    assert "Aucun audit" not in page(client, "accessibility")


def test_every_link_of_the_site_map_leads_somewhere(client, prices) -> None:
    main = page(client, "sitemap").split("<main")[1].split("</main>")[0]
    links = re.findall(r'href="(/[^"#]*)"', main)
    assert len(links) > 15
    for link in links:
        response = client.get(link)
        assert response.status_code in (200, 302), link
        if response.streaming:
            assert b"".join(response)  # reading to the end closes the file


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ("open", ""),
        ("paused", "Les commandes sont momentanément suspendues."),
        ("closed", "L’opération est terminée."),
    ],
)
def test_the_state_of_the_programme_is_said_on_every_page(client, db, settings, state, sentence) -> None:
    settings.PROGRAMME_STATE = state
    html = page(client, "help")
    assert ('class="programme"' in html) is bool(sentence)
    assert sentence in html


def test_the_demo_says_so_on_every_page(client, db, settings) -> None:
    sentence = "Site de démonstration&nbsp;: aucune commande n’est réelle."
    settings.DEMO = False
    assert sentence not in page(client, "help")
    settings.DEMO = True
    assert sentence in page(client, "help")


def test_robots_are_kept_from_private_pages_and_from_the_demo(client, settings) -> None:
    settings.DEMO = False
    assert "Disallow: /mon-espace/" in client.get("/robots.txt").content.decode()
    settings.DEMO = True
    assert "Disallow: /\n" in client.get("/robots.txt").content.decode()


# --- writing to us


def letter(**changes: str) -> dict[str, str]:
    fields = {"subject": "Ma livraison", "reference": "ECTZ326", "message": "Où est mon colis ?"}
    return fields | {"token": str(uuid.uuid4())} | changes


def solved(client: Client) -> str:
    challenge = altcha.Challenge.from_dict(client.get("/captcha/?form=contact").json())
    solution = altcha.solve_challenge(challenge)
    assert solution is not None
    return str(altcha.Payload(challenge, solution).to_base64())


def test_a_visitors_message_reaches_the_service_client(client, db, settings) -> None:
    response = client.post("/aide/", letter(email="camille@atelier.example", captcha=solved(client)), follow=True)
    assert "Votre message est parti." in response.content.decode()
    message = Message.objects.get()
    assert message.recipient == settings.SUPPORT_EMAIL
    assert "camille@atelier.example" in message.body_text
    assert "Où est mon colis ?" in message.body_text
    assert message.about == "ECTZ326"
    assert message.subject == "Message d’un client\u00a0: Ma livraison – ECTZ326"


def test_a_customer_need_not_say_who_writes(client, db) -> None:
    user = UserFactory()
    client.force_login(user)
    assert "captcha" not in client.get("/aide/").content.decode()
    client.post("/aide/", letter())
    text = Message.objects.get().body_text
    assert user.email in text
    assert user.username in text


def test_the_same_page_sent_twice_is_one_message(client, db) -> None:
    client.force_login(UserFactory())
    same = letter()
    client.post("/aide/", same)
    client.post("/aide/", same)
    assert Message.objects.count() == 1


def test_what_is_missing_is_said_and_nothing_typed_is_lost(client, db) -> None:
    html = client.post("/aide/", letter(subject="", email="pas une adresse")).content.decode()
    assert "2&nbsp;points à corriger" in html
    assert "Indiquez une adresse e-mail complète" in html
    assert "Où est mon colis ?" in html
    assert not Message.objects.exists()


def test_a_page_with_something_to_correct_says_so_first(client, db) -> None:
    """In the title, which is read before all else; on every page with a form alike."""
    for path in ("/aide/", "/rejet-siret/", "/inscription/", "/connexion/", "/mot-de-passe/oublie/"):
        assert "À corriger" not in client.get(path).content.decode(), path
        assert "<title>À corriger&nbsp;: " in client.post(path, {}).content.decode(), path


def test_a_reference_that_is_too_long_has_the_usual_sentence(client, db) -> None:
    html = client.post("/aide/", letter(reference="X" * 13)).content.decode()
    assert "12\u00a0caractères au maximum." in html


def test_a_robot_that_fills_in_the_trap_sends_nothing(client, db) -> None:
    client.post("/aide/", letter(email="a@b.example", captcha=solved(client), captcha_comment="achetez"))
    assert not Message.objects.exists()


def test_too_many_messages_are_asked_to_wait(client, db, settings) -> None:
    settings.CONTACT_RATE = "1/h"
    client.force_login(UserFactory())
    client.post("/aide/", letter())
    html = client.post("/aide/", letter()).content.decode()
    assert "Trop de messages en peu de temps." in html
    assert Message.objects.count() == 1


def test_a_header_cannot_be_smuggled_into_the_subject(client, db) -> None:
    client.force_login(UserFactory())
    client.post("/aide/", letter(subject="Autre\r\nBcc: x@y.example"))
    assert not Message.objects.exists()


# --- when something goes wrong


@pytest.mark.parametrize(("path", "status", "sentence"), [("/nulle-part/", 404, "Page introuvable")])
def test_an_error_page_says_what_to_do(client, db, path, status, sentence) -> None:
    response = client.get(path)
    assert response.status_code == status
    assert sentence in response.content.decode()
    assert 'href="/mon-espace/"' in response.content.decode()


def test_an_error_page_asks_nothing_of_the_database(client) -> None:
    assert client.get("/nulle-part/").status_code == 404  # without a database fixture, a query fails


def test_an_expired_form_says_that_nothing_was_sent() -> None:
    response = Client(enforce_csrf_checks=True).post("/", {"siret": "1"})
    assert response.status_code == 403
    assert "rien n’a été envoyé" in response.content.decode()


def test_too_large_a_form_says_so(client, settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    response = client.post("/", {"siret": "1" * 1000})
    assert response.status_code == 413
    assert "trop lourd" in response.content.decode()


def test_a_crash_gives_a_code_to_quote(client, monkeypatch) -> None:
    monkeypatch.setattr("masques.pages.NOT_FOR_ROBOTS", None)
    client.raise_request_exception = False
    response = client.get("/robots.txt")
    assert response.status_code == 500
    assert response["X-Request-Id"] in response.content.decode()
    assert "Votre commande et votre règlement sont à l’abri." in response.content.decode()


def test_programs_that_read_no_page_find_the_icon(client) -> None:
    response = client.get("/favicon.ico")
    assert response.status_code == 302
    assert re.fullmatch(r"/static/img/favicon(\.[0-9a-f]+)?\.png", response["Location"])


def test_a_shared_page_says_its_address_and_what_it_is_about(client, db, settings) -> None:
    html = client.get("/aide/").content.decode()
    assert f'<meta property="og:url" content="{settings.SITE_URL}/aide/">' in html
    assert '<meta name="description" property="og:description" content="Horaires et contacts' in html


def test_an_empty_search_for_a_parcel_is_answered(client, db) -> None:
    assert "Le numéro comporte 11 à 15" in client.get("/suivi/?numero=").content.decode()
    assert "Le numéro comporte 11 à 15" not in client.get("/suivi/").content.decode()
