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
from http import HTTPStatus
from typing import Any
from uuid import UUID

import stripe
from django.conf import settings

from notifications.pause import Pause

from .models import Payment

logger = logging.getLogger(__name__)
EXPANDED = ["payment_intent.latest_charge"]
CENTS = 100
CONNECT_TIMEOUT = 3  # seconds; settings.STRIPE_TIMEOUT is for the answer
RETRIES = 1  # by the client, with the same key: a customer waits for at most two time-outs
# A processor that hangs would hold every web thread in turn: after a failure to reach it, say so at once for a while.
pause = Pause(seconds=15)


class GatewayError(Exception):
    """The processor could not be asked, or refused: nothing is known to have changed. Try again later."""


class Refused(GatewayError):
    """The processor understood and said no: asking again changes nothing."""


class Unknown(Refused):
    """The processor has no such page: it belongs to another account, or to test keys where ours are live."""


class Spent(GatewayError):
    """The answer to this idempotency key is fixed for a day (a stored failure): only a new key gets another one."""


class InUse(GatewayError):
    """The same request is under way, sent by another click: its answer is a moment away."""


class ForgedEvent(Exception):
    """A webhook that the processor did not sign, or signed too long ago, or that is not readable."""


@dataclass(frozen=True)
class Session:
    """What the processor says of one payment page, now."""

    id: str
    url: str
    is_open: bool
    is_over: bool  # expired unpaid: nothing can be charged any more
    is_paid: bool
    is_declined: bool  # the bank refused the last try; another one is possible while the page is open
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
        http_client=stripe.RequestsClient(timeout=(CONNECT_TIMEOUT, settings.STRIPE_TIMEOUT)),
        max_network_retries=RETRIES,
    )


def is_live() -> bool:
    """Tell whether our key moves real money."""
    return settings.STRIPE_SECRET_KEY.startswith(("sk_live_", "rk_live_"))


def open_checkout(payment: Payment, *, return_url: str, email: str) -> Session:
    """Open the payment page of this attempt, or find the one already opened under the same key.

    The parameters come from the row alone, so that a repeated call is the same call: a time-out never makes two pages.
    """
    order = payment.order
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
    """Ask what became of a payment page. Raises Unknown where the processor has none of this id."""
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
    if pause.is_on():
        raise GatewayError("not asked: it did not answer a moment ago")
    try:
        session = _session(getattr(_client().v1.checkout.sessions, verb)(*args, **kwargs))
    except stripe.StripeError as error:
        if isinstance(error, stripe.APIConnectionError):
            pause.begin()
        logger.warning("stripe %s: %s (request %s)", verb, error, getattr(error, "request_id", None))
        raise _class_of(error)(str(error)) from error
    except (AttributeError, LookupError, TypeError, ValueError, ArithmeticError, OSError) as error:
        # The library passes odd JSON on, or stumbles over it; what was asked may have been done.
        logger.exception("stripe %s: unreadable answer", verb)
        raise Spent("unreadable answer") from error
    pause.end()
    return session


def _class_of(error: stripe.StripeError) -> type[GatewayError]:
    """What may be done next hangs on it: repeat, repeat with another key, or give up."""
    if isinstance(error, stripe.InvalidRequestError):
        return Unknown if error.code == "resource_missing" else Refused
    if isinstance(error, stripe.IdempotencyError):
        return Spent
    if isinstance(error, stripe.APIError):
        return InUse if error.http_status == HTTPStatus.CONFLICT else Spent
    return GatewayError


def _session(answer: Any) -> Session:
    intent = answer.payment_intent
    is_paid = answer.status == "complete" and answer.payment_status == "paid"
    charge = getattr(intent, "latest_charge", None)
    charged = getattr(charge, "created", None)
    metadata = answer.metadata.to_dict() if answer.metadata else {}
    return Session(
        id=answer.id,
        url=answer.url or "",
        is_open=answer.status == "open",
        is_over=answer.status == "expired",
        is_paid=is_paid,
        is_declined=not is_paid and bool(getattr(intent, "last_payment_error", None)),
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
