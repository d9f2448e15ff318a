"""Order journeys: prepare firms, measure the shop's and the lean one in turns, then statements and sign-ins."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from urllib.parse import urlsplit

from sandbox.processes import Child, free_port
from sandbox.supervisor import ROOT, Stack, answers

from .client import Browser, Failed, Page, run_journeys
from .prepare import PASSWORD
from .report import Figures, medians, with_cpu

CARD = {"number": "4242424242424242", "expiry": "12 / 34", "cvc": "123"}
Firm = dict[str, str]
Journey = Callable[[str, str, Firm], int]


def main(stack: Stack, journeys: int, rounds: int, clients: int) -> None:
    """Measure on a running stack whose brakes are off; print ratios."""
    print(f"{clients} clients, {rounds} rounds of {journeys} journeys")
    lifted = sorted(f"{name}={value}" for name, value in stack.env.items() if name.endswith("_RATE"))
    print(f"Rate limits for this run: {', '.join(lifted)}\n")
    needed = journeys * (rounds + 1) + 1
    cookie, firms = prepare(stack.env, "bench.prepare", needed)
    with lean_server(stack) as (lean_url, lean_pid, lean_env):
        lean_cookie, lean_firms = prepare(lean_env, "bench.lean.prepare", needed)
        # Jobs wait in the queue while the web server is measured; their share is measured apart, below.
        stack.stop_child("beat")
        stack.stop_child("worker")
        postgres = stack.children["postgres"].process.pid
        measured: dict[str, list[Figures]] = {"shop": [], "lean": []}
        for number in range(rounds + 1):
            of_round = slice(number * journeys, (number + 1) * journeys)
            shop_round = [partial(shop_journey, stack.shop_url, cookie, firm) for firm in firms[of_round]]
            lean_round = [partial(lean_journey, lean_url, lean_cookie, firm) for firm in lean_firms[of_round]]
            pairs = {"shop": (shop_round, stack.children["web"].process.pid), "lean": (lean_round, lean_pid)}
            for name, (walks, pid) in pairs.items():
                figures = with_cpu([pid, postgres], partial(run_journeys, walks, clients))
                if number:  # the first round warms both up
                    print(figures.line(f"{name}, round {number}"))
                    measured[name].append(figures)
                for error in figures.errors[:2]:
                    print(f"  {error}")
        ratio = medians(measured["shop"]) / medians(measured["lean"])
        print(f"\nOrder journeys, shop beside lean Django (medians): {ratio:.2f} of its rate\n")
    print(f"SQL statements of one journey, by page: {statements(stack, cookie, firms[-1])}\n")
    sign_ins(stack, firms, clients)


def prepare(env: dict[str, str], module: str, count: int) -> tuple[str, list[Firm]]:
    """Make firms, accounts and sessions in a shop's own environment."""
    command = [sys.executable, "-m", module, str(count)]
    done = subprocess.run(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, check=True)
    made = json.loads(done.stdout.splitlines()[-1])
    return made["cookie"], made["firms"]


def shop_journey(base: str, cookie: str, firm: Firm) -> int:
    """SIRET, quantity, delivery, summary, confirmation, payment and return of one signed-in customer."""
    browser = Browser(base, {cookie: firm["session"]})
    home = browser.get("/")
    browser.post("/", home.fields('name="siret"') | {"siret": firm["siret"]}, status=200)
    shop = browser.get("/commander/")
    delivery_path = browser.post("/commander/", shop.fields('name="lots"') | {"lots": "1"}).location
    delivery = browser.get(delivery_path)
    summary_path = browser.post(delivery_path, delivery.fields('name="street_name"')).location
    summary = browser.get(summary_path)
    pay_path = summary_path.replace("recapitulatif", "payer")
    page = browser.post(pay_path, summary.fields('name="terms"') | {"terms": "on"})
    back = _pay(browser, page)
    _expect("Merci, votre règlement est enregistré", browser.get(_path(back)))
    return browser.requests


