"""What the processor tells us: believed when signed, told twice without harm, asked for again when we fail."""

import hashlib
import hmac
import json
import time

import pytest
from django.test import Client
from django.utils import timezone

from billing import payments
from billing.models import Invoice, Payment, ProviderEvent
from orders.models import Order
from tests.journeys import an_order

from .conftest import Processor

pytestmark = pytest.mark.django_db(transaction=True)
SECRET = "whsec_tests"


def event(session_id: str, kind: str = "checkout.session.completed", **changes: object) -> dict[str, object]:
    return {
        "id": f"evt_{kind}_{session_id}",
        "object": "event",
        "type": kind,
        "livemode": False,
        "created": int(time.time()),
        "api_version": "2026-10-28.endive",
        "data": {"object": {"id": session_id, "object": "checkout.session"}},
    } | changes


def post(body: bytes | dict[str, object], *, secret: str = SECRET, age: int = 0, **headers: str):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    stamp = int(time.time()) - age
    signature = hmac.new(secret.encode(), f"{stamp}.".encode() + data, hashlib.sha256).hexdigest()
    headers = {"Stripe-Signature": f"t={stamp},v1={signature}"} | headers
    return Client().post("/webhooks/stripe/", data, content_type="application/json", headers=headers)


def paid_order(processor: Processor) -> tuple[Order, str]:
    order = an_order()
    processor.pay(payments.start(order, by=order.placed_by, at=timezone.now()))
    return order, order.payments.get().session_id


def test_a_signed_event_confirms_the_payment_and_its_replay_changes_nothing(processor: Processor):
    order, session_id = paid_order(processor)
    for _ in range(2):
        assert post(event(session_id)).status_code == 200
    order.refresh_from_db()
    assert order.status == Order.Status.PAID
    assert Invoice.objects.count() == 1
    assert ProviderEvent.objects.count() == 1


def test_events_out_of_order_end_in_the_truth(processor: Processor):
    order, session_id = paid_order(processor)
    assert post(event(session_id)).status_code == 200
    assert post(event(session_id, "checkout.session.expired")).status_code == 200
    order.refresh_from_db()
    assert order.status == Order.Status.PAID
    assert order.payments.get().status == Payment.Status.SUCCEEDED


def test_the_body_is_only_a_trigger_what_it_claims_is_not_believed(processor: Processor):
    order = an_order()
    payments.start(order, by=order.placed_by, at=timezone.now())
    claim = event(order.payments.get().session_id)
    claim["data"]["object"] |= {"status": "complete", "payment_status": "paid"}
    assert post(claim).status_code == 200
    order.refresh_from_db()
    assert order.status == Order.Status.AWAITING_PAYMENT


@pytest.mark.parametrize(
    "send",
    [
        lambda: post(event("cs_1"), secret="whsec_forged"),
        lambda: post(event("cs_1"), age=3600),
        lambda: post(b"not json"),
        lambda: post(b"\xff\xfe\x00"),
        lambda: post(b"[1, 2]"),
        lambda: post(b"{}"),
        lambda: post(b'{"id": "evt_1", "object": "event"}'),
        lambda: post(event("cs_1"), **{"Stripe-Signature": ""}),
        lambda: post(event("cs_1"), **{"Stripe-Signature": "t=abc,v1=ù"}),
        lambda: post(b"x" * 300_000),
    ],
    ids=["forged", "old", "no json", "no utf-8", "list", "empty", "no data", "no signature", "odd signature", "huge"],
)
def test_what_the_processor_did_not_sign_is_refused_and_leaves_no_trace(processor: Processor, send):
    response = send()
    assert response.status_code == 400
    assert response.content == b""
    assert ProviderEvent.objects.count() == 0


def test_a_webhook_is_post_only_and_needs_no_session(processor: Processor):
    assert Client().get("/webhooks/stripe/").status_code == 405
    assert Client(enforce_csrf_checks=True).post("/webhooks/stripe/", b"{}", "application/json").status_code == 400


def test_an_event_of_another_shop_is_heard_without_effect(processor: Processor):
    assert post(event("cs_test_of_somebody_else")).status_code == 200
    assert post(event("pi_1", "payment_intent.created")).status_code == 200
    assert Payment.objects.count() == 0


def test_when_the_processor_cannot_be_asked_it_must_tell_again(processor: Processor):
    order, session_id = paid_order(processor)
    processor.switch("failing")
    assert post(event(session_id)).status_code == 503
    assert ProviderEvent.objects.count() == 0
    processor.switch("ok")
    assert post(event(session_id)).status_code == 200
    order.refresh_from_db()
    assert order.status == Order.Status.PAID


def test_the_previous_secret_is_believed_while_it_is_being_rotated(processor: Processor, settings):
    settings.STRIPE_WEBHOOK_SECRETS = ["whsec_new", SECRET]
    _, session_id = paid_order(processor)
    assert post(event(session_id)).status_code == 200
    assert post(event(session_id, id="evt_2"), secret="whsec_new").status_code == 200
