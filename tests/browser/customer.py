"""A customer who drives a page, with or without a script: from the SIRET to the payment, step by step."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.outside import Outside, until

PASSWORD = "Rabot+Ciseau-42"
ACCEPTED, REFUSED, AUTHENTICATED = "4242 4242 4242 4242", "4000 0000 0000 0002", "4000 0025 0000 3155"


class Customer:
    """One person, one company; the steps are called in the order of the journey."""

    def __init__(self, page: Page, outside: Outside, siret: str, number: int) -> None:
        self.page, self.outside, self.siret = page, outside, siret
        self.username = f"artisan{number}"
        self.email = f"{self.username}@entreprise.example"
        self.mobile = f"06 39 98 {number // 100:02} {number % 100:02}"
        self.reference = ""

    # --- the account -------------------------------------------------------------------------------------------

    def check_siret(self) -> None:
        """Ask on the home page whether the company may order."""
        self.page.goto("/")
        self.page.get_by_label("Numéro SIRET de votre établissement").fill(self.siret)
        self.page.get_by_role("button", name="Vérifier").click()

    def open_account(self) -> None:
        """Follow the way from the answer to the code's page."""
        self.fill_account()
        self.send_account()

    def fill_account(self) -> None:
        self.page.get_by_role("button", name="Créer mon compte").click()
        self.type_account()

    def type_account(self) -> None:
        page = self.page
        page.get_by_label("Saisir un identifiant de votre choix").fill(self.username)
        page.get_by_label("Confirmer votre identifiant").fill(self.username)
        page.get_by_label("Indiquez votre mot de passe").fill(PASSWORD)
        page.get_by_label("Confirmez votre mot de passe").fill(PASSWORD)
        page.get_by_label("Indiquez votre adresse e-mail").fill(self.email)
        page.get_by_label("Confirmez votre adresse e-mail").fill(self.email)

    def send_account(self) -> None:
        self.page.get_by_role("button", name="Valider", exact=True).click()
        expect(self.page.get_by_role("heading", level=1)).to_have_text("Confirmez votre adresse e-mail")

    def confirm_email(self) -> None:
        """Read the code in the mailbox and type it."""
        code = self.outside.mail(self.email, "Votre code de confirmation")["subject"].rpartition(":")[2].strip()
        self.page.get_by_label("Code reçu par e-mail").fill(code)
        self.page.get_by_role("button", name="Confirmer").click()
        expect(self.page.get_by_role("heading", level=1)).to_have_text("Mes informations")

    def fill_information(self) -> None:
        page = self.page
        page.get_by_label("Prénom").fill("Camille")
        page.get_by_label("Nom", exact=False).and_(page.locator("[name=last_name]")).fill("Martin")
        page.get_by_label("mobile").first.fill(self.mobile)
        page.get_by_role("button", name="Enregistrer").click()

    def sign_up(self) -> None:
        """Have an account with all that is needed to order."""
        self.check_siret()
        self.open_account()
        self.confirm_email()
        self.fill_information()

    # --- the order ---------------------------------------------------------------------------------------------

    def ask_for(self, lots: int) -> None:
        """Choose a quantity; the next page asks where to."""
        self.page.goto("/commander/")
        self.page.locator("[name=lots]").fill(str(lots))
        self.page.get_by_role("button", name="Commander", exact=True).click()
        expect(self.page).to_have_url(re.compile("/livraison/$"))
        self.reference = re.search("/commandes/([A-Z]{4}[0-9]{3})/", self.page.url)[1]

    def say_where(self) -> None:
        """Take the address the register knows."""
        self.page.get_by_role("button", name="Continuer").click()
        expect(self.page).to_have_url(re.compile("/recapitulatif/$"))

    def accept_terms(self) -> None:
        self.page.locator("[name=terms]").check()
        if self.page.locator("[name=headcount_ok]").count():
            self.page.locator("[name=headcount_ok]").check()

    def commit_and_pay(self) -> None:
        """Order for good, and go to the card page."""
        self.accept_terms()
        self.page.get_by_role("button", name="Commander et payer maintenant").click()
        expect(self.page.get_by_role("heading", name="Payer par carte")).to_be_visible()

    def commit_and_pay_later(self) -> None:
        self.accept_terms()
        self.page.get_by_role("button", name="Commander et payer plus tard").click()
        expect(self.page).to_have_url(re.compile(f"/commandes/{self.reference}/$"))

    def order(self, lots: int = 1) -> None:
        """Come to the summary of a request."""
        self.ask_for(lots)
        self.say_where()

    # --- the money ---------------------------------------------------------------------------------------------

    def pay(self, card: str = ACCEPTED) -> None:
        """Fill in a test card on the provider's page and send it."""
        self.page.get_by_role("button", name=card).click()
        self.page.get_by_role("button", name=re.compile("^Payer [0-9]")).click()

    def expect_thanks(self) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_have_text("Merci, votre règlement est enregistré")
        expect(self.page.locator("main")).to_contain_text(f"Commande {self.reference} réglée")

    def await_invoice(self) -> Locator:
        """Come back to the list of invoices until the one PDF is made; gives its link."""
        link = self.page.get_by_role("link", name=re.compile("^Facture .*PDF"))

        def is_made() -> bool:
            self.page.goto("/mes-factures/")
            return link.count() == 1

        until(is_made, "the invoice's PDF")
        return link

    # --- what arrives ------------------------------------------------------------------------------------------

    def subjects(self) -> list[str]:
        """The subjects of all e-mails so far, oldest first; reference and parcel as they come."""
        return [mail["subject"] for mail in self.outside.mails(self.email)]