def lean_journey(base: str, cookie: str, firm: Firm) -> int:
    """The same requests and the same provider calls, each page doing the least it can."""
    browser = Browser(base, {cookie: firm["session"]})
    home = browser.get("/")
    browser.post("/", home.fields() | {"siret": firm["siret"]}, status=200)
    shop = browser.get("/shop")
    delivery_path = browser.post("/shop", shop.fields() | {"lots": "1"}).location
    delivery = browser.get(delivery_path)
    summary_path = browser.post(delivery_path, delivery.fields()).location
    summary = browser.get(summary_path)
    page = browser.post(summary_path, summary.fields())
    back = _pay(browser, page)
    _expect("paid", browser.get(_path(back)))
    return browser.requests


def _pay(browser: Browser, page: Page) -> str:
    """Type the accepted test card on the provider's page; the address it sends back to."""
    return browser.post(page.location, CARD, status=303).location


def _path(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}"


def _expect(text: str, page: Page) -> None:
    if text not in page.text:
        raise Failed(f"« {text} » is not on the last page")


@contextmanager
def lean_server(stack: Stack) -> Iterator[tuple[str, int, dict[str, str]]]:
    """Serve the lean journey by the same server, with its own database, beside an outside world of its own."""
    port, sandbox_port, smtp_port = free_port(), free_port(), free_port()
    base, world_url = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{sandbox_port}"
    stack.manage("shell", "-c", "from django.db import connection; connection.cursor().execute('CREATE DATABASE lean')")
    env = stack.env | {
        "DJANGO_SETTINGS_MODULE": "bench.lean.settings",
        "LEAN_DATABASE_URL": _other_database(stack.env["DATABASE_URL"], "lean"),
        "LEAN_SITE_URL": base,
        "STRIPE_API_BASE": f"{world_url}/stripe",
        "BIND": f"127.0.0.1:{port}",
    }
    world = [
        sys.executable, "-m", "sandbox", "world", "--port", str(sandbox_port), "--smtp-port", str(smtp_port),
        "--state", str(stack.state / "lean-sandbox"), "--webhook-url", f"{base}/webhook",
        "--webhook-secret", stack.env["STRIPE_WEBHOOK_SECRET"],
    ]  # fmt: skip
    web = [sys.executable, "-m", "gunicorn", "--config", "deploy/gunicorn.conf.py", "bench.lean.wsgi:application"]
    logs = stack.state / "logs"
    children = [
        Child("lean-sandbox", world, env, logs / "lean-sandbox.log", ROOT, is_ready=lambda: answers(world_url)),
        Child("lean", web, env, logs / "lean.log", ROOT, is_ready=lambda: answers(base)),
    ]
    try:
        for child in children:
            child.start()
            child.wait_until_ready(30)
        yield base, children[1].process.pid, env
    finally:
        for child in reversed(children):
            child.stop()


def _other_database(url: str, name: str) -> str:
    parts = urlsplit(url)
    return parts._replace(path=f"/{name}").geturl()


def statements(stack: Stack, cookie: str, firm: Firm) -> str:
    """Walk one journey inside the shop's own process and count what it sends to PostgreSQL."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.statements", cookie, json.dumps(firm)],
        cwd=ROOT, env=stack.env, stdout=subprocess.PIPE, check=True, text=True,
    )  # fmt: skip
    return done.stdout.strip()


def sign_ins(stack: Stack, firms: list[Firm], clients: int) -> None:
    """Sign-ins a second: the cost of a password check by argon2id, two pages each."""

    def sign_in(firm: Firm) -> int:
        browser = Browser(stack.shop_url)
        page = browser.get("/connexion/")
        browser.post("/connexion/", page.fields('name="password"') | {"login": firm["username"], "password": PASSWORD})
        return browser.requests

    chosen = firms[: min(len(firms), 200)]
    run_journeys([partial(sign_in, firm) for firm in chosen[:16]], clients)
    journeys = [partial(sign_in, firm) for firm in chosen]
    figures = with_cpu([stack.children["web"].process.pid], lambda: run_journeys(journeys, clients))
    print(figures.line("sign-ins (page and password)"))
