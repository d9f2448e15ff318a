"""Refunds: whole or partial, at once or pending first, and sometimes failing in the end."""

from typing import Any

from sandbox.stripe import clock, money
from sandbox.stripe.account import Account
from sandbox.stripe.cards import REFUND_FAILS, REFUND_WAITS
from sandbox.stripe.errors import StripeError, invalid
from sandbox.stripe.objects import Doc, new, random_id

SETTLES_AFTER = 5.0  # seconds that a pending refund waits; Stripe takes days


def create(account: Account, params: dict[str, Any]) -> Doc:
    """Give money back, out of what is left of a charge."""
    charge = _charge(account, params)
    amount = _amount(charge, params.get("amount"))
    failing = account.mode == "refund_failing" or charge["_refund"] == REFUND_FAILS
    waiting = failing or account.mode == "refund_pending" or charge["_refund"] == REFUND_WAITS
    refund = new(
        "refund",
        amount=amount,
        charge=charge["id"],
        created=clock.now(),
        currency=charge["currency"],
        metadata=params.get("metadata", {}),
        payment_intent=charge["payment_intent"],
        payment_method=charge["payment_method"],
        reason=params.get("reason"),
        status="pending" if waiting else "succeeded",
        _fails=failing,
    )
    if waiting:
        refund["pending_reason"] = "processing"
        refund["destination_details"]["card"]["type"] = "pending"
        account.world.background(settle, account, refund["id"], delay=SETTLES_AFTER)
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    account.save(refund)
    account.emit("refund.created", refund)
    account.emit("charge.refunded", account.save(charge), {"amount_refunded": charge["amount_refunded"] - amount})
    return refund


def create_from_dashboard(account: Account, payment_intent: str, amount: int | None) -> Doc:
    """Refund as a person would in Stripe's dashboard: the shop learns of it by the events alone."""
    params: dict[str, Any] = {"payment_intent": payment_intent, "reason": "requested_by_customer"}
    with account.act():
        return create(account, params if amount is None else params | {"amount": amount})


def _charge(account: Account, params: dict[str, Any]) -> Doc:
    """Find the charge to refund and make sure that it may be."""
    if "charge" not in params and "payment_intent" not in params:
        raise invalid(
            "One of the following params should be provided for this request: payment_intent or charge.",
            code="parameter_missing",
        )
    charge_id = params.get("charge")
    if "payment_intent" in params:
        intent = account.fetch("payment_intent", params["payment_intent"], param="payment_intent")
        if intent["status"] != "succeeded":
            raise StripeError(
                400,
                f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.",
                param="payment_intent",
                code="payment_intent_unexpected_state",
            )
        if charge_id not in (None, intent["latest_charge"]):
            raise invalid(f"Charge {charge_id} does not belong to PaymentIntent {intent['id']}.", param="charge")
        charge_id = intent["latest_charge"]
    charge = account.fetch("charge", charge_id or "", param="charge")
    if not charge["paid"]:
        raise StripeError(400, f"Charge {charge_id} was not successful and cannot be refunded.", param="charge")
    if charge["disputed"] and not _is_won(account, charge):
        raise StripeError(
            400,
            f"Charge {charge_id} has been charged back; cannot issue a refund.",
            code="charge_disputed",
            param="charge",
        )
    return charge


def _is_won(account: Account, charge: Doc) -> bool:
    return all(dispute["status"] == "won" for dispute in account.all("dispute", charge=charge["id"]))


def _amount(charge: Doc, asked: int | None) -> int:
    """Return the cents to give back: what was asked for, or all that is left."""
    if asked is not None and asked < 1:
        raise invalid("Invalid positive integer", param="amount", code="parameter_invalid_integer")
    left: int = charge["amount"] - charge["amount_refunded"]
    if left == 0:
        raise StripeError(
            400, f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded", param="charge"
        )
    if asked is not None and asked > left:
        currency = charge["currency"]
        raise StripeError(
            400,
            f"Refund amount ({money.english(asked, currency)}) is greater than unrefunded amount on charge "
            f"({money.english(left, currency)})",
            param="amount",
        )
    return left if asked is None else asked


def settle(account: Account, refund_id: str) -> None:
    """Bring a pending refund to its end; while the switch says "pending", look again later."""
    with account.act():
        refund = account.find("refund", refund_id)
        if refund is None or refund["status"] != "pending":
            return
        if account.mode == "refund_pending" and not refund["_fails"]:
            account.world.background(settle, account, refund_id, delay=SETTLES_AFTER)
            return
        refund.pop("pending_reason", None)
        before = {"status": "pending"}
        if refund["_fails"]:
            _give_back(account, refund)
        else:
            refund["status"] = "succeeded"
            refund["destination_details"]["card"]["type"] = "refund"
        account.save(refund)
        account.emit("refund.updated", refund, before)
        account.emit("charge.refund.updated", refund, before)
        if refund["status"] == "failed":
            account.emit("refund.failed", refund, before)


def _give_back(account: Account, refund: Doc) -> None:
    """Fail a refund: the bank returned the money, the charge counts as not refunded by that amount."""
    charge = account.fetch("charge", refund["charge"])
    charge["amount_refunded"] -= refund["amount"]
    charge["refunded"] = False
    account.save(charge)
    refund |= {
        "status": "failed",
        "failure_reason": "expired_or_canceled_card",
        "failure_balance_transaction": random_id("txn_"),
    }


def resume(account: Account) -> None:
    """Take up pending refunds again after a restart."""
    for refund in account.all("refund"):
        if refund["status"] == "pending":
            account.world.background(settle, account, refund["id"], delay=SETTLES_AFTER)
