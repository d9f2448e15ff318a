"""A shop before the pretend Stripe: the real client library, a browser without script, a webhook endpoint."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests
import stripe
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from sandbox.stripe import refunds, webhooks
from sandbox.world import World

SECRET = "whsec_sandbox"
ACCEPTED = "4242424242424242"


def params(**more: Any) -> dict[str, Any]:
    """What the shop sends to open a Session of 292,76 €."""
    return {
        "mode": "payment",
        "success_url": "http://shop.test/commandes/ECTZ326/paiement/?session={CHECKOUT_SESSION_ID}",
        "cancel_url": "http://shop.test/commandes/ECTZ326/",
        "client_reference_id": "ECTZ326",
        "customer_email": "marie@example.com",
        "locale": "fr",
        "adaptive_pricing": {"enabled": False},
        "metadata": {"order": "ECTZ326"},
        "payment_intent_data": {"metadata": {"order": "ECTZ326"}, "description": "Commande ECTZ326"},
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": "eur",
                    "unit_amount": 29276,
                    "product_data": {"name": "3 lots de 40 masques été & hiver"},
                },
            }
        ],
    } | more


@dataclass
class Shop:
    """The shop's webhook endpoint: keeps what it gets, and answers what it is told to."""

    url: str = ""
    received: list[tuple[str, bytes]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    @Request.application
    def application(self, request: Request) -> Response:
        self.received.append((request.headers.get("Stripe-Signature", ""), request.get_data()))
        return Response(status=self.answers.pop(0) if self.answers else 200)

    def events(self) -> list[stripe.Event]:
        """Read what came, checking each signature as the shop does."""
        received = list(self.received)
        return [stripe.Webhook.construct_event(body, header, SECRET) for header, body in received]

    def types(self) -> list[str]:
        return [event.type for event in self.events()]

    def wait_for(self, count: int, seconds: float = 5) -> list[str]:
        """Wait for that many deliveries, and a moment more for one too many."""
        wait_until(lambda: len(self.received) >= count, seconds)
        time.sleep(0.1)
        return self.types()


def wait_until(reached: Callable[[], object], seconds: float = 5) -> None:
    """Wait for something that another thread brings about."""
    end = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


class Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


@pytest.fixture
def shop(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    shop = Shop()
    server = make_server("127.0.0.1", 0, shop.application, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    shop.url = f"http://127.0.0.1:{server.server_port}/webhooks/stripe/"
    monkeypatch.setattr(world, "webhook_url", shop.url)
    monkeypatch.setattr(world, "webhook_secret", SECRET)
    monkeypatch.setattr(webhooks, "PAUSES", (0.05, 0.05, 0.05))
    monkeypatch.setattr(webhooks, "LATE", 0.6)
    monkeypatch.setattr(webhooks, "DISORDER", 0.1)
    monkeypatch.setattr(refunds, "SETTLES_AFTER", 0.3)
    yield shop
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def client(world: World) -> stripe.StripeClient:
    return open_client(world)


def open_client(world: World, **options: Any) -> stripe.StripeClient:
    """Open the shop's client; without retries unless asked for, to see each answer."""
    options.setdefault("max_network_retries", 0)
    key = options.pop("key", "sk_test_sandbox")
    return stripe.StripeClient(key, base_addresses={"api": f"{world.base_url}/stripe"}, **options)


class Buyer:
    """A browser without script that follows no redirect by itself."""

    def __init__(self, http: requests.Session) -> None:
        self._http = http

    def pay(self, url: str, number: str = ACCEPTED, expiry: str = "12 / 34", cvc: str = "123") -> requests.Response:
        form = {"number": number, "expiry": expiry, "cvc": cvc}
        return self._http.post(url, data=form, allow_redirects=False)

    def decide(self, url: str, decision: str) -> requests.Response:
        return self._http.post(f"{url}/3ds", data={"decision": decision}, allow_redirects=False)

    def look(self, url: str) -> str:
        """Return the text of a page."""
        text = re.sub(r"<[^>]+>", " ", self._http.get(url).text)
        return " ".join(text.replace("&nbsp;", "\u00a0").split(" "))


@pytest.fixture
def buyer(http: requests.Session) -> Buyer:
    return Buyer(http)


@pytest.fixture
def paid(client: stripe.StripeClient, buyer: Buyer) -> stripe.checkout.Session:
    """A Session that a buyer has paid."""
    session = client.v1.checkout.sessions.create(params=params())
    assert buyer.pay(session.url).status_code == 303
    return client.v1.checkout.sessions.retrieve(session.id)
