"""Refunds: partial, whole, too much, slow and failing."""

import pytest
import requests
import stripe

from tests.sandbox.stripe.conftest import Buyer, Shop, params, wait_until

REFUND_WAITS, REFUND_FAILS = "4000000000007726", "4000000000005126"


def left(client: stripe.StripeClient, session: stripe.checkout.Session) -> int:
    charge = client.v1.payment_intents.retrieve(
        session.payment_intent, params={"expand": ["latest_charge"]}
    ).latest_charge
    return charge.amount - charge.amount_refunded


def refund(client: stripe.StripeClient, session: stripe.checkout.Session, **more: object) -> stripe.Refund:
    return client.v1.refunds.create(params={"payment_intent": session.payment_intent, **more})


def test_a_refund_in_parts_never_exceeds_the_charge(
    client: stripe.StripeClient, paid: stripe.checkout.Session, shop: Shop
) -> None:
    first = refund(client, paid, amount=10000, reason="requested_by_customer", metadata={"refund": "1"})
    assert (first.status, first.amount, first.currency) == ("succeeded", 10000, "eur")
    assert first.metadata.to_dict() == {"refund": "1"}
    assert left(client, paid) == 19276
    with pytest.raises(stripe.InvalidRequestError) as caught:
        refund(client, paid, amount=19277)
    assert caught.value.http_status == 400
    assert caught.value.param == "amount"
    assert "€192.77) is greater than unrefunded amount on charge (€192.76)" in caught.value.user_message

    second = refund(client, paid)
    assert second.amount == 19276
    charge = client.v1.charges.retrieve(first.charge, params={"expand": ["refunds"]})
    assert charge.refunded is True
    assert [entry.id for entry in charge.refunds.data] == [second.id, first.id]
    with pytest.raises(stripe.InvalidRequestError) as caught:
        refund(client, paid)
    assert caught.value.code == "charge_already_refunded"
    assert [entry.id for entry in client.v1.refunds.list(params={"payment_intent": paid.payment_intent}).data] == [
        second.id,
        first.id,
    ]
    assert client.v1.refunds.list(params={"charge": "ch_none"}).data == []
    assert shop.wait_for(4)[-4:] == ["refund.created", "charge.refunded"] * 2
    assert shop.events()[-1].data.previous_attributes.to_dict() == {"amount_refunded": 10000}


def test_a_refund_by_charge_shows_both_ends(client: stripe.StripeClient, paid: stripe.checkout.Session) -> None:
    charge = client.v1.payment_intents.retrieve(paid.payment_intent).latest_charge
    made = client.v1.refunds.create(params={"charge": charge, "amount": 1, "expand": ["charge", "payment_intent"]})
    assert (made.charge.id, made.payment_intent.id) == (charge, paid.payment_intent)
    assert client.v1.refunds.retrieve(made.id).charge == charge


def test_what_cannot_be_refunded_is_refused(
    client: stripe.StripeClient, paid: stripe.checkout.Session, buyer: Buyer
) -> None:
    failed = client.v1.checkout.sessions.create(params=params())
    buyer.pay(failed.url, "4000000000000002")
    failed = client.v1.checkout.sessions.retrieve(failed.id, params={"expand": ["payment_intent"]})
    for wrong, code in (
        ({}, "parameter_missing"),
        ({"payment_intent": "pi_none"}, "resource_missing"),
        ({"charge": "ch_none"}, "resource_missing"),
        ({"payment_intent": failed.payment_intent.id}, "payment_intent_unexpected_state"),
        ({"charge": failed.payment_intent.latest_charge}, None),
        ({"payment_intent": paid.payment_intent, "charge": failed.payment_intent.latest_charge}, None),
        ({"payment_intent": paid.payment_intent, "amount": 0}, "parameter_invalid_integer"),
        ({"payment_intent": paid.payment_intent, "amount": -5}, "parameter_invalid_integer"),
        ({"payment_intent": paid.payment_intent, "reason": "because"}, None),
        ({"payment_intent": paid.payment_intent, "note": "because"}, "parameter_unknown"),
    ):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            client.v1.refunds.create(params=wrong)
        assert caught.value.code == code, wrong
    assert left(client, paid) == 29276


def test_a_pending_refund_waits_for_the_switch(
    client: stripe.StripeClient, paid: stripe.checkout.Session, shop: Shop, http: requests.Session
) -> None:
    http.switch("stripe", "refund_pending")
    made = refund(client, paid)
    assert (made.status, made.pending_reason) == ("pending", "processing")
    assert left(client, paid) == 0
    http.switch("stripe", "ok")
    wait_until(lambda: client.v1.refunds.retrieve(made.id).status == "succeeded")
    assert shop.wait_for(4)[-2:] == ["refund.updated", "charge.refund.updated"]


@pytest.mark.parametrize("by_card", [False, True])
def test_a_failing_refund_is_pending_first_and_gives_the_amount_back(
    client: stripe.StripeClient, buyer: Buyer, shop: Shop, http: requests.Session, by_card: bool
) -> None:
    session = client.v1.checkout.sessions.create(params=params())
    buyer.pay(session.url, *([REFUND_FAILS] if by_card else []))
    session = client.v1.checkout.sessions.retrieve(session.id)
    if not by_card:
        http.switch("stripe", "refund_failing")
    made = refund(client, session, amount=5000)
    assert made.status == "pending"
    wait_until(lambda: client.v1.refunds.retrieve(made.id).status == "failed")
    assert client.v1.refunds.retrieve(made.id).failure_reason == "expired_or_canceled_card"
    assert left(client, session) == 29276
    assert shop.wait_for(9)[-3:] == ["refund.updated", "charge.refund.updated", "refund.failed"]


def test_a_slow_refund_succeeds_in_the_end(client: stripe.StripeClient, buyer: Buyer, shop: Shop) -> None:
    session = client.v1.checkout.sessions.create(params=params())
    buyer.pay(session.url, REFUND_WAITS)
    made = refund(client, client.v1.checkout.sessions.retrieve(session.id))
    assert made.status == "pending"
    wait_until(lambda: client.v1.refunds.retrieve(made.id).status == "succeeded")


def test_a_refund_in_the_dashboard_reaches_the_shop_as_events(
    client: stripe.StripeClient, paid: stripe.checkout.Session, shop: Shop, http: requests.Session
) -> None:
    answer = http.post(f"/stripe/payments/{paid.payment_intent}/refund", json={"amount": "1200"})
    assert answer.json()["amount"] == 1200
    assert shop.wait_for(2) == ["refund.created", "charge.refunded"]
    page = http.post(f"/stripe/payments/{paid.payment_intent}/refund")
    assert "remboursé" in page.text
    assert left(client, paid) == 0
    assert "Refusé par Stripe" in http.post(f"/stripe/payments/{paid.payment_intent}/refund").text
