"""Webhooks: signed, repeated until accepted, and all the ways in which they can go wrong."""

import hashlib
import hmac
import time

import pytest
import requests
import stripe

from sandbox.stripe import webhooks
from sandbox.stripe.account import Account
from sandbox.world import World
from tests.sandbox.stripe.conftest import SECRET, Buyer, Shop, params, wait_until

PAID = ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded", "checkout.session.completed"]


@pytest.fixture
def pay(client: stripe.StripeClient, buyer: Buyer) -> str:
    """The address of a Session that waits for its card."""
    return client.v1.checkout.sessions.create(params=params()).url


def test_the_signature_is_checked_by_the_real_library(pay: str, buyer: Buyer, shop: Shop) -> None:
    buyer.pay(pay)
    shop.wait_for(4)
    header, body = shop.received[0]
    assert stripe.Webhook.construct_event(body, header, SECRET).object == "event"
    for wrong_header, wrong_body, wrong_secret in (
        (header, body, "whsec_other"),
        (header, body.replace(b"29276", b"29277"), SECRET),
        ("", body, SECRET),
    ):
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(wrong_body, wrong_header, wrong_secret)


def test_the_signature_is_an_hmac_of_stamp_and_body() -> None:
    stamp = int(time.time())
    expected = hmac.new(b"whsec_x", f"{stamp}.{{}}".encode(), hashlib.sha256).hexdigest()
    assert webhooks.sign(b"{}", "whsec_x", at=stamp) == f"t={stamp},v1={expected}"


def test_a_webhook_is_repeated_until_the_shop_accepts_it(
    client: stripe.StripeClient, shop: Shop, http: requests.Session
) -> None:
    shop.answers = [500, 302, 200]
    session = client.v1.checkout.sessions.create(params=params())
    client.v1.checkout.sessions.expire(session.id)
    assert shop.wait_for(3) == ["checkout.session.expired"] * 3
    assert len({event.id for event in shop.events()}) == 1
    wait_until(lambda: client.v1.events.list().data[0].pending_webhooks == 0)
    assert client.v1.events.list(params={"delivery_success": False}).data == []


def test_a_shop_that_never_accepts_is_left_alone_in_the_end(
    client: stripe.StripeClient, shop: Shop, http: requests.Session
) -> None:
    shop.answers = [503] * 9
    client.v1.checkout.sessions.expire(client.v1.checkout.sessions.create(params=params()).id)
    assert len(shop.wait_for(4)) == 4
    time.sleep(0.2)
    assert len(shop.received) == 4
    (event,) = client.v1.events.list(params={"delivery_success": False}).data
    assert event.pending_webhooks == 1
    shop.answers = []
    http.post(f"/stripe/events/{event.id}/resend")
    shop.wait_for(5)
    wait_until(lambda: client.v1.events.retrieve(event.id).pending_webhooks == 0)


def test_the_pauses_grow() -> None:
    assert list(webhooks.PAUSES) == sorted(webhooks.PAUSES)
    assert webhooks.PAUSES[0] <= 1


def test_twice_sends_each_event_twice(pay: str, buyer: Buyer, shop: Shop, http: requests.Session) -> None:
    http.switch("stripe", "twice")
    buyer.pay(pay)
    assert shop.wait_for(8) == [name for name in PAID for _ in range(2)]
    assert len({event.id for event in shop.events()}) == 4


def test_disorder_sends_the_last_event_first(pay: str, buyer: Buyer, shop: Shop, http: requests.Session) -> None:
    http.switch("stripe", "disorder")
    buyer.pay(pay)
    assert shop.wait_for(4) == PAID[::-1]


def test_late_events_come_after_the_buyer(pay: str, buyer: Buyer, shop: Shop, http: requests.Session) -> None:
    http.switch("stripe", "late")
    assert buyer.pay(pay).status_code == 303
    time.sleep(0.2)
    assert shop.received == []
    assert shop.wait_for(4) == PAID


def test_lost_events_are_only_in_the_list(
    client: stripe.StripeClient, pay: str, buyer: Buyer, shop: Shop, http: requests.Session
) -> None:
    http.switch("stripe", "lost")
    buyer.pay(pay)
    time.sleep(0.2)
    assert shop.received == []
    assert [event.type for event in client.v1.events.list().data] == PAID[::-1]


def test_events_are_listed_by_type_time_and_delivery(
    client: stripe.StripeClient, pay: str, buyer: Buyer, shop: Shop
) -> None:
    buyer.pay(pay)
    shop.wait_for(4)
    wait_until(lambda: not client.v1.events.list(params={"delivery_success": False}).data)

    def types(**wanted: object) -> list[str]:
        return [event.type for event in client.v1.events.list(params=wanted).data]

    now = int(time.time())
    assert types(type="checkout.session.completed") == ["checkout.session.completed"]
    assert types(type="payment_intent.*") == ["payment_intent.succeeded", "payment_intent.created"]
    assert types(types=["charge.succeeded", "payment_intent.created"]) == ["charge.succeeded", "payment_intent.created"]
    assert types(created={"gte": now - 60}) == PAID[::-1]
    assert types(created={"gte": now + 60}) == []
    assert types(created={"lt": now + 60}, limit=2) == PAID[:1:-1]
    assert types(delivery_success=True) == PAID[::-1]
    with pytest.raises(stripe.InvalidRequestError):
        types(type="a", types=["b"])
    event = client.v1.events.list(params={"type": "charge.succeeded"}).data[0]
    assert client.v1.events.retrieve(event.id).data.object.amount == 29276


def test_an_event_names_the_call_that_caused_it(
    client: stripe.StripeClient, paid: stripe.checkout.Session, shop: Shop
) -> None:
    made = client.v1.refunds.create(
        params={"payment_intent": paid.payment_intent}, options={"idempotency_key": "refund-1"}
    )
    event = client.v1.events.list(params={"type": "refund.created"}).data[0]
    assert event.request.idempotency_key == "refund-1"
    assert event.request.id == made.last_response.request_id
    assert client.v1.events.list(params={"type": "checkout.session.completed"}).data[0].request.id is None


def test_an_event_shows_the_object_as_it_was(client: stripe.StripeClient, paid: stripe.checkout.Session) -> None:
    client.v1.refunds.create(params={"payment_intent": paid.payment_intent})
    event = client.v1.events.list(params={"type": "charge.succeeded"}).data[0]
    assert event.data.object.amount_refunded == 0


def test_deliveries_under_way_survive_a_restart(
    client: stripe.StripeClient, shop: Shop, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "PAUSES", (600, 600))
    monkeypatch.setattr(webhooks, "RESUME", 0)
    shop.answers = [500]
    client.v1.checkout.sessions.expire(client.v1.checkout.sessions.create(params=params()).id)
    shop.wait_for(1)
    webhooks.resume(Account(world))
    assert len(shop.wait_for(2)) == 2


def test_without_an_endpoint_nothing_is_pending(client: stripe.StripeClient, paid: stripe.checkout.Session) -> None:
    assert {event.pending_webhooks for event in client.v1.events.list().data} == {0}
