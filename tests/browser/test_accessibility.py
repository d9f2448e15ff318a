"""Every page of the journey for everybody: what axe finds, titles, narrow screens, the keyboard."""

import re
from collections import Counter
from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from tests.browser.customer import Customer
from tests.browser.watch import Complaints

Accessible = Callable[..., None]

PUBLIC = (
    "/", "/produit/", "/tarifs/", "/aide/", "/mentions-legales/", "/cgv/", "/donnees-personnelles/", "/accessibilite/",
    "/plan-du-site/", "/suivi/", "/rejet-siret/", "/inscription/", "/connexion/", "/mot-de-passe/oublie/",
    "/mot-de-passe/nouveau/1-nothing/", "/connexion/compte-ferme/",
)  # fmt: skip
OF_A_CUSTOMER = (
    "/mon-espace/", "/mes-informations/", "/mon-entreprise/", "/identifiants/", "/identifiants/identifiant/",
    "/identifiants/adresse/", "/identifiants/double-authentification/", "/mot-de-passe/modifier/", "/deconnexion/",
    "/commander/", "/commandes/", "/mes-factures/",
)  # fmt: skip
NARROW, WIDE = 320, 1280
CHANGING = ("color-contrast", "scrollable-region-focusable")  # what another scheme and another width can break
FIELD = "Numéro SIRET de votre établissement"


class Examination:
    """Looks at pages one after the other: axe in both colour schemes, one heading, own title, no sideways scroll."""

    def __init__(self, page: Page, accessible: Accessible) -> None:
        self.page, self.accessible = page, accessible
        # Colours that are still moving from one scheme to the other would be measured half-way.
        page.emulate_media(reduced_motion="reduce")
        self.titles: dict[str, str] = {}
        self.faults: list[str] = []

    def visit(self, *paths: str) -> None:
        for path in paths:
            self.page.goto(path)
            self.look(path)

    def look(self, name: str, *, is_state: bool = False) -> None:
        """Examine the page as it stands; a state of a page that was seen before may keep its title."""
        page = self.page
        if not is_state:
            self.titles[name] = page.title()
        self._try(name, lambda: self.accessible(page))
        page.set_viewport_size({"width": NARROW, "height": 640})
        page.emulate_media(color_scheme="dark")
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > NARROW:
            self.faults.append(f"{name} is {width} px wide on a screen of {NARROW}: {page.evaluate(WIDEST)}")
        self._try(f"{name}, narrow and dark", lambda: self.accessible(page, CHANGING))
        if (headings := page.locator("h1").count()) != 1:
            self.faults.append(f"{name} has {headings} h1")
        page.set_viewport_size({"width": WIDE, "height": 844})
        page.emulate_media(color_scheme="light")

    def _try(self, name: str, examine: Callable[[], None]) -> None:
        try:
            examine()
        except AssertionError as fault:
            self.faults.append(f"{name}: {fault}")

    def conclude(self) -> None:
        assert not self.faults, "\n".join(self.faults)
        twice = {title for title, count in Counter(self.titles.values()).items() if count > 1}
        assert not twice, {name: title for name, title in self.titles.items() if title in twice}


WIDEST = """[...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)
    .slice(0, 5).map(e => e.outerHTML.slice(0, 120)).join(' | ')"""


def test_public_pages_and_error_pages(page: Page, accessible: Accessible, complaints: Complaints) -> None:
    complaints.allow("status of 404")
    complaints.allow("status of 403")
    examination = Examination(page, accessible)
    examination.visit(*PUBLIC)
    page.goto("/")
    for siret in ("00973290000015", "00708077300182", "1"):
        page.get_by_label(FIELD).fill(siret)
        page.get_by_role("button", name="Vérifier").click()
        expect(page.locator("#reponse .notice")).to_be_visible()
        examination.look(f"the answer to {siret}", is_state=True)
        page.goto("/")
    page.goto("/rejet-siret/")
    page.get_by_role("button", name="Envoyer ma demande").click()
    expect(page.locator("[aria-invalid=true]").first).to_be_visible()
    examination.look("a form full of mistakes", is_state=True)
    page.goto("/connexion/")
    page.locator("[name=csrfmiddlewaretoken]").first.evaluate("field => field.value = 'forged'")
    page.context.clear_cookies()
    page.locator("main button.button").first.click()
    examination.look("an expired form")
    examination.visit("/cette-page-n-existe-pas/")
    examination.conclude()


