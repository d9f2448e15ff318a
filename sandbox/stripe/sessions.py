"""Checkout Sessions: open for a while, then complete or expired."""

import heapq
from typing import Any
from urllib.parse import urlsplit

from sandbox.stripe import clock
from sandbox.stripe.account import Account
from sandbox.stripe.errors import StripeError, invalid, missing
from sandbox.stripe.line_items import line_item
from sandbox.stripe.objects import Doc, new

MINUTE, DAY = 60, 24 * 60 * 60
SHORTEST, LONGEST = 30 * MINUTE, DAY
LINE_ITEMS = 100
REFERENCE_LENGTH = 200
URL_LENGTH = 5000
LEAST_AMOUNT = 50  # cents

# Parameters that are known to Stripe but would change what the buyer sees or pays in ways not played here.
NOT_PLAYED = (
    "automatic_tax", "customer", "customer_account", "discounts", "invoice_creation", "managed_payments",
    "optional_items", "setup_intent_data", "shipping_address_collection", "shipping_options", "subscription_data",
)  # fmt: skip
# Parameters that the object shows as they were given.
ECHOED = (
    "adaptive_pricing", "allowed_payment_method_types", "billing_address_collection", "branding_settings",
    "cancel_url", "client_reference_id", "customer_email", "excluded_payment_method_types",
    "integration_identifier", "locale", "metadata", "origin_context", "phone_number_collection", "submit_type",
    "success_url",
)  # fmt: skip


def create(account: Account, params: dict[str, Any]) -> Doc:
    """Open a Session."""
    created = clock.now()
    _check(params, created)
    items = [line_item(line, f"line_items[{i}]", created) for i, line in enumerate(params["line_items"])]
    total = sum(item["amount_total"] for item in items)
    if total < LEAST_AMOUNT:
        raise StripeError(
            400, "The Checkout Session's total amount must convert to at least 50 cents.", code="amount_too_small"
        )
    email = params.get("customer_email")
    session = new(
        "checkout.session",
        created=created,
        expires_at=params.get("expires_at", created + LONGEST),
        currency=items[0]["currency"],
        amount_subtotal=total,
        amount_total=total,
        customer_details=_customer_details(email) if email else None,
        payment_method_types=["card"],
        _line_items=items,
        _payment_intent_data=params.get("payment_intent_data", {}),
        **{name: params[name] for name in ECHOED if name in params},
    )
    if text := params.get("custom_text"):
        session["custom_text"] |= text
    session["url"] = f"{account.world.base_url}/stripe/pay/{session['id']}"
    heapq.heappush(account.deadlines, (session["expires_at"], session["id"]))
    return account.save(session)


def _check(params: dict[str, Any], created: int) -> None:
    """Refuse what the types alone do not."""
    for name in ("mode", "success_url", "line_items"):
        if not params.get(name):
            raise missing(name)
    _check_played(params)
    for name in ("success_url", "cancel_url"):
        if name in params:
            _check_url(params[name], name)
    reference = params.get("client_reference_id", "")
    if len(reference) > REFERENCE_LENGTH:
        raise invalid(
            f"Invalid string: {reference[:10]}...; must be at most {REFERENCE_LENGTH} characters",
            param="client_reference_id",
        )
    if len(params["line_items"]) > LINE_ITEMS:
        raise invalid(f"Array line_items exceeded maximum {LINE_ITEMS} allowed elements.", param="line_items")
    if "@" not in params.get("customer_email", "@"):
        raise invalid(
            f"Invalid email address: {params['customer_email']}", param="customer_email", code="email_invalid"
        )
    if "statement_descriptor" in params.get("payment_intent_data", {}):
        raise invalid(
            "`statement_descriptor` is not supported for card charges; use `statement_descriptor_suffix` instead.",
            param="payment_intent_data[statement_descriptor]",
        )
    _check_expiry(params.get("expires_at"), created)


