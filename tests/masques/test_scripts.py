"""The small scripts of the pages, each in a real browser with a page of a few lines. No server takes part."""

import csv
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, sync_playwright

from sandbox import bootstrap

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
PRICES = ROOT / "tests" / "golden" / "golden_prices.csv"
NBSP = "\u00a0"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = bootstrap.chromium()
    if chromium is None:
        pytest.skip("Chromium is missing: apt-get install chromium")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking"],
        )
        yield launched
        launched.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page()
    yield opened
    opened.close()


def load(page: Page, body: str, script: str) -> None:
    page.set_content(f'<!DOCTYPE html><html lang="fr"><title>Essai</title><body>{body}</body></html>')
    page.add_script_tag(content=(ROOT / "static" / "js" / script).read_text("utf-8"), type="module")
    page.wait_for_function("document.scripts.length > 0")


def french(amount: str) -> str:
    return f"{Decimal(amount):,.2f}".replace(",", NBSP).replace(".", ",") + f"{NBSP}€"


STEPPER = """
<input type="number" id="lots" value="1" min="1" max="{most}" data-stepper="lot">
<p data-live-total="lots" data-unit-price="{price}" data-vat-rate="{rate}" data-lot-size="{size}">
<i data-no-total hidden>1 à {most}</i><i data-total><b data-part="lots"></b><b data-part="masks"></b>
<b data-part="excl"></b><b data-part="vat"></b><b data-part="incl"></b></i></p>
"""


TYPE_AND_READ = """(lots) => {
    const field = document.querySelector("#lots");
    field.value = lots;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    const read = (part) => document.querySelector(`[data-part="${part}"]`).textContent;
    return ["masks", "excl", "vat", "incl"].map(read);
}"""


def test_the_live_total_agrees_with_the_golden_prices_to_the_cent(page) -> None:
    with PRICES.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    shown = None
    for row in rows:
        offer = (row["unit_price_ht"], row["vat_rate"], row["lot_size"])
        if offer != shown:
            load(page, STEPPER.format(most=99, price=offer[0], rate=offer[1], size=offer[2]), "stepper.js")
            page.wait_for_selector(".stepper__button")
            shown = offer
        assert page.evaluate(TYPE_AND_READ, row["lots"]) == [
            f"{row['masks']}{NBSP}masques",
            french(row["total_ht"]),
            french(row["vat"]),
            french(row["total_ttc"]),
        ]


def test_the_buttons_stay_within_the_quota(page) -> None:
    load(page, STEPPER.format(most=3, price="92.50", rate="5.50", size=40), "stepper.js")
    more, less = page.get_by_label("Ajouter un lot"), page.get_by_label("Retirer un lot")
    for _ in range(4):
        more.click(force=True)
    assert page.input_value("#lots") == "3"
    assert more.get_attribute("aria-disabled") == "true"
    assert page.inner_text('[data-part="lots"]') == f"3{NBSP}lots"
    for _ in range(4):
        less.click(force=True)
    assert page.input_value("#lots") == "1"
    assert page.inner_text('[data-part="lots"]') == f"1{NBSP}lot"


def test_no_total_stands_beside_an_impossible_quantity(page) -> None:
    load(page, STEPPER.format(most=3, price="92.50", rate="5.50", size=40), "stepper.js")
    page.wait_for_selector(".stepper__button")
    for typed in ("7", "0", "-1", "1.5", ""):
        page.fill("#lots", typed)
        assert page.inner_text("[data-live-total]") == "1 à 3"
    page.fill("#lots", "2")
    assert page.inner_text('[data-part="incl"]') == f"195,18{NBSP}€"
    assert page.locator("[data-no-total]").is_hidden()


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("73282932000074", "732 829 320 00074"),
        ("732.829.320-00074", "732 829 320 00074"),
        ("7328", "732 8"),
        ("7328293200007400", "7328293200007400"),  # too long: left for the server to explain
        ("7328293200007O", "7328293200007O"),
        ("FR44732829320", "FR44732829320"),
    ],
)
def test_a_siret_is_grouped_and_a_mistake_left_alone(page, typed, shown) -> None:
    load(page, '<input name="siret" id="siret">', "siret.js")
    page.wait_for_timeout(50)
    page.fill("#siret", typed)
    assert page.input_value("#siret") == shown.replace(" ", NBSP)


def test_the_caret_stays_where_one_types(page) -> None:
    load(page, '<input name="siret" id="siret" value="732829320">', "siret.js")
    page.wait_for_function("document.querySelector('#siret').value.includes('\\u00a0')")
    page.focus("#siret")
    page.evaluate("document.querySelector('#siret').setSelectionRange(1, 1)")
    page.keyboard.type("55")
    assert page.input_value("#siret") == "755 328 293 20".replace(" ", NBSP)
    assert page.evaluate("document.querySelector('#siret').selectionStart") == 3


