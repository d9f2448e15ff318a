"""The life of a Checkout Session, through the real client library."""

import time
from typing import Any

import pytest
import stripe

from sandbox.stripe import clock
from sandbox.world import World
from tests.sandbox.stripe.conftest import Buyer, Shop, params


def refusal(client: stripe.StripeClient, **more: Any) -> stripe.InvalidRequestError:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.checkout.sessions.create(params={k: v for k, v in params(**more).items() if v is not None})
    return caught.value


def line(**price: Any) -> list[dict[str, Any]]:
    data = {"currency": "eur", "unit_amount": 100, "product_data": {"name": "Lot"}} | price
    return [{"quantity": 1, "price_data": {k: v for k, v in data.items() if v is not None}}]


def test_a_session_opens_with_what_was_asked(client: stripe.StripeClient, world: World) -> None:
    before = int(time.time())
    session = client.v1.checkout.sessions.create(params=params())
    assert session.id.startswith("cs_test_")
    assert session.url == f"{world.base_url}/stripe/pay/{session.id}"
    assert (session.status, session.payment_status, session.livemode) == ("open", "unpaid", False)
    assert (session.amount_total, session.amount_subtotal, session.currency) == (29276, 29276, "eur")
    assert session.payment_intent is None
    assert session.expires_at == session.created + 24 * 60 * 60
    assert before <= session.created <= time.time()
    assert session.client_reference_id == "ECTZ326"
    assert session.metadata.to_dict() == {"order": "ECTZ326"}
    assert session.adaptive_pricing.enabled is False
    assert session.customer_details.email == "marie@example.com"
    assert session.last_response.request_id.startswith("req_")
    assert client.v1.checkout.sessions.retrieve(session.id).to_dict() == session.to_dict()


def test_notes_of_the_sandbox_never_leave_it(client: stripe.StripeClient, paid: stripe.checkout.Session) -> None:
    expanded = client.v1.checkout.sessions.retrieve(
        paid.id, params={"expand": ["line_items", "payment_intent.latest_charge.refunds"]}
    )
    listed = client.v1.checkout.sessions.list(params={"expand": ["data.payment_intent"]})
    assert '"_' not in str(expanded)
    assert '"_' not in str(listed)


def test_lines_are_left_out_unless_asked_for(client: stripe.StripeClient) -> None:
    session = client.v1.checkout.sessions.create(params=params())
    assert "line_items" not in session.to_dict()
    lines = client.v1.checkout.sessions.line_items.list(session.id)
    assert [(item.description, item.quantity, item.amount_total) for item in lines.data] == [
        ("3 lots de 40 masques été & hiver", 1, 29276)
    ]
    expanded = client.v1.checkout.sessions.retrieve(session.id, params={"expand": ["line_items"]})
    assert expanded.line_items.data[0].price.unit_amount == 29276
    created = client.v1.checkout.sessions.create(params=params(expand=["line_items"]))
    assert created.line_items.data[0].amount_total == 29276


def test_fractions_of_a_cent_are_rounded_once_per_line(client: stripe.StripeClient) -> None:
    lines = line(unit_amount=None, unit_amount_decimal="33.5")
    lines[0]["quantity"] = 3
    assert client.v1.checkout.sessions.create(params=params(line_items=lines)).amount_total == 101


@pytest.mark.parametrize(
    ("change", "code", "param"),
    [
        ({"payment_method_types": ["card"]}, "parameter_unknown", "payment_method_types"),
        ({"payment_intent_data": {"amount": 5}}, "parameter_unknown", "payment_intent_data[amount]"),
        ({"line_items": line(vat=5)}, "parameter_unknown", "line_items[0][price_data][vat]"),
        ({"mode": None}, "parameter_missing", "mode"),
        ({"success_url": None}, "parameter_missing", "success_url"),
        ({"line_items": None}, "parameter_missing", "line_items"),
        ({"line_items": line(currency=None)}, "parameter_missing", "line_items[0][price_data][currency]"),
        ({"line_items": line(product_data={})}, "parameter_missing", "line_items[0][price_data][product_data]"),
        (
            {"line_items": line(product_data={"description": "x"})},
            "parameter_missing",
            "line_items[0][price_data][product_data][name]",
        ),
        ({"line_items": line(unit_amount="x")}, "parameter_invalid_integer", "line_items[0][price_data][unit_amount]"),
        ({"line_items": line(unit_amount=49)}, "amount_too_small", None),
        ({"line_items": [{"quantity": 1, "price": "price_1"}]}, "resource_missing", "line_items[0][price]"),
        ({"success_url": "/relative/"}, "url_invalid", "success_url"),
        ({"cancel_url": "http://shop.test/" + "x" * 5000}, "url_invalid", "cancel_url"),
        ({"cancel_url": ""}, "parameter_invalid_empty", "cancel_url"),
        ({"mode": "subscription"}, None, "mode"),
        ({"mode": "charge"}, None, "mode"),
        ({"ui_mode": "embedded"}, None, "ui_mode"),
        ({"locale": "fr-FR"}, None, "locale"),
        ({"client_reference_id": "x" * 201}, None, "client_reference_id"),
        ({"customer_email": "marie"}, "email_invalid", "customer_email"),
        ({"metadata": {"order": "x" * 501}}, None, "metadata[order]"),
        ({"metadata": {"x" * 41: "order"}}, None, "metadata"),
        ({"metadata": {f"key{i}": "x" for i in range(51)}}, None, "metadata"),
        ({"adaptive_pricing": {"enabled": "no"}}, None, "adaptive_pricing[enabled]"),
        ({"line_items": line() * 101}, None, "line_items"),
        ({"allowed_payment_method_types": ["sepa_debit"]}, None, "allowed_payment_method_types"),
        ({"shipping_options": [{"shipping_rate": "shr_1"}]}, None, "shipping_options"),
        ({"payment_intent_data": {"statement_descriptor": "X"}}, None, "payment_intent_data[statement_descriptor]"),
        ({"expires_at": int(time.time()) + 29 * 60}, None, "expires_at"),
        ({"expires_at": int(time.time()) + 25 * 60 * 60}, None, "expires_at"),
        ({"expand": ["customer"]}, None, "expand"),
    ],
)  # fmt: skip
def test_what_stripe_would_refuse_is_refused(
    client: stripe.StripeClient, change: dict[str, Any], code: str | None, param: str | None
) -> None:
    error = refusal(client, **change)
    assert error.http_status == (404 if code == "resource_missing" else 400)
    assert (error.code, error.param) == (code, param)
    assert error.request_id.startswith("req_")


