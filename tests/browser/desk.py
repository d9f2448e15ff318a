"""Somebody of the staff at /gestion/."""

import json
import re

from playwright.sync_api import Page, expect

from sandbox import totp
from sandbox.supervisor import Stack

PARCEL = re.compile(r"\b[0-9][A-Z][0-9]{11}\b")


def type_password(page: Page, username: str, password: str) -> None:
    """Fill in the sign-in page and send it."""
    page.get_by_label("Identifiant ou adresse e-mail").fill(username)
    page.locator("[name=password]").fill(password)
    page.get_by_role("button", name="Se connecter").click()


def sign_in(page: Page, stack: Stack, username: str) -> None:
    """Come from the sign-in page to the desk, with the code of the demo's application. A code serves once."""
    type_password(page, username, stack.env["DEMO_STAFF_PASSWORD"])
    secret = next(one["secret"] for one in json.loads(stack.env["DEMO_STAFF"]) if one["username"] == username)
    page.get_by_label("Code de l’application ou code de secours").fill(totp.code(secret))
    page.get_by_role("button", name="Se connecter").click()
    expect(page).to_have_url(re.compile("/gestion/$"))


class Desk:
    """The preparation queue, one order at a time."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def look_up(self, reference: str) -> str:
        """Find an order's row in the queue; gives its words, or nothing."""
        self.page.goto(f"/gestion/shipping/shipment/?q={reference}")
        row = self.page.locator("#result_list tbody tr", has_text=reference)
        return row.first.inner_text() if row.count() else ""

    def act(self, reference: str, action: str, answer: str) -> None:
        """Choose the row and an action; the desk answers for the row."""
        assert self.look_up(reference), f"{reference} is not in the queue"
        self.page.locator("input.action-select").check()
        self.page.locator("select[name=action]").select_option(label=action)
        self.page.locator("button[name=index]").click()
        expect(self.page.locator("body")).to_contain_text(re.compile(f"Commande {reference}\\s:\\s{answer}"))
