"""The whole shop, a browser in front of it, and nothing that misbehaves unseen."""

import csv
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from sandbox import bootstrap
from sandbox.commands import WITHOUT_BRAKES
from sandbox.supervisor import SAMPLES, Stack, throwaway
from tests.browser.customer import Customer
from tests.browser.desk import Desk, sign_in
from tests.browser.outside import Outside
from tests.browser.watch import Complaints, words_of

PATIENCE = 20_000  # milliseconds
OPTIONS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking"]
# Two lots at least may be ordered by each.
TRANCHES = {"TPE": ("02", "03"), "PME": ("12",)}
Visit = Callable[..., Page]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One stack serves them all: they share a process."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """A shop of its own, engines included, without brakes and without hours of waiting for a parcel's news."""
    with throwaway(extra_env=WITHOUT_BRAKES | {"TRACKING_PAUSE_SECONDS": "0"}) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, for one module: while Playwright runs, Django takes this thread for an asynchronous one."""
    program = bootstrap.chromium()
    if program is None:
        pytest.skip("Chromium is missing: apt-get install chromium")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=OPTIONS)
        yield chromium
        chromium.close()


@pytest.fixture
def complaints(stack: Stack) -> Iterator[Complaints]:
    """What the browser complains of; when the test ends, nothing unexcused may be left."""
    found = Complaints(stack.shop_url, stack.sandbox_url)
    yield found
    assert not found.unexcused, "\n".join(found.unexcused)


@pytest.fixture
def visit(request: pytest.FixtureRequest, browser: Browser, stack: Stack, complaints: Complaints) -> Iterator[Visit]:
    """Open a page in a session of its own: `visit(width=390, javascript=False)`."""
    contexts = request.node.stash.setdefault(CONTEXTS, [])

    def open_page(*, width: int = 1280, javascript: bool = True, session: Any = None) -> Page:
        context = browser.new_context(
            base_url=stack.shop_url,
            storage_state=session,
            viewport={"width": width, "height": 844},
            java_script_enabled=javascript,
            locale="fr-FR",
            timezone_id="Europe/Paris",
        )
        context.set_default_timeout(PATIENCE)
        complaints.listen_to(context)
        contexts.append(context)
        return context.new_page()

    yield open_page
    for context in contexts:
        context.close()


CONTEXTS = pytest.StashKey[list[BrowserContext]]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Show what the pages showed when a test failed."""
    report = yield
    if report.failed and report.when == "call":
        pages = [page for context in item.stash.get(CONTEXTS, []) for page in context.pages]
        report.sections += [("page", words_of(page)) for page in pages]
    return report


@pytest.fixture
def page(visit: Visit) -> Page:
    return visit()


@pytest.fixture
def phone_page(visit: Visit) -> Page:
    return visit(width=390)


@pytest.fixture
def page_without_js(visit: Visit) -> Page:
    return visit(javascript=False)


@pytest.fixture
def outside(stack: Stack) -> Iterator[Outside]:
    """Mailbox, telephone, parcels and switches; every provider is in order again afterwards."""
    world = Outside(stack)
    yield world
    for provider in ("mail", "sms", "laposte", "colissimo", "stripe"):
        world.switch(provider, "ok")


@pytest.fixture(scope="session")
def firms() -> dict[str, Iterator[str]]:
    """SIRETs of the shipped samples by offer; each is handed out once a session."""
    rows = [row for sample in SAMPLES.values() for row in _rows(Path(bootstrap.ROOT / sample))]
    return {
        offer: iter([row["siret"] for row in rows if row["tranche"] in tranches and row["opt_in"] == "O"])
        for offer, tranches in TRANCHES.items()
    }


def _rows(sample: Path) -> list[dict[str, str]]:
    with sample.open(encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter=";"))


@pytest.fixture(scope="session")
def numbers() -> Iterator[int]:
    return itertools.count(100)


@pytest.fixture
def customer(firms: dict[str, Iterator[str]], numbers: Iterator[int], outside: Outside) -> Callable[..., Customer]:
    """Somebody new who drives a page: `customer(page)`, `customer(page, "PME")`."""
    return lambda page, offer="TPE": Customer(page, outside, next(firms[offer]), next(numbers))


@pytest.fixture(scope="session")
def staff_sessions() -> dict[str, Any]:
    """The cookies of staff who have signed in, by user name."""
    return {}


@pytest.fixture
def desk(visit: Visit, stack: Stack, staff_sessions: dict[str, Any]) -> Callable[..., Desk]:
    """Somebody of the staff, signed in, on a page of their own: `desk()`, `desk("entrepot")`.

    Each signs in once for all tests: a code of the application serves once, and the next comes in half a minute.
    """

    def open_desk(username: str = "equipe") -> Desk:
        page = visit(session=staff_sessions.get(username))
        page.goto("/gestion/")
        if username not in staff_sessions:
            sign_in(page, stack, username)
            staff_sessions[username] = page.context.storage_state()
        return Desk(page)

    return open_desk


@pytest.fixture
def accessible() -> Callable[..., None]:
    """Fail on what axe finds serious or critical on a page; `rules` names the few that matter this time."""
    script = Axe().axe_script

    def examine(page: Page, rules: tuple[str, ...] = ()) -> None:
        if not page.evaluate("'axe' in window"):
            page.evaluate(script)
        options: dict[str, Any] = {"resultTypes": ["violations"]}
        if rules:
            options["runOnly"] = {"type": "rule", "values": rules}
        found = page.evaluate("options => axe.run(options)", options)["violations"]
        grave = [describe(one) for one in found if one["impact"] in ("serious", "critical")]
        assert not grave, f"{page.url}\n" + "\n".join(grave)

    return examine


def describe(violation: dict[str, Any]) -> str:
    """One finding of axe, with the first elements it concerns."""
    elements = "".join(f"\n  {node['html'][:160]}" for node in violation["nodes"][:4])
    return f"{violation['id']} ({violation['impact']}): {violation['help']}{elements}"