def test_a_refusal_has_stripes_shape(client: stripe.StripeClient) -> None:
    error = refusal(client, payment_method_types=["card"], colour="blue")
    assert error.json_body == {
        "error": {
            "type": "invalid_request_error",
            "code": "parameter_unknown",
            "message": "Received unknown parameters: payment_method_types, colour",
            "param": "payment_method_types",
            "doc_url": "https://docs.stripe.com/error-codes/parameter-unknown",
        }
    }


def test_only_cards_may_be_allowed_explicitly(client: stripe.StripeClient) -> None:
    session = client.v1.checkout.sessions.create(params=params(allowed_payment_method_types=["card"]))
    assert session.payment_method_types == ["card"]


def test_an_unknown_session_is_missing(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.checkout.sessions.retrieve("cs_test_none")
    assert (caught.value.http_status, caught.value.code) == (404, "resource_missing")


def test_an_open_session_can_be_expired_once(client: stripe.StripeClient, shop: Shop) -> None:
    session = client.v1.checkout.sessions.create(params=params())
    expired = client.v1.checkout.sessions.expire(session.id)
    assert (expired.status, expired.payment_status, expired.url) == ("expired", "unpaid", None)
    assert shop.wait_for(1) == ["checkout.session.expired"]
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.checkout.sessions.expire(session.id)
    assert caught.value.http_status == 400
    assert 'a status in ["open"] can be expired' in caught.value.user_message
    assert "`expired`" in caught.value.user_message


def test_a_paid_session_cannot_be_expired(client: stripe.StripeClient, paid: stripe.checkout.Session) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="status of `complete`"):
        client.v1.checkout.sessions.expire(paid.id)


def test_a_session_expires_by_itself(
    client: stripe.StripeClient, buyer: Buyer, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    soon = int(time.time()) + 31 * 60
    short = client.v1.checkout.sessions.create(params=params(expires_at=soon))
    long = client.v1.checkout.sessions.create(params=params())
    buyer.pay(short.url, "4000000000000002")
    monkeypatch.setattr(clock, "now", lambda: soon)
    assert "le délai pour payer est dépassé" in buyer.look(short.url)
    assert client.v1.checkout.sessions.retrieve(short.id).status == "expired"
    assert client.v1.checkout.sessions.retrieve(long.id).status == "open"
    assert shop.wait_for(5)[-2:] == ["payment_intent.canceled", "checkout.session.expired"]


def test_sessions_are_listed_by_what_they_are(client: stripe.StripeClient, paid: stripe.checkout.Session) -> None:
    still_open = client.v1.checkout.sessions.create(params=params(customer_email="paul@example.com"))
    sessions = client.v1.checkout.sessions

    def ids(**wanted: Any) -> list[str]:
        return [session.id for session in sessions.list(params=wanted).data]

    assert ids() == [still_open.id, paid.id]
    assert ids(status="complete") == [paid.id]
    assert ids(payment_intent=paid.payment_intent) == [paid.id]
    assert ids(customer_details={"email": "paul@example.com"}) == [still_open.id]
    assert ids(limit=1) == [still_open.id]
    assert ids(limit=1, starting_after=still_open.id) == [paid.id]
    assert ids(ending_before=paid.id) == [still_open.id]
    assert [session.id for session in sessions.list(params={"limit": 1}).auto_paging_iter()] == [still_open.id, paid.id]
    with pytest.raises(stripe.InvalidRequestError):
        ids(limit=101)


def test_the_payment_of_a_session_is_not_cancelled_by_itself(
    client: stripe.StripeClient, paid: stripe.checkout.Session
) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="created by Checkout"):
        client.v1.payment_intents.cancel(paid.payment_intent)