def test_pages_of_a_customer(page: Page, customer: Callable[..., Customer], accessible: Accessible) -> None:
    examination, buyer = Examination(page, accessible), customer(page)
    buyer.check_siret()
    buyer.fill_account()
    examination.look("step 2 of sign-up")
    buyer.send_account()
    examination.look("step 3 of sign-up")
    buyer.confirm_email()
    buyer.fill_information()
    examination.visit(*OF_A_CUSTOMER)

    buyer.order(lots=2)
    here = f"/commandes/{buyer.reference}"
    examination.visit(*(f"{here}/{step}/" for step in ("livraison", "pieces", "annuler", "recapitulatif")))
    page.get_by_role("button", name="Commander et payer maintenant").click()
    expect(page.locator("[aria-invalid=true]")).to_be_visible()
    examination.look("a summary without consent", is_state=True)
    buyer.commit_and_pay()
    page.get_by_role("link", name="Retour à").click()
    examination.look("left the card page")
    examination.visit(f"{here}/", f"{here}/annuler/", f"{here}/recapitulatif/", "/commander/")
    expect(page.locator("main")).to_contain_text("attend votre règlement")
    examination.visit("/mon-espace/")
    page.get_by_role("button", name="Régler ma commande").click()
    buyer.pay()
    buyer.expect_thanks()
    examination.look("paid")
    examination.visit("/mon-espace/", "/commandes/", "/mes-factures/", f"{here}/")
    examination.conclude()


# The longest words that the forms take.
LONG = {
    "legal_name": "ETABLISSEMENTSDUPONTETFILSASSOCIES1",
    "department": "DIRECTIONGENERALEADJOINTEDESACHATS1",
    "contact_name": "Marie-Antoinette-Dupont-de-Nemours1",
    "email": "direction.generale.adjointe.et.generale@etablissementsdupontetfilsassocies.example",
    "purchase_order": "BC-2026-000000000000000000-0001",
    "street_name": "BOULEVARDDESTRESLONGUESPERSPECTI",
    "hamlet": "LIEUDITDESTRESLONGUESPERSPECTIVES01",
    "building": "BATIMENTDESTRESLONGUESPERSPECTIVES1",
    "address_extra": "INTERPHONEDESTRESLONGUESPERSPECTIV1",
    "city": "SAINTREMYENBOUZEMONTSAINTGENESTETI1",
}


def test_the_longest_words_make_no_page_wider(page: Page, customer: Callable[..., Customer]) -> None:
    buyer = customer(page, "PME")
    buyer.sign_up()
    page.set_viewport_size({"width": NARROW, "height": 640})
    wide: list[str] = []

    def look(name: str) -> None:
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            wide.append(f"{name}: {page.evaluate(WIDEST)}")

    def visit(*paths: str) -> None:
        for path in paths:
            page.goto(path)
            look(path)

    page.goto("/mon-entreprise/")
    fill(page, {name: word for name, word in LONG.items() if page.locator(f"[name={name}]").count()})
    page.locator("[name=usual_purchase_order]").fill(LONG["purchase_order"][:30])
    page.get_by_role("button", name="Enregistrer").click()
    page.goto("/mes-informations/")
    fill(page, {name: LONG[name] for name in ("department", "street_name", "hamlet", "building", "city")})
    fill(page, {"first_name": "X" * 60, "last_name": "Y" * 60, "job_title": "Z" * 60})
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.locator(".notice--success")).to_be_visible()
    buyer.ask_for(3)
    fill(page, LONG | {"purchase_order": LONG["purchase_order"][:30], "email": LONG["email"][-80:]})
    page.locator("[name=save_address]").check()
    look("/livraison/")
    page.get_by_role("button", name="Continuer").click()
    expect(page).to_have_url(re.compile("/recapitulatif/$"))
    here = f"/commandes/{buyer.reference}"
    visit(*(f"{here}/{step}/" for step in ("livraison", "pieces", "annuler", "recapitulatif")), *OF_A_CUSTOMER)
    page.goto(f"{here}/recapitulatif/")
    buyer.commit_and_pay_later()
    look("to be paid")
    visit(f"{here}/recapitulatif/", f"{here}/annuler/", *OF_A_CUSTOMER)
    assert not wide, "\n".join(wide)


def fill(page: Page, words: dict[str, str]) -> None:
    for name, word in words.items():
        page.locator(f"[name={name}]").fill(word)


def test_the_siret_form_and_the_way_past_the_menu_by_keyboard(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Aller au contenu")).to_be_focused()
    expect(page.get_by_role("link", name="Aller au contenu")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    tab_to(page, page.get_by_label(FIELD))
    page.keyboard.type("00973290000015")
    page.keyboard.press("Enter")
    expect(page.locator("#reponse")).to_contain_text("ne figure pas dans les bases")
    tab_to(page, page.get_by_role("button", name="Demander une vérification"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Mon SIRET n’est pas reconnu")


def test_focus_is_seen_wherever_it_goes(page: Page) -> None:
    for path in ("/", "/connexion/", "/rejet-siret/"):
        page.goto(path)
        unseen = []
        for _ in range(60):
            page.keyboard.press("Tab")
            name, is_seen = page.evaluate(FOCUS)
            if name == "BODY":
                break
            unseen += [] if is_seen else [name]
        assert not unseen, f"{path}: {unseen}"


FOCUS = """() => {
    const here = document.activeElement, style = getComputedStyle(here);
    const isSeen = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
    return [here === document.body ? 'BODY' : here.outerHTML.slice(0, 100), isSeen];
}"""


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until the target has the focus."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if target.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError("the keyboard does not get there")