def _check_played(params: dict[str, Any]) -> None:
    """Refuse what Stripe knows and the sandbox does not play, rather than ignore it."""
    if params["mode"] != "payment":
        raise invalid("The sandbox plays only mode `payment`.", param="mode")
    if params.get("ui_mode", "hosted_page") != "hosted_page":
        raise invalid("The sandbox plays only ui_mode `hosted_page`.", param="ui_mode")
    for name in NOT_PLAYED:
        given = params.get(name)
        if given and not (isinstance(given, dict) and given.get("enabled") is False):
            raise invalid(f"The sandbox does not play `{name}`.", param=name)
    allowed = params.get("allowed_payment_method_types", ["card"])
    if "card" not in allowed or "card" in params.get("excluded_payment_method_types", ()):
        raise invalid("No valid payment method types for this Checkout Session.", param="allowed_payment_method_types")


def _check_url(url: str, param: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise invalid("Not a valid URL", param=param, code="url_invalid")
    if len(url) > URL_LENGTH:
        raise invalid(f"Invalid URL: URL must be {URL_LENGTH} characters or less.", param=param, code="url_invalid")


def _check_expiry(expires_at: int | None, created: int) -> None:
    if expires_at is not None and expires_at < created + SHORTEST:
        raise invalid(
            "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation.", param="expires_at"
        )
    if expires_at is not None and expires_at > created + LONGEST:
        raise invalid(
            "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.", param="expires_at"
        )


def _customer_details(email: str | None) -> Doc:
    return {
        "address": None,
        "business_name": None,
        "email": email,
        "individual_name": None,
        "name": None,
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": None,
    }


def retrieve(account: Account, params: dict[str, Any], session_id: str) -> Doc:
    """Return a Session."""
    return account.fetch("checkout.session", session_id)


def expire(account: Account, params: dict[str, Any], session_id: str) -> Doc:
    """Close an open Session at the merchant's wish."""
    session = account.fetch("checkout.session", session_id)
    if session["status"] != "open":
        raise StripeError(
            400,
            'Only Checkout Sessions with a status in ["open"] can be expired. '
            f"This Checkout Session has a status of `{session['status']}`.",
        )
    return close_unpaid(account, session)


def close_unpaid(account: Account, session: Doc) -> Doc:
    """Expire an open Session and cancel the PaymentIntent of a failed attempt, if there was one."""
    with account.act():
        session |= {"status": "expired", "url": None}
        account.save(session)
        intent = account.find("payment_intent", session["payment_intent"] or "")
        if intent is not None:
            intent |= {
                "status": "canceled",
                "canceled_at": clock.now(),
                "cancellation_reason": "expired",
                "next_action": None,
            }
            account.emit("payment_intent.canceled", account.save(intent))
        account.emit("checkout.session.expired", session)
    return session


def complete(account: Account, session: Doc, intent: Doc) -> Doc:
    """Mark a Session paid."""
    details = session["customer_details"] or _customer_details(None)
    session |= {
        "status": "complete",
        "payment_status": "paid",
        "url": None,
        "payment_intent": intent["id"],
        "customer_details": details,
    }
    account.emit("checkout.session.completed", account.save(session))
    return session


def watch_open(account: Account) -> None:
    """Remember, at the start, which Sessions are open and when their time is over."""
    account.deadlines = [
        (session["expires_at"], session["id"])
        for session in account.all("checkout.session")
        if session["status"] == "open"
    ]
    heapq.heapify(account.deadlines)


def expire_due(account: Account) -> None:
    """Expire the Sessions whose time is over.

    Nothing runs while nobody calls: this stands at the start of every request, so that whoever looks sees
    the truth. The heap of deadlines spares the reading of all Sessions each time.
    """
    if not account.deadlines or account.deadlines[0][0] > clock.now():
        return
    with account.act():
        while account.deadlines and account.deadlines[0][0] <= clock.now():
            session = account.find("checkout.session", heapq.heappop(account.deadlines)[1])
            if session is not None and session["status"] == "open":
                close_unpaid(account, session)
