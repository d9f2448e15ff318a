"""A company that no register knows: refused, looked at by support, admitted, and a customer like any other."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.customer import Customer
from tests.browser.desk import Desk
from tests.browser.outside import Outside
from tests.browser.test_refused import fill_in
from tests.eligibility.files import HEIC, PDF, picture
from tests.factories import make_siren, make_siret

# No register knows where this company is: it says so itself.
DELIVERY = {
    "contact_name": "Camille Dupont", "mobile": "06 39 98 09 91", "street_name": "RUE DE BRIANGAUD",
    "postal_code": "35600", "city": "REDON",
}  # fmt: skip
FILES = {"urssaf.pdf": PDF, "carte.jpg": picture(), "IMG_0042.HEIC": HEIC, "erreur.pdf": PDF}


@pytest.mark.parametrize(
    ("javascript", "width", "rank"),
    [
        pytest.param(True, 390, 991, id="with a script on a phone"),
        pytest.param(False, 1280, 992, id="without a script on a desktop"),
    ],
)
def test_a_refused_company_is_looked_at_admitted_and_orders(
    visit: Callable[..., Page],
    desk: Callable[[], Desk],
    outside: Outside,
    accessible: Callable[..., None],
    tmp_path: Path,
    javascript: bool,
    width: int,
    rank: int,
) -> None:
    siret = make_siret(make_siren(rank))
    buyer = Customer(visit(javascript=javascript, width=width), outside, siret, rank)
    number = ask(buyer)
    staff = desk().page
    staff_ask_for_documents(staff, number)
    send_documents(buyer, tmp_path, accessible if javascript else None)
    staff_accept(staff, number)
    sign_up_and_order(buyer)


def ask(buyer: Customer) -> str:
    """From the refusal to the receipt; gives the case's number."""
    page = buyer.page
    buyer.check_siret()
    expect(page.locator("[data-answer=not_recognised]")).to_be_visible()
    page.get_by_role("button", name="Demander une vérification").click()
    fill_in(page, buyer.email)
    page.get_by_role("button", name="Envoyer ma demande").click()
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text(re.compile("est enregistrée$"))
    return re.search("RS[0-9]+", heading.inner_text())[0]


def staff_ask_for_documents(page: Page, number: str) -> None:
    open_case(page, number)
    page.get_by_role("link", name="Prendre en charge").click()
    page.get_by_role("button", name="Prendre en charge").click()
    page.get_by_role("link", name="Demander des documents").click()
    page.get_by_role("link", name="Effectif", exact=True).click()
    expect(page.get_by_label("Documents à fournir")).to_have_value(re.compile("attestation Urssaf"))
    page.get_by_role("button", name="Demander des documents").click()
    expect(page.locator("body")).to_contain_text("documents demandés")


def send_documents(buyer: Customer, folder: Path, accessible: Callable[..., None] | None) -> None:
    """Follow the link of the letter; of the files one is not good, and one is taken out again."""
    page = buyer.page
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    letter = buyer.outside.mail(buyer.email, "documents à fournir")
    page.goto(re.search(r"https?://\S+/rejet-siret/[^\s)]+", letter["text"])[0])
    expect(page.locator("main")).to_contain_text("attestation Urssaf")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    if accessible:
        accessible(page)

    page.get_by_label("Votre message").fill("Voici l’attestation.")
    page.get_by_label("Vos justificatifs").set_input_files(
        [folder / "urssaf.pdf", folder / "IMG_0042.HEIC", folder / "erreur.pdf"]
    )
    send(page)
    expect(page.locator("main")).to_contain_text("HEIC")
    expect(page.get_by_label("Votre message")).to_have_value("Voici l’attestation.")
    expect(page.get_by_label("urssaf.pdf")).to_be_checked()
    if accessible:
        accessible(page)
    page.get_by_label("erreur.pdf").uncheck()
    page.get_by_label("Vos justificatifs").set_input_files(folder / "carte.jpg")
    send(page)
    expect(page.locator("main")).to_contain_text("Réponse au plus tard le")
    for words in ("urssaf.pdf", "carte.jpg", "Voici l’attestation."):
        expect(page.locator("main")).to_contain_text(words)
    expect(page.locator("main")).not_to_contain_text("erreur.pdf")


def send(page: Page) -> None:
    page.get_by_role("button", name="Envoyer mes justificatifs").click()


def staff_accept(page: Page, number: str) -> None:
    open_case(page, number)
    expect(page.locator(".desk__head")).to_contain_text("À traiter avant")
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Télécharger urssaf.pdf").click()
    assert downloading.value.path().read_bytes() == PDF
    page.get_by_role("link", name="Accepter et admettre").click()
    page.get_by_label("Réseau").select_option(label="CCI")
    page.get_by_label("Effectif de l’entreprise").fill("12")
    page.get_by_role("button", name="Accepter et admettre").click()
    expect(page.locator("body")).to_contain_text(re.compile(f"Demande {number}\\s: acceptée"))
    expect(page.locator("body")).to_contain_text("document téléchargé")


def open_case(page: Page, number: str) -> None:
    """Find a case by its number, as a caller dictates it."""
    page.goto(f"/gestion/eligibility/case/?q={number}")
    page.locator("#result_list").get_by_role("link", name=number).first.click()
    expect(page.locator(".desk__head")).to_contain_text(number)


def sign_up_and_order(buyer: Customer) -> None:
    page = buyer.page
    buyer.outside.mail(buyer.email, "votre entreprise peut commander")
    page.reload()
    expect(page.locator("main")).to_contain_text("Votre entreprise est admise.")
    expect(page.locator("main")).not_to_contain_text("urssaf.pdf")
    buyer.open_account()
    buyer.confirm_email()
    buyer.ask_for(lots=1)
    for name, value in DELIVERY.items():
        page.locator(f"[name={name}]").fill(value)
    buyer.say_where()
    expect(page.locator(".summary")).to_contain_text("1 lot de 40")
    buyer.commit_and_pay()
    buyer.pay()
    buyer.expect_thanks()
