"""The card processor. The only module that knows Stripe; everybody else sees `Session`.

Amounts cross this border as cents of EUR TTC and are Decimal euros on our side. The total is sent as one line with
quantity 1: VAT is rounded once per document, so unit price × quantity would not make our total.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

import stripe
from django.conf import settings

from .models import Payment

logger = logging.getLogger(__name__)
EXPANDED = ["payment_intent.latest_charge"]
CENTS = 100


class GatewayError(Exception):
    """The processor could not be asked, or refused: nothing is known to have changed. Try again later."""


class Refused(GatewayError):
    """The processor understood and said no: unknown session, or one that is not open. Asking again changes nothing."""


class ForgedEvent(Exception):
    """A webhook that the processor did not sign, or signed too long ago, or that is not readable."""


@dataclass(frozen=True)
class Session:
    """What the processor says of one payment page, now."""

    id: str
    url: str
    is_open: bool
    is_paid: bool
    amount: Decimal
    currency: str
    livemode: bool
    intent_id: str
    expires_at: datetime
    paid_at: datetime | None
    payment_uuid: UUID | None


@dataclass(frozen=True)
class Event:
    """A webhook, reduced to what it triggers: the object is read again from the API."""

    id: str
    kind: str
    object_id: str
    livemode: bool


@lru_cache(maxsize=1)
def _client() -> stripe.StripeClient:
    return stripe.StripeClient(
        settings.STRIPE_SECRET_KEY,
        base_addresses={"api": settings.STRIPE_API_BASE},
        http_client=stripe.RequestsClient(timeout=settings.STRIPE_TIMEOUT),
        max_network_retries=2,
    )


def is_live() -> bool:
    """Tell whether our key moves real money."""
    return settings.STRIPE_SECRET_KEY.startswith(("sk_live_", "rk_live_"))


def open_checkout(payment: Payment, *, return_url: str, email: str) -> Session:
    """Open the payment page of this attempt, or find the one already opened under the same key.

    The parameters come from the row alone, so that a repeated call is the same call: a time-out never makes two pages.
    """
    order = payment.order
    assert payment.session_expires_at is not None
    metadata = {"order": order.reference, "payment": str(payment.uuid)}
    params: dict[str, Any] = {
        "mode": "payment",
        "allowed_payment_method_types": ["card"],
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": "eur",
                    "unit_amount": int(payment.amount_incl_vat * CENTS),
                    "product_data": {
                        "name": f"Commande {order.reference}",
                        "description": f"{order.lots} × {order.product_name}, livraison incluse, TTC",
                    },
                },
            }
        ],
        "client_reference_id": order.reference,
        "customer_email": email,
        "metadata": metadata,
        # Metadata of a Session is not copied to its PaymentIntent: without this a refund or dispute is an orphan.
        "payment_intent_data": {"metadata": metadata, "description": f"Commande {order.reference}"},
        "adaptive_pricing": {"enabled": False},
        "submit_type": "pay",
        "locale": "fr",
        "expires_at": int(payment.session_expires_at.timestamp()),
        "success_url": f"{return_url}?session_id={{CHECKOUT_SESSION_ID}}",
        "cancel_url": f"{return_url}?abandon=1",
        "expand": EXPANDED,
    }
    return _call("create", params=params, options={"idempotency_key": f"checkout-{payment.uuid}"})


def retrieve(session_id: str) -> Session:
    """Ask what became of a payment page."""
    return _call("retrieve", session_id, params={"expand": EXPANDED})


def close(session_id: str) -> Session:
    """Close a payment page; the answer says whether money came first. Closing a closed page is no error."""
    try:
        return _call("expire", session_id, params={"expand": EXPANDED})
    except Refused:
        return retrieve(session_id)  # only open pages can be closed: completed or expired, read which


def read_event(body: bytes, signature: str) -> Event:
    """Check who signed a webhook, with the present or the previous secret, and reduce it to a trigger."""
    for secret in settings.STRIPE_WEBHOOK_SECRETS:
        try:
            event = _client().construct_event(body, signature, secret)
            object_id = getattr(event.data.object, "id", "") or ""
            return Event(id=event.id, kind=event.type, object_id=object_id, livemode=event.livemode)
        except stripe.SignatureVerificationError:
            continue
        except (ValueError, AttributeError, TypeError, KeyError) as error:
            raise ForgedEvent("not a readable event") from error
    raise ForgedEvent("no secret of ours signed this")


def _call(verb: str, *args: Any, **kwargs: Any) -> Session:
    try:
        answer = getattr(_client().v1.checkout.sessions, verb)(*args, **kwargs)
    except stripe.StripeError as error:
        logger.warning("stripe %s: %s (request %s)", verb, error, getattr(error, "request_id", None))
        kind = Refused if isinstance(error, stripe.InvalidRequestError) else GatewayError
        raise kind(str(error)) from error
    return _session(answer)


def _session(answer: Any) -> Session:
    intent = answer.payment_intent
    charge = getattr(intent, "latest_charge", None)
    charged = getattr(charge, "created", None)
    metadata = answer.metadata.to_dict() if answer.metadata else {}
    return Session(
        id=answer.id,
        url=answer.url or "",
        is_open=answer.status == "open",
        is_paid=answer.status == "complete" and answer.payment_status == "paid",
        amount=Decimal(answer.amount_total or 0) / CENTS,
        currency=answer.currency or "",
        livemode=bool(answer.livemode),
        intent_id=(intent if isinstance(intent, str) else getattr(intent, "id", "")) or "",
        expires_at=datetime.fromtimestamp(answer.expires_at, tz=UTC),
        paid_at=datetime.fromtimestamp(charged, tz=UTC) if charged else None,
        payment_uuid=_uuid(metadata.get("payment", "")),
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
