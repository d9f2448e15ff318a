"""The hosted card page, where the buyer pays: plain forms, no script."""

import re
from datetime import UTC, datetime

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from sandbox.stripe import cards, clock, money, payments
from sandbox.stripe.account import MERCHANT, Account
from sandbox.stripe.cards import Decline
from sandbox.stripe.objects import Doc
from sandbox.stripe.payments import Step, Typed

FILLED_EXPIRY, FILLED_CVC = "12 / 34", "123"
PLACEHOLDER = "{CHECKOUT_SESSION_ID}"

Answer = str | BaseResponse


def register(bp: Blueprint, account: Account) -> None:
    """Add the page of a Session and the bank's page to the blueprint."""
    page = CardPage(account)
    bp.add_url_rule("/pay/<session_id>", "pay", page.show)
    bp.add_url_rule("/pay/<session_id>", "submit", page.submit, methods=["POST"])
    bp.add_url_rule("/pay/<session_id>/3ds", "bank", page.ask_bank)
    bp.add_url_rule("/pay/<session_id>/3ds", "decide", page.decide, methods=["POST"])


class CardPage:
    """What a buyer sees and does, from the empty form to the way back to the shop."""

    def __init__(self, account: Account) -> None:
        """Take payments for this account."""
        self.account = account

    def show(self, session_id: str) -> Answer:
        """Draw the form, filled in where a test card was chosen."""
        session = self._session(session_id)
        if session["status"] != "open":
            return _closed_page()
        number = request.args.get("carte", "")
        if number not in cards.CARDS:
            return _card_page(session, {}, {})
        filled = {"number": cards.CARDS[number].spaced, "expiry": FILLED_EXPIRY, "cvc": FILLED_CVC}
        return _card_page(session, filled, {})

    def submit(self, session_id: str) -> Answer:
        """Try the card."""
        session = self._session(session_id)
        typed, errors = _read(request.form)
        if typed is None and session["status"] == "open":
            return _card_page(session, request.form, errors)
        if typed is None:
            return _closed_page()
        return self._after(session, *payments.pay(self.account, session_id, typed))

    def ask_bank(self, session_id: str) -> Answer:
        """Draw the bank's page (3-D Secure)."""
        session = self._session(session_id)
        intent = self.account.find("payment_intent", session["payment_intent"] or "")
        if session["status"] != "open":
            return _closed_page()
        if intent is None or intent["status"] != "requires_action":
            return redirect(url_for("stripe.pay", session_id=session_id), 303)
        return render_template("stripe/bank.html", last4=intent["_typed"]["number"][-4:], **_context(session))

    def decide(self, session_id: str) -> Answer:
        """Take the buyer's word at the bank's page."""
        session = self._session(session_id)
        decision = request.form.get("decision")
        if decision not in ("accept", "refuse"):
            abort(400)
        return self._after(session, *payments.authenticate(self.account, session_id, accepted=decision == "accept"))

    def _session(self, session_id: str) -> Doc:
        return self.account.find("checkout.session", session_id) or abort(404)

    def _after(self, session: Doc, step: Step, decline: Decline | None) -> Answer:
        """Show where an attempt has led."""
        if step is Step.AUTHENTICATE:
            return redirect(url_for("stripe.bank", session_id=session["id"]), 303)
        if step is Step.DECLINED and decline:
            return _card_page(session, {}, {"form": decline.sentence})
        # A second click while the first one was paying ends where the first one ends.
        if self.account.fetch("checkout.session", session["id"])["status"] == "complete":
            return redirect(session["success_url"].replace(PLACEHOLDER, session["id"]), 303)
        return _closed_page()


def _read(form: dict[str, str]) -> tuple[Typed | None, dict[str, str]]:
    """Return the card typed, or what is wrong by field."""
    errors = {}
    number = re.sub(r"[\s\u00a0.-]", "", form.get("number", ""))
    if not number:
        errors["number"] = "Indiquez le numéro de la carte."
    elif not cards.is_number(number):
        errors["number"] = "Le numéro de carte est incorrect."
    expiry = re.fullmatch(r"\s*([0-9]{1,2})\s*[/ -]?\s*(?:20)?([0-9]{2})\s*", form.get("expiry", ""))
    month, year = (int(expiry[1]), 2000 + int(expiry[2])) if expiry else (0, 0)
    today = datetime.fromtimestamp(clock.now(), UTC)
    if not 1 <= month <= 12:
        errors["expiry"] = "Indiquez le mois et l’année, par exemple 12 / 34."
    elif (year, month) < (today.year, today.month):
        errors["expiry"] = "La date d’expiration de la carte est passée."
    if not re.fullmatch("[0-9]{3,4}", form.get("cvc", "").strip()):
        errors["cvc"] = "Indiquez les 3 chiffres au dos de la carte."
    return (None, errors) if errors else (Typed(number, month, year), {})


def _context(session: Doc) -> dict[str, object]:
    """Return what both pages show of a Session."""
    data = session["_payment_intent_data"]
    currency = session["currency"]
    return {
        "session": session,
        "merchant": (session["branding_settings"] or {}).get("display_name") or MERCHANT,
        "amount": money.french(session["amount_total"], currency),
        "description": data.get("description"),
        "lines": [
            (line["description"], line["quantity"], money.french(line["amount_total"], currency))
            for line in session["_line_items"]
        ],
    }


def _card_page(session: Doc, filled: dict[str, str], errors: dict[str, str]) -> str:
    """Draw the form; Stripe's page answers 200 whatever the bank says."""
    return render_template("stripe/pay.html", filled=filled, errors=errors, offered=cards.OFFERED, **_context(session))


def _closed_page() -> str:
    """Say what Stripe says of any Session that is no longer open: it does not tell paid from expired."""
    return render_template("stripe/closed.html", merchant=MERCHANT)
