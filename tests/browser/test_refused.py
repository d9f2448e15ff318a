"""A SIRET that may not order: told at once, without more than may be said, and with a way on."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.outside import Outside

TOO_LARGE, UNKNOWN = "00708077300182", "00973290000015"
FIELD = "Numéro SIRET de votre établissement"


@pytest.mark.parametrize("javascript", [True, False], ids=["with a script", "without a script"])
@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        (TOO_LARGE, "moins de 50 salariés"),
        (UNKNOWN, "ne figure pas dans les bases CCI et CMA"),
        ("732 829 320 0007", "14 chiffres"),
        ("73282932000075", "vérifiez"),
        ("", "SIRET"),
    ],
    ids=["too large", "unknown", "too short", "wrong key", "empty"],
)
def test_the_home_page_answers(visit: Callable[..., Page], javascript: bool, typed: str, answer: str) -> None:
    page = visit(javascript=javascript, width=390)
    page.goto("/")
    page.get_by_label(FIELD).fill(typed)
    page.get_by_role("button", name="Vérifier").click()
    expect(page.locator("#reponse")).to_contain_text(answer, ignore_case=True)
    assert digits(page.get_by_label(FIELD).input_value()) == digits(typed), "what was typed is kept"
    assert page.get_by_role("button", name="Créer mon compte").count() == 0


@pytest.mark.parametrize(
    ("javascript", "siret", "way"),
    [(True, TOO_LARGE, "Signaler une erreur"), (False, UNKNOWN, "Demander une vérification")],
    ids=["too large, with a script", "unknown, without a script"],
)
def test_a_refused_company_asks_for_a_check_and_follows_it(
    visit: Callable[..., Page], outside: Outside, javascript: bool, siret: str, way: str
) -> None:
    page, email = visit(javascript=javascript), f"rejet{siret[-5:]}@entreprise.example"
    page.goto("/")
    page.get_by_label(FIELD).fill(siret)
    page.get_by_role("button", name="Vérifier").click()
    page.get_by_role("button", name=way).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Mon SIRET n’est pas reconnu")
    assert siret not in page.url
    assert digits(page.locator("[name=siret]").input_value()) == siret

    fill_in(page, email)
    page.get_by_role("button", name="Envoyer ma demande").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(r"^Votre demande n°\s.+ est enregistrée$"))

    letter = outside.mail(email, "Rejet SIRET – demande")
    number = re.search("demande (.+) reçue", letter["subject"])[1]
    page.goto(re.search(r"https?://\S+/rejet-siret/\S+", letter["text"])[0])
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Demande n° {number}")
    expect(page.locator("main")).to_contain_text("Demande reçue le")


def digits(text: str) -> str:
    """A SIRET without the blanks a script puts into it."""
    return re.sub(r"\s", "", text)


def fill_in(page: Page, email: str) -> None:
    """Everything but the SIRET, which the page has brought along."""
    for name, value in {
        "legal_name": "ATELIER DUPONT",
        "contact_name": "Camille Dupont",
        "email": email,
        "email2": email,
        "phone": "02 99 00 00 00",
        "postal_code": "35740",
        "headcount": "12",
        "message": "Notre effectif est de 12 salariés.",
    }.items():
        page.locator(f"[name={name}]").fill(value)
    page.locator("[name=register]").first.check()
