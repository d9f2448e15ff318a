"""The widget in a real browser, on a page of the shop, under the shop's own Content-Security-Policy."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route, sync_playwright

from notifications.models import Message
from sandbox import bootstrap

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SOLVED = "altcha-widget [data-state=verified]"
SENT = "text=Votre message est parti"


@pytest.fixture
def in_browser(live_server: Any) -> Callable[..., Any]:
    """Run a scenario on the contact page; in a thread of its own, for Playwright and Django share none."""
    chromium = bootstrap.chromium()
    if chromium is None:
        pytest.skip("Chromium is missing: apt-get install chromium")

    def run(scenario: Callable[[Page], Any], **options: Any) -> Any:
        results: list[Any] = []

        def play() -> None:
            arguments = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking"]
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
                page = browser.new_page(**options)
                complaints: list[str] = []
                page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
                page.on("pageerror", lambda error: complaints.append(str(error)))
                try:
                    page.goto(f"{live_server.url}/aide/")
                    results.append(scenario(page))
                    results.append(complaints)
                except Exception as error:  # noqa: BLE001  # raised again below, in the test's own thread
                    results.append(error)
                finally:
                    browser.close()

        thread = threading.Thread(target=play)
        thread.start()
        thread.join(timeout=90)
        if isinstance(results[0], Exception):
            raise results[0]
        assert results[1] == [], "the page complained on its console"
        return results[0]

    return run


def fill(page: Page) -> None:
    page.fill("[name=email]", "visiteur@exemple.fr")
    page.fill("[name=message]", "Bonjour, une question.")
    page.select_option("[name=subject]", index=1)


def send(page: Page) -> None:
    page.click("form#contact button, #contact form button[type=submit], #contact form button:not([type])")


def test_the_box_solves_itself_while_the_form_is_filled_in(in_browser, settings):
    settings.NO_SCRIPT_RATE = "0/h"  # only an answer opens the form

    def scenario(page):
        box = page.get_by_role("checkbox", name="Je ne suis pas un robot")
        box.wait_for()
        fill(page)
        page.wait_for_selector(SOLVED)
        assert page.get_by_text("Vérifié").is_visible()
        send(page)
        page.wait_for_selector(SENT)

    in_browser(scenario)
    assert Message.objects.count() == 1


def test_a_form_sent_at_once_waits_for_its_answer(in_browser, settings):
    settings.NO_SCRIPT_RATE = "0/h"

    def scenario(page):
        page.get_by_role("checkbox", name="Je ne suis pas un robot").wait_for()
        page.evaluate("""() => {
            const form = document.querySelector("[data-captcha]").closest("form");
            form.elements.email.value = "visiteur@exemple.fr";
            form.elements.message.value = "Bonjour";
            form.elements.subject.selectedIndex = 1;
            form.requestSubmit();
        }""")
        page.wait_for_selector(SENT)

    in_browser(scenario)
    assert Message.objects.count() == 1


def test_without_javascript_the_form_works_and_says_so(in_browser):
    def scenario(page):
        line = page.locator("[data-captcha] noscript p")
        assert line.is_visible()
        assert line.text_content().startswith("Sans JavaScript, cette vérification ne peut pas s’afficher.")
        assert page.get_by_role("checkbox", name="Je ne suis pas un robot").count() == 0
        fill(page)
        send(page)
        page.wait_for_selector(SENT)

    in_browser(scenario, java_script_enabled=False)
    assert Message.objects.count() == 1


def test_where_the_challenge_fails_the_form_still_leaves(in_browser):
    def scenario(page):
        page.get_by_role("checkbox", name="Je ne suis pas un robot").wait_for()
        page.evaluate("document.querySelector('altcha-widget').configure({fetch: () => Promise.reject(new Error())})")
        page.evaluate("console.error = () => {}")  # the widget tells of the fault this test makes
        fill(page)
        send(page)
        page.wait_for_selector(SENT)

    in_browser(scenario)


def test_the_page_with_the_widget_is_accessible(in_browser):
    def scenario(page):
        page.get_by_role("checkbox", name="Je ne suis pas un robot").wait_for()
        before = Axe().run(page, context="[data-captcha]").response["violations"]
        page.get_by_role("checkbox", name="Je ne suis pas un robot").press("Space")
        page.wait_for_selector(SOLVED)
        return before + Axe().run(page, context="[data-captcha]").response["violations"]

    assert in_browser(scenario, bypass_csp=True) == []


API = """
globalThis.grecaptcha = {
  render(slot, { sitekey }) {
    const answer = document.createElement("textarea");
    answer.name = "g-recaptcha-response";
    answer.value = `token for ${sitekey}`;
    slot.append(answer);
  },
};
globalThis.showGoogleTest();
"""


def test_google_is_loaded_on_a_click_only(in_browser, settings, monkeypatch):
    settings.RECAPTCHA_PUBLIC_KEY, settings.RECAPTCHA_PRIVATE_KEY = "public", "private"
    asked: list[str] = []
    monkeypatch.setattr("captcha.google.accepts", lambda token, ip: asked.append(token) or True)

    def scenario(page):
        foreign: list[str] = []

        def answer(route: Route) -> None:
            foreign.append(route.request.url)
            route.fulfill(content_type="text/javascript", body=API)

        page.route("https://www.google.com/**", answer)
        show = page.get_by_role("button", name="Afficher le test de Google")
        show.wait_for()
        fill(page)
        assert foreign == []
        show.click()
        page.get_by_role("button", name="Utiliser le test sans Google").wait_for()
        page.wait_for_selector("[name=g-recaptcha-response]", state="attached")
        assert page.locator("altcha-widget").count() == 0
        assert foreign == ["https://www.google.com/recaptcha/api.js?render=explicit&hl=fr&onload=showGoogleTest"]
        page.get_by_role("button", name="Utiliser le test sans Google").click()
        assert page.locator("[name=g-recaptcha-response]").count() == 0
        page.get_by_role("checkbox", name="Je ne suis pas un robot").wait_for()
        show.click()
        page.wait_for_selector("[name=g-recaptcha-response]", state="attached")
        send(page)
        page.wait_for_selector(SENT)

    in_browser(scenario)
    assert asked == ["token for public"]
