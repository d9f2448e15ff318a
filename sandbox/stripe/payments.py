"""A buyer pays: PaymentIntent, charge, bank, and the events that tell the shop."""

import secrets
from dataclasses import dataclass
from enum import Enum

from sandbox.stripe import clock, disputes, sessions
from sandbox.stripe.account import Account
from sandbox.stripe.cards import CARDS, NOT_AUTHENTICATED, Decline, card_of
from sandbox.stripe.objects import Doc, new, random_id

# What a charge takes over from its PaymentIntent.
COPIED = (
    "currency", "description", "metadata", "payment_method", "receipt_email", "shipping",
    "statement_descriptor_suffix", "transfer_group",
)  # fmt: skip


class Step(Enum):
    """Where an attempt has led."""

    PAID = "paid"
    DECLINED = "declined"
    AUTHENTICATE = "authenticate"
    CLOSED = "closed"  # the Session was no longer open


@dataclass(frozen=True)
class Typed:
    """What the buyer typed; month and year as numbers."""

    number: str
    exp_month: int
    exp_year: int

    def kept(self) -> dict[str, str | int]:
        """Return what may be stored: of a number that is not a test card's, the last four digits only."""
        number = self.number if self.number in CARDS else self.number[-4:]
        return {"number": number, "exp_month": self.exp_month, "exp_year": self.exp_year}


def pay(account: Account, session_id: str, typed: Typed) -> tuple[Step, Decline | None]:
    """Try to pay an open Session with a card."""
    with account.act():
        session = account.fetch("checkout.session", session_id)
        if session["status"] != "open":
            return Step.CLOSED, None
        intent = _intent(account, session)
        card = card_of(typed.number)
        intent |= {"payment_method": random_id("pm_"), "_typed": typed.kept(), "last_payment_error": None}
        if card.authenticates:
            _ask_authentication(account, session, intent)
            return Step.AUTHENTICATE, None
        return _ask_bank(account, session, intent, authenticated=False)


def authenticate(account: Account, session_id: str, *, accepted: bool) -> tuple[Step, Decline | None]:
    """Go on after the buyer accepted or refused at the bank's page (3-D Secure)."""
    with account.act():
        session = account.fetch("checkout.session", session_id)
        if session["status"] != "open":
            return Step.CLOSED, None
        intent = account.find("payment_intent", session["payment_intent"] or "")
        if intent is None or intent["status"] != "requires_action":
            return Step.DECLINED, NOT_AUTHENTICATED
        if not accepted:
            return _fail(account, intent, NOT_AUTHENTICATED, charge=None)
        return _ask_bank(account, session, intent, authenticated=True)


def _intent(account: Account, session: Doc) -> Doc:
    """Return the Session's PaymentIntent; the first attempt makes it, later ones use it again."""
    if session["payment_intent"]:
        return account.fetch("payment_intent", session["payment_intent"])
    data = session["_payment_intent_data"]
    intent = new(
        "payment_intent",
        amount=session["amount_total"],
        created=clock.now(),
        currency=session["currency"],
        description=data.get("description"),
        metadata=data.get("metadata", {}),
        receipt_email=data.get("receipt_email"),
        setup_future_usage=data.get("setup_future_usage"),
        shipping=data.get("shipping"),
        statement_descriptor_suffix=data.get("statement_descriptor_suffix"),
        transfer_group=data.get("transfer_group"),
        _session=session["id"],
    )
    intent["client_secret"] = f"{intent['id']}_secret_{secrets.token_hex(12)}"
    account.emit("payment_intent.created", account.save(intent))
    session["payment_intent"] = intent["id"]
    account.save(session)
    return intent


def _ask_authentication(account: Account, session: Doc, intent: Doc) -> None:
    page = f"{account.world.base_url}/stripe/pay/{session['id']}/3ds"
    intent |= {
        "status": "requires_action",
        "next_action": {"redirect_to_url": {"return_url": session["url"], "url": page}, "type": "redirect_to_url"},
    }
    account.emit("payment_intent.requires_action", account.save(intent))


def _ask_bank(account: Account, session: Doc, intent: Doc, *, authenticated: bool) -> tuple[Step, Decline | None]:
    card = card_of(intent["_typed"]["number"])
    charge = _charge(session, intent, authenticated=authenticated)
    if card.decline is not None:
        _refuse(charge, card.decline)
        account.emit("charge.failed", account.save(charge))
        return _fail(account, intent, card.decline, charge=charge)
    account.emit("charge.succeeded", account.save(charge))
    intent |= {
        "status": "succeeded",
        "amount_received": intent["amount"],
        "latest_charge": charge["id"],
        "next_action": None,
    }
    account.emit("payment_intent.succeeded", account.save(intent))
    sessions.complete(account, session, intent)
    if card.disputes:
        disputes.open_dispute(account, charge["id"])
    return Step.PAID, None


def _charge(session: Doc, intent: Doc, *, authenticated: bool) -> Doc:
    """Return a charge that succeeded."""
    typed = intent["_typed"]
    card = card_of(typed["number"])
    charge = new(
        "charge",
        amount=intent["amount"],
        amount_captured=intent["amount"],
        captured=True,
        created=clock.now(),
        paid=True,
        payment_intent=intent["id"],
        _refund=card.refund,
        **{name: intent[name] for name in COPIED},
    )
    charge["billing_details"]["email"] = session["customer_email"]
    details = charge["payment_method_details"]["card"]
    details |= {
        "amount_authorized": intent["amount"],
        "authorization_code": f"{secrets.randbelow(10**6):06d}",
        "brand": card.brand,
        "exp_month": typed["exp_month"],
        "exp_year": typed["exp_year"],
        "fingerprint": f"sandbox{typed['number'][-9:]}",
        "last4": typed["number"][-4:],
        "network": card.brand,
    }
    details["overcapture"]["maximum_amount_capturable"] = intent["amount"]
    if authenticated:
        details["three_d_secure"] = {
            "authentication_flow": "challenge",
            "electronic_commerce_indicator": "05",
            "exemption_indicator": None,
            "result": "authenticated",
            "result_reason": None,
            "transaction_id": secrets.token_hex(16),
            "version": "2.2.0",
        }
    return charge


def _refuse(charge: Doc, decline: Decline) -> None:
    """Turn a charge into one that the bank declined."""
    charge |= {
        "amount_captured": 0,
        "captured": False,
        "failure_code": decline.code,
        "failure_message": decline.message,
        "paid": False,
        "status": "failed",
    }
    charge["outcome"] |= {
        "network_status": "declined_by_network",
        "reason": decline.decline_code or decline.code,
        "seller_message": "The bank did not return any further details with this decline.",
        "type": "issuer_declined",
    }


def _fail(account: Account, intent: Doc, decline: Decline, *, charge: Doc | None) -> tuple[Step, Decline]:
    """Put the PaymentIntent back to where another card can be tried."""
    error = {
        "code": decline.code,
        "doc_url": f"https://docs.stripe.com/error-codes/{decline.code.replace('_', '-')}",
        "message": decline.message,
        "payment_method": {"id": intent["payment_method"], "object": "payment_method", "type": "card"},
        "type": "card_error" if charge else "invalid_request_error",
    }
    if charge:
        error["charge"] = charge["id"]
    if decline.decline_code:
        error["decline_code"] = decline.decline_code
    intent |= {
        "status": "requires_payment_method",
        "last_payment_error": error,
        "latest_charge": charge["id"] if charge else intent["latest_charge"],
        "next_action": None,
        "payment_method": None,
    }
    account.emit("payment_intent.payment_failed", account.save(intent))
    return Step.DECLINED, decline
