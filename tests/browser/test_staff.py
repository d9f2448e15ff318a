"""The staff's second factor in a browser: the demo's codes, a security key from set-up to sign-in, recovery codes."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from sandbox.supervisor import Stack
from tests.browser.desk import Desk, sign_in, type_password
from tests.browser.watch import Complaints

SECOND_FACTOR = "/identifiants/double-authentification/"


@pytest.fixture
def at_localhost(stack: Stack, complaints: Complaints) -> str:
    """Keys know host names only, so the shop is called by one; gives its address."""
    address = f"http://localhost:{stack.port}"
    complaints.origins = (*complaints.origins, f"{address}/")
    return address


def plug_in_a_key(page: Page) -> Callable[[], None]:
    """Give the browser a security key that answers as soon as it is asked; gives the way to pull it out."""
    tools = page.context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "usb", "hasResidentKey": False, "hasUserVerification": False,
               "isUserVerified": False, "automaticPresenceSimulation": True}  # fmt: skip
    key = tools.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]
    return lambda: tools.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": key})


def test_each_group_of_the_demo_signs_in_with_its_code_and_finds_its_work(desk: Callable[..., Desk]) -> None:
    page = desk("entrepot").page
    main = page.locator("#content, main").first
    expect(main).to_contain_text("Colis à préparer")
    expect(main).not_to_contain_text("Règlements à examiner")
    page.goto("/gestion/shipping/shipment/")
    expect(page).to_have_url(re.compile("/gestion/shipping/shipment/$"))


def test_a_key_is_set_up_on_the_way_to_the_desk_and_opens_it_the_next_time(
    page: Page, stack: Stack, at_localhost: str, accessible: Callable[..., None]
) -> None:
    page.goto(f"{at_localhost}/gestion/")
    sign_in(page, stack, "comptabilite")
    page.goto(f"{at_localhost}{SECOND_FACTOR}application/retirer/")
    page.get_by_role("button", name="Désactiver").click()
    page.goto(f"{at_localhost}/gestion/billing/payment/")
    expect(page.locator("main")).to_contain_text("La gestion n’ouvre qu’avec un second moyen")
    accessible(page)

    page.get_by_role("link", name="Ajouter une clé").click()
    plug_in_a_key(page)
    page.get_by_label("Nom de la clé").fill("Clé du bureau")
    accessible(page)
    page.get_by_role("button", name="Ajouter la clé").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Codes de secours")
    accessible(page)
    codes = page.locator("main li").all_inner_texts()
    assert len(codes) == 10
    with page.expect_download() as download:
        page.get_by_role("link", name="Télécharger").click()
    assert download.value.path().read_text().split() == codes
    page.get_by_role("link", name="Continuer vers la gestion").click()
    expect(page).to_have_url(f"{at_localhost}/gestion/billing/payment/")

    sign_out(page, at_localhost)
    page.goto(f"{at_localhost}/gestion/")
    type_password(page, "comptabilite", stack.env["DEMO_STAFF_PASSWORD"])
    accessible(page)
    page.get_by_role("button", name="Utiliser une clé de sécurité").click()
    expect(page).to_have_url(f"{at_localhost}/gestion/")

    sign_out(page, at_localhost)
    page.goto(f"{at_localhost}/gestion/")
    type_password(page, "comptabilite", stack.env["DEMO_STAFF_PASSWORD"])
    page.get_by_label("Code de l’application ou code de secours").fill(codes[3])
    page.get_by_role("button", name="Se connecter").click()
    expect(page).to_have_url(f"{at_localhost}/gestion/")


def sign_out(page: Page, at: str) -> None:
    page.goto(f"{at}/deconnexion/")
    page.locator("main").get_by_role("button", name="Se déconnecter").click()
    expect(page).to_have_url(f"{at}/")


def test_a_key_that_cannot_answer_is_told_and_another_way_stays_open(desk: Callable[..., Desk]) -> None:
    """By its number a host has no keys: the browser refuses at once."""
    page = desk("exploitation").page
    page.goto(f"{SECOND_FACTOR}cles/ajouter/")
    page.get_by_role("button", name="Ajouter la clé").click()
    expect(page.locator("#key-trouble")).to_contain_text("La clé de sécurité n’a pas répondu")
    expect(page.get_by_role("link", name="Abandonner")).to_be_visible()
