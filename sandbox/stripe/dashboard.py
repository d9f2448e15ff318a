"""What Stripe's dashboard would show of the account, and what a person does there: refund, dispute, resend."""

import json
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, url_for
from werkzeug.wrappers import Response as BaseResponse

from sandbox.stripe import disputes, money, refunds, webhooks
from sandbox.stripe.account import Account
from sandbox.stripe.errors import StripeError
from sandbox.stripe.objects import Doc, public
from sandbox.wire import PARIS, field, wants_json

SHOWN = 100


def register(bp: Blueprint, account: Account) -> None:
    """Add the pages to the blueprint."""
    bp.add_app_template_filter(_euros, "stripe_amount")
    bp.add_app_template_filter(_moment, "stripe_moment")

    @bp.get("/")
    def overview() -> str:
        return render_template("stripe/overview.html", payments=_payments(account))

    @bp.get("/events/")
    def events() -> str:
        return render_template("stripe/events.html", events=account.world.store.all("stripe.event", limit=SHOWN))

    @bp.get("/events/<event_id>/")
    def event(event_id: str) -> str:
        found = account.find("event", event_id) or abort(404)
        body = json.dumps(public(found), indent=2, ensure_ascii=False)
        return render_template("stripe/event.html", event=found, body=body)

    @bp.post("/events/<event_id>/resend")
    def resend(event_id: str) -> BaseResponse:
        found = account.find("event", event_id) or abort(404)
        account.world.background(webhooks.deliver, account, event_id, len(webhooks.PAUSES))
        return _answer(found, url_for("stripe.event", event_id=event_id))

    @bp.post("/payments/<intent_id>/refund")
    def refund(intent_id: str) -> BaseResponse:
        cents = field("amount")
        if cents and not cents.isdigit():
            abort(400)
        return _act(lambda: refunds.create_from_dashboard(account, intent_id, int(cents) if cents else None))

    @bp.post("/payments/<intent_id>/dispute")
    def dispute(intent_id: str) -> BaseResponse:
        intent = account.find("payment_intent", intent_id) or abort(404)
        return _act(lambda: disputes.open_dispute(account, intent["latest_charge"] or ""))

    @bp.post("/disputes/<dispute_id>/close")
    def close(dispute_id: str) -> BaseResponse:
        outcome = field("outcome")
        if outcome not in ("won", "lost"):
            abort(400)
        return _act(lambda: disputes.close_dispute(account, dispute_id, won=outcome == "won"))


def _act(deed: Any) -> BaseResponse:
    try:
        doc = deed()
    except StripeError as error:
        answer = Response(json.dumps(error.body()), error.status, mimetype="application/json")
        return answer if wants_json() else redirect(url_for("stripe.overview", refus=str(error)), 303)
    return _answer(doc, url_for("stripe.overview"))


def _answer(doc: Doc, page: str) -> BaseResponse:
    """Give a program the object, a person the page."""
    if wants_json():
        return Response(json.dumps(public(doc), indent=2), mimetype="application/json")
    return redirect(page, 303)


def _payments(account: Account) -> list[dict[str, Any]]:
    """Return the newest Sessions, each with what became of it."""
    rows = []
    for session in account.world.store.all("stripe.checkout.session", limit=SHOWN):
        intent = account.find("payment_intent", session["payment_intent"] or "")
        charge = account.find("charge", (intent or {}).get("latest_charge") or "")
        row: dict[str, Any] = {"session": session, "intent": intent, "charge": charge, "refunds": [], "disputes": []}
        if charge is not None and charge["paid"]:
            row["refunds"] = account.all("refund", charge=charge["id"]) if charge["amount_refunded"] else []
            row["disputes"] = account.all("dispute", charge=charge["id"]) if charge["disputed"] else []
        rows.append(row)
    return rows


def _euros(cents: int, currency: str = "eur") -> str:
    return money.french(cents, currency)


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, PARIS).strftime("%d/%m/%Y à %H:%M:%S")
