"""Paying is another day's business: leave, come back, be refused, give up, prove who one is, change one's mind."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.customer import AUTHENTICATED, PASSWORD, REFUSED, Customer
from tests.browser.outside import Outside

TypeOfCustomer = Callable[..., Customer]


def test_who_pays_later_comes_back_through_my_space_and_may_try_another_card(
    page: Page, customer: TypeOfCustomer, outside: Outside
) -> None:
    buyer = customer(page)
    buyer.sign_up()
    buyer.order()
    buyer.commit_and_pay_later()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Votre commande {buyer.reference} est enregistrée")
    outside.mail(buyer.email, f"Commande {buyer.reference} enregistrée – à régler d’ici au")

    leave_and_come_back(buyer)
    expect(page.locator("main")).to_contain_text(re.compile(f"{buyer.reference}.*TTC à régler jusqu’au .* inclus"))
    page.get_by_role("button", name="Régler ma commande").click()
    buyer.pay(REFUSED)
    expect(page.get_by_role("alert")).to_contain_text("Votre carte a été refusée")
    outside.switch("stripe", "twice")
    buyer.pay()
    buyer.expect_thanks()
    outside.mail(buyer.email, f"Reçu de paiement – commande {buyer.reference}")
    page.goto("/mon-espace/")
    expect(page.locator("main")).to_contain_text("Rien à faire pour le moment.")
    assert len(buyer.subjects()) == 3, buyer.subjects()


def test_who_gives_up_on_the_card_page_has_lost_nothing_and_pays_after_asking_the_bank(
    phone_page: Page, customer: TypeOfCustomer, outside: Outside
) -> None:
    page, buyer = phone_page, customer(phone_page)
    buyer.sign_up()
    buyer.order()
    buyer.commit_and_pay()
    page.get_by_role("link", name="Retour à").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Votre commande {buyer.reference} vous attend")
    expect(page.locator("main")).to_contain_text("rien n’a été débité")

    page.get_by_role("button", name="Reprendre le paiement").click()
    buyer.pay(AUTHENTICATED)
    page.get_by_role("button", name="Refuser").click()
    expect(page.get_by_role("alert")).to_contain_text("Aucun débit n’a eu lieu")
    buyer.pay(AUTHENTICATED)
    page.get_by_role("button", name="Accepter").click()
    buyer.expect_thanks()
    outside.mail(buyer.email, f"Reçu de paiement – commande {buyer.reference}")


def test_who_cancels_an_unpaid_order_may_order_again_at_once(
    page_without_js: Page, customer: TypeOfCustomer, outside: Outside
) -> None:
    page, buyer = page_without_js, customer(page_without_js)
    buyer.sign_up()
    buyer.order(lots=2)
    buyer.commit_and_pay_later()
    first = buyer.reference
    page.goto("/commander/")
    expect(page.locator("main")).to_contain_text(f"La commande {first} attend votre règlement")

    page.goto(f"/commandes/{first}/")
    page.get_by_role("link", name="Annuler ma commande").click()
    page.get_by_role("button", name="Annuler la commande").click()
    expect(page.locator("main")).to_contain_text("La commande est annulée.")
    outside.mail(buyer.email, f"Commande {first} annulée")

    buyer.order(lots=2)
    assert buyer.reference != first
    buyer.commit_and_pay_later()
    page.goto("/commandes/")
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.filter(has_text=first)).to_contain_text("Annulée")
    expect(rows.filter(has_text=buyer.reference)).to_contain_text("À régler")


def leave_and_come_back(buyer: Customer) -> None:
    page = buyer.page
    page.get_by_role("button", name="Déconnexion").click()
    expect(page.get_by_role("link", name="Se connecter").first).to_be_visible()
    page.goto("/mon-espace/")
    page.locator("[name=login]").fill(buyer.username)
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Se connecter").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Mon espace")
