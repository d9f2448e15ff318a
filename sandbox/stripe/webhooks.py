"""Tell the shop: sign an event, post it, try again while the shop does not answer 2xx."""

import hashlib
import hmac
import json
from typing import TYPE_CHECKING

import requests

from sandbox.stripe import clock
from sandbox.stripe.objects import Doc, public

if TYPE_CHECKING:
    from sandbox.stripe.account import Account

# Stripe repeats for days (three times over some hours in test mode); a demo is shorter than that.
PAUSES = (1, 2, 5, 10, 30, 60, 120, 300)
TIMEOUT = 10  # seconds
LATE = 20.0  # seconds, mode "late"
DISORDER = 1.0  # seconds between two events, mode "disorder"
RESUME = 5.0  # seconds after a restart of the sandbox


def sign(payload: bytes, secret: str, *, at: int) -> str:
    """Return the Stripe-Signature header of a body."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + payload, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def dispatch(account: "Account", event_ids: list[str]) -> None:
    """Queue the events of one act, as well or as badly as the switch says."""
    if not account.world.webhook_url or account.mode == "lost":
        return
    for place, event_id in enumerate(event_ids):
        delay = 0.0
        if account.mode == "late":
            delay = LATE
        elif account.mode == "disorder":
            delay = DISORDER * (len(event_ids) - 1 - place)
        for _ in range(2 if account.mode == "twice" else 1):
            account.world.background(deliver, account, event_id, 0, delay=delay)


def deliver(account: "Account", event_id: str, attempt: int) -> None:
    """Post one event; unless the answer is 2xx, come back after a pause that grows with the attempts."""
    event = account.find("event", event_id)
    if event is None:  # the sandbox was emptied meanwhile
        return
    outcome = _post(account, event)
    _record(account, event_id, outcome)
    if not _is_success(outcome) and attempt < len(PAUSES):
        account.world.background(deliver, account, event_id, attempt + 1, delay=PAUSES[attempt])


def resume(account: "Account") -> None:
    """Take up again, after a restart, the deliveries that were tried and had not succeeded yet."""
    for event in account.all("event"):
        attempts = len(event["_deliveries"])
        if event["pending_webhooks"] and 0 < attempts <= len(PAUSES):
            account.world.background(deliver, account, event["id"], attempts, delay=RESUME)


def _post(account: "Account", event: Doc) -> str:
    """Send the event and return the HTTP status, or the name of what went wrong on the way."""
    payload = json.dumps(public(event), indent=2, ensure_ascii=False).encode()
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        "Stripe-Signature": sign(payload, account.world.webhook_secret, at=clock.now()),
    }
    try:
        response = requests.post(
            account.world.webhook_url, data=payload, headers=headers, timeout=TIMEOUT, allow_redirects=False
        )
    except requests.RequestException as error:
        return type(error).__name__
    return str(response.status_code)


def _record(account: "Account", event_id: str, outcome: str) -> None:
    with account.world.store.lock():
        event = account.find("event", event_id)
        if event is None:
            return
        event["_deliveries"].append({"at": clock.now(), "outcome": outcome})
        if _is_success(outcome):
            event["pending_webhooks"] = 0
        account.save(event)


def _is_success(outcome: str) -> bool:
    return outcome.startswith("2")
