"""The whole journey, from a SIRET to a delivered parcel, with a script on a phone and without one on a desktop."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.customer import Customer
from tests.browser.desk import PARCEL, Desk
from tests.browser.outside import Outside, until

STEPS = {
    "PC1": ("La Poste a pris en charge votre colis", "La Poste a pris en charge votre colis"),
    "EP1": ("devrait arriver demain", "votre colis devrait arriver demain"),
    "AG1": ("vous attend", "votre colis vous attend au bureau de poste"),
    "DI1": ("est livrée", "est livré"),
}


@pytest.mark.parametrize(
    ("javascript", "width", "offer"),
    [
        pytest.param(True, 390, "TPE", id="with a script on a phone"),
        pytest.param(False, 1280, "PME", id="without a script on a desktop"),
    ],
)
def test_a_company_goes_from_its_siret_to_a_delivered_parcel(
    visit: Callable[..., Page],
    customer: Callable[..., Customer],
    desk: Callable[[], Desk],
    outside: Outside,
    javascript: bool,
    width: int,
    offer: str,
) -> None:
    buyer = customer(visit(javascript=javascript, width=width), offer)
    sign_up(buyer)
    order_and_pay(buyer)
    download_invoice(buyer)
    parcel = send_parcel(desk(), buyer, outside)
    receive_parcel(buyer, parcel, outside)
    read_the_end(buyer, parcel)
    every_message_came_once(buyer, outside)


def sign_up(buyer: Customer) -> None:
    page = buyer.page
    buyer.check_siret()
    expect(page.locator("[data-answer=eligible]")).to_contain_text("peut commander")
    buyer.open_account()
    buyer.confirm_email()
    buyer.fill_information()


def order_and_pay(buyer: Customer) -> None:
    page = buyer.page
    buyer.ask_for(lots=2)
    buyer.say_where()
    expect(page.locator(".summary")).to_contain_text("2 lots")
    total = page.locator(".summary__total dd").inner_text()
    buyer.commit_and_pay()
    expect(page.locator(".amount")).to_have_text(total)
    buyer.pay()
    buyer.expect_thanks()
    expect(page.locator("main")).to_contain_text(total)


def download_invoice(buyer: Customer) -> None:
    page = buyer.page
    link = buyer.await_invoice()
    with page.expect_download() as downloading:
        link.click()
    download = downloading.value
    assert download.suggested_filename.startswith("facture-")
    assert download.path().read_bytes().startswith(b"%PDF")


def send_parcel(staff: Desk, buyer: Customer, outside: Outside) -> str:
    """The staff's part; gives the parcel's number."""
    outside.nudged(
        "shipping.tasks.open_missing", probe=lambda: staff.look_up(buyer.reference), what="the order in the queue"
    )
    staff.act(buyer.reference, "Mettre en préparation (e-mail au client)", "en préparation")
    outside.mail(buyer.email, f"Votre commande {buyer.reference} est en préparation")
    staff.act(buyer.reference, "Demander l’étiquette Colissimo", "étiquette demandée")
    parcel = until(lambda: PARCEL.search(staff.look_up(buyer.reference)), "the parcel's number")[0]
    staff.act(buyer.reference, "Marquer expédiée (e-mail et SMS au client)", "expédiée")
    assert parcel in outside.mail(buyer.email, f"Votre commande {buyer.reference} est expédiée")["subject"]
    assert parcel in outside.text(buyer.mobile, f"commande {buyer.reference} expédiée")
    return parcel


def receive_parcel(buyer: Customer, parcel: str, outside: Outside) -> None:
    for step, (subject, sms) in STEPS.items():
        outside.advance(parcel, step)
        outside.nudged(
            "shipping.tasks.follow_parcels",
            probe=lambda subject=subject: outside.mails(buyer.email, subject),
            what=f"e-mail « {subject} »",
        )
        outside.text(buyer.mobile, sms)


def read_the_end(buyer: Customer, parcel: str) -> None:
    page = buyer.page
    page.goto(f"/commandes/{buyer.reference}/")
    expect(page.locator("main .tag")).to_have_text("Livrée")
    expect(page.locator(".timeline")).to_contain_text(parcel)
    expect(page.locator("main")).to_contain_text("Prochaine commande possible à partir du")
    page.goto(f"/suivi/{parcel}/")
    expect(page.locator(".timeline")).to_contain_text("livré")
    page.goto("/mon-espace/")
    expect(page.locator("main .tag")).to_have_text("Livrée")
    expect(page.locator("main")).to_contain_text("Prochaine commande possible à partir du")


def every_message_came_once(buyer: Customer, outside: Outside) -> None:
    subjects = buyer.subjects()
    assert len(subjects) == len(set(subjects)) == 9, subjects
    texts = outside.texts(buyer.mobile)
    assert len(texts) == len(set(texts)) == 5, texts
