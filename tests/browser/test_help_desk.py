"""The support's own pages: a SIRET looked up line by line; an e-mail that becomes a case, and its sender a customer."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.customer import Customer
from tests.browser.desk import Desk
from tests.browser.outside import Outside
from tests.browser.test_rejet_siret import open_case
from tests.eligibility.files import PDF
from tests.factories import make_siren, make_siret

BOTH, TOO_LARGE, UNKNOWN = "444 462 725 00029", "007 080 773 00182", "732 829 320 00074"


# --- a SIRET looked up


@pytest.mark.parametrize(
    ("typed", "title", "outcomes"),
    [
        (BOTH, "Verdict : peut commander", ["Oui"] * 6),
        (TOO_LARGE, "Verdict : 50 salariés ou plus", ["Oui"] * 3 + ["Non"] + ["Non examiné"] * 2),
        (UNKNOWN, "Verdict : inconnu", ["Oui", "Non"] + ["Non examiné"] * 4),
    ],
    ids=["may order", "too large", "unknown"],
)
def test_support_reads_why_a_siret_may_order_or_not(
    desk: Callable[..., Desk], accessible: Callable[..., None], typed: str, title: str, outcomes: list[str]
) -> None:
    page = desk("support").page
    page.get_by_label("SIRET ou SIREN").fill(typed)
    page.get_by_role("button", name="Chercher", exact=True).click()
    expect(page.get_by_role("heading", name=f"SIRET {typed}")).to_be_visible()
    expect(page.get_by_role("heading", name=re.compile(title.replace(" ", r"\s"), re.IGNORECASE))).to_be_visible()
    assert page.locator(".lookup__outcome").all_inner_texts() == outcomes
    assert not re.search("[0-9]{9}", page.url), "a number in an address is a number in the logs"
    accessible(page)


def test_a_siren_leads_to_its_establishments_and_back(desk: Callable[..., Desk]) -> None:
    page = desk("support").page
    page.goto("/gestion/siret/")
    page.get_by_label("SIRET ou SIREN").fill("444462725")
    page.get_by_role("button", name="Chercher", exact=True).click()
    expect(page.get_by_role("heading", name="SIREN 444462725")).to_be_visible()
    page.get_by_role("button", name=re.compile(BOTH.replace(" ", r"\s"))).first.click()
    expect(page.get_by_role("heading", name=f"SIRET {BOTH}")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="SIREN 444462725")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="SIREN 444462725")).to_be_visible()


def test_a_mistyped_number_is_told_beside_its_field(desk: Callable[..., Desk], accessible: Callable[..., None]) -> None:
    page = desk("support").page
    page.goto("/gestion/siret/")
    page.get_by_label("SIRET ou SIREN").fill("444 462 725 0002")
    page.get_by_role("button", name="Chercher", exact=True).click()
    expect(page.locator("#id_q_error")).to_contain_text("14 chiffres")
    expect(page.get_by_label("SIRET ou SIREN")).to_have_value("444 462 725 0002")
    accessible(page)


# --- an e-mail


def test_an_email_becomes_a_case_and_its_sender_a_customer(
    visit: Callable[..., Page],
    desk: Callable[..., Desk],
    outside: Outside,
    accessible: Callable[..., None],
    tmp_path: Path,
) -> None:
    siret = make_siret(make_siren(993))
    buyer = Customer(visit(width=390), outside, siret, 993)
    write_to_support(buyer, tmp_path)
    letter = outside.nudged(
        "eligibility.cases.tasks.read_mailbox",
        probe=lambda: outside.mails(buyer.email, "Rejet SIRET – demande"),
        what="the acknowledgement",
    )[-1]
    number = re.search("demande (RS[0-9]{6}) reçue", letter["subject"])[1]
    outside.mail(buyer.email, "justificatifs reçus")

    staff = desk("support").page
    open_case(staff, number)
    expect(staff.locator(".desk__head")).to_contain_text("origine : e-mail")
    expect(staff.locator(".desk__thread")).to_contain_text("Mon SIRET n’est pas reconnu")
    with staff.expect_download() as downloading:
        staff.get_by_role("link", name="Télécharger kbis.pdf").click()
    assert downloading.value.path().read_bytes() == PDF
    fits_and_reads_well(staff, accessible)
    accept(staff, number)
    sign_up_by_the_letter(buyer)


def fits_and_reads_well(page: Page, accessible: Callable[..., None]) -> None:
    """The case as it stands, and the desk around it, on a desktop and on a telephone."""
    case = page.url
    for address in (case, "/gestion/", "/gestion/eligibility/case/", re.sub("change/$", "accepter/agir/", case)):
        page.goto(address)
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 844})
            accessible(page)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (address, width)
            expect(page.get_by_role("main")).to_have_count(1)
    page.set_viewport_size({"width": 1280, "height": 844})
    page.goto(case)


def write_to_support(buyer: Customer, folder: Path) -> None:
    """From the customer's own mail program: the sandbox's page."""
    (folder / "kbis.pdf").write_bytes(PDF)
    page = buyer.page
    page.goto(f"{buyer.outside.url}/mail/ecrire/")
    page.get_by_label("De", exact=True).fill(f"Camille Dupont <{buyer.email}>")
    page.get_by_label("Texte").fill(f"Bonjour,\n\nMon SIRET n’est pas reconnu : {buyer.siret}.\n\nCamille Dupont\n")
    page.get_by_label("Pièces jointes").set_input_files(folder / "kbis.pdf")
    page.get_by_role("button", name="Envoyer").click()


def accept(page: Page, number: str) -> None:
    page.get_by_role("link", name="Accepter et admettre").click()
    page.get_by_label("Raison sociale").fill("ATELIER DUPONT")
    page.get_by_label("Effectif de l’entreprise").fill("4")
    page.get_by_label("Réseau").select_option(label="CMA")
    page.get_by_role("button", name="Accepter et admettre").click()
    expect(page.locator("body")).to_contain_text(re.compile(f"Demande {number}\\s: acceptée"))


def sign_up_by_the_letter(buyer: Customer) -> None:
    """The link leads to the second step: nobody types the SIRET again."""
    letter = buyer.outside.mail(buyer.email, "votre entreprise peut commander")
    link = re.search(r"https?://\S+/inscription/demande/\S+/", letter["text"])[0]
    assert buyer.siret not in link
    page = buyer.page
    page.goto(link)
    expect(page).to_have_url(re.compile("/inscription/compte/$"))
    expect(page.locator("main")).to_contain_text(re.sub(r"(\d{3})(\d{3})(\d{3})", r"\1 \2 \3 ", buyer.siret))
    buyer.type_account()
    buyer.send_account()
    buyer.confirm_email()