CHECK = """<!DOCTYPE html><html lang="fr"><title>Essai</title>
<form method="post" action="/" data-siret-check="reponse"><input name="siret"><button>Vérifier</button></form>
<div id="reponse"></div><script type="module" src="/siret.js"></script></html>"""


@pytest.fixture
def checks(page) -> list[int]:
    """A home page whose server answers with these statuses, one after the other; what is left was not asked for."""
    statuses: list[int] = []

    def answer(route: Route) -> None:
        if route.request.url.endswith("/siret.js"):
            route.fulfill(path=ROOT / "static" / "js" / "siret.js", content_type="text/javascript")
        elif route.request.method == "GET":
            route.fulfill(body=CHECK, content_type="text/html; charset=utf-8")
        else:
            status = statuses.pop(0)
            words = f"<p>{status}, {len(statuses)} left</p>"
            route.fulfill(status=status, headers={"X-Fragment": "answer"}, body=words)

    page.route("http://shop.test/**", answer)
    page.goto("http://shop.test/")
    page.wait_for_load_state("networkidle")
    return statuses


def test_a_number_is_asked_about_once_however_often_one_clicks(page, checks) -> None:
    checks += [200, 200, 200]
    page.fill("[name=siret]", "73282932000074")
    page.get_by_text("200, 2 left").wait_for()
    page.get_by_role("button").click()
    page.press("[name=siret]", "Enter")
    page.wait_for_timeout(100)
    assert len(checks) == 2
    # Typed anew, the same number is a new question.
    page.fill("[name=siret]", "7328")
    assert page.inner_text("#reponse") == ""
    page.fill("[name=siret]", "73282932000074")
    page.get_by_text("200, 1 left").wait_for()


def test_after_too_many_tries_one_click_is_one_more_try(page, checks) -> None:
    checks += [429, 429, 200, 200]
    page.fill("[name=siret]", "73282932000074")
    page.get_by_text("429, 3 left").wait_for()
    page.get_by_role("button").click()
    page.get_by_text("429, 2 left").wait_for()
    page.get_by_role("button").click()
    page.get_by_text("200, 1 left").wait_for()
    assert len(checks) == 1


def test_a_password_can_be_shown_and_leaves_as_a_password(page) -> None:
    load(page, '<form method="post"><input type="password" id="password" name="password"></form>', "form.js")
    page.evaluate("document.forms[0].addEventListener('submit', (event) => event.preventDefault())")
    page.get_by_label("Afficher le mot de passe").click()
    assert page.get_attribute("#password", "type") == "text"
    page.get_by_label("Masquer le mot de passe").click()
    page.get_by_label("Afficher le mot de passe").click()
    page.evaluate("document.forms[0].requestSubmit()")
    assert page.get_attribute("#password", "type") == "password"


def test_a_form_is_sent_once_and_can_be_sent_again_later(page) -> None:
    page.clock.install()
    load(page, '<form method="post" target="elsewhere" action="about:blank"><button>Envoyer</button></form>', "form.js")
    # Counts what is let through, then keeps the browser from leaving.
    page.evaluate("""() => {
        window.sent = 0;
        window.addEventListener("submit", (event) => {
            if (!event.defaultPrevented) window.sent += 1;
            event.preventDefault();
        });
    }""")
    page.wait_for_timeout(0)
    for _ in range(3):
        page.evaluate("document.forms[0].requestSubmit()")
    assert page.evaluate("window.sent") == 1
    page.clock.run_for(11_000)
    page.evaluate("document.forms[0].requestSubmit()")
    assert page.evaluate("window.sent") == 2


def test_the_summary_of_errors_leads_into_a_group(page) -> None:
    body = """
    <div data-error-summary tabindex="-1"><a href="#id_network">Réseau</a></div>
    <div class="field" id="id_network"><label><input type="radio" name="network" id="id_network_0"> CCI</label></div>
    """
    load(page, body, "form.js")
    page.wait_for_function("document.activeElement.matches('[data-error-summary]')")
    page.click("a")
    assert page.evaluate("document.activeElement.id") == "id_network_0"


def test_the_menu_closes_on_escape_and_beside(page) -> None:
    load(page, '<details class="drawer" open><summary>Menu</summary></details><p>Ailleurs</p>', "frame.js")
    page.wait_for_timeout(50)
    page.keyboard.press("Escape")
    assert page.evaluate("!document.querySelector('details').open && document.activeElement.tagName === 'SUMMARY'")
    page.click("summary")
    page.click("p")
    assert not page.evaluate("document.querySelector('details').open")
