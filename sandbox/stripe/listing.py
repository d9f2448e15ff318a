"""Lists: newest first, filtered, a page at a time."""

import fnmatch
from typing import Any

from sandbox.stripe.account import Account
from sandbox.stripe.errors import invalid, not_found
from sandbox.stripe.objects import Doc, public

MOST, USUAL = 100, 10
TYPES = 20

_COMPARE = {
    "gt": int.__gt__,
    "gte": int.__ge__,
    "lt": int.__lt__,
    "lte": int.__le__,
}


def page(docs: list[Doc], params: dict[str, Any], url: str) -> Doc:
    """Return one page of the documents, which come newest first; the stored ones, with the sandbox's notes."""
    docs = [doc for doc in docs if _is_created(doc, params.get("created"))]
    limit = params.get("limit", USUAL)
    if not 1 <= limit <= MOST:
        raise invalid(f"Invalid integer: must be between 1 and {MOST}", param="limit", code="parameter_invalid_integer")
    if "starting_after" in params:
        docs = docs[_place(docs, params, "starting_after") + 1 :]
    has_more = len(docs) > limit
    if "ending_before" in params:
        before = docs[: _place(docs, params, "ending_before")]
        docs, has_more = before[-limit:], len(before) > limit
    return {"object": "list", "data": docs[:limit], "has_more": has_more, "url": url}


def _is_created(doc: Doc, wanted: int | dict[str, int] | None) -> bool:
    if wanted is None:
        return True
    if isinstance(wanted, int):
        return bool(doc["created"] == wanted)
    return all(_COMPARE[name](doc["created"], value) for name, value in wanted.items())


def _place(docs: list[Doc], params: dict[str, Any], name: str) -> int:
    for place, doc in enumerate(docs):
        if doc["id"] == params[name]:
            return place
    raise not_found("object", params[name], param=name)


def contents(account: Account, doc: Doc, name: str, params: dict[str, Any] | None = None) -> Doc:
    """Return a list that lies inside an object: the line items of a Session, the refunds of a charge."""
    if name == "line_items":
        items, url = doc["_line_items"], f"/v1/checkout/sessions/{doc['id']}/line_items"
    else:
        items, url = account.all("refund", charge=doc["id"]), f"/v1/charges/{doc['id']}/refunds"
    found = page(items, params or {}, url)
    return found | {"data": [public(item) for item in found["data"]]}


def _filtered(kind: str, url: str, *names: str) -> Any:
    def handler(account: Account, params: dict[str, Any]) -> Doc:
        wanted = {name: params[name] for name in names if name in params}
        return page(account.all(kind, **wanted), params, url)

    return handler


refunds = _filtered("refund", "/v1/refunds", "payment_intent", "charge")
charges = _filtered("charge", "/v1/charges", "payment_intent")
payment_intents = _filtered("payment_intent", "/v1/payment_intents")
disputes = _filtered("dispute", "/v1/disputes", "payment_intent", "charge")


def sessions(account: Account, params: dict[str, Any]) -> Doc:
    """List Checkout Sessions, by PaymentIntent, status or the buyer's e-mail."""
    wanted = {name: params[name] for name in ("payment_intent", "status") if name in params}
    docs = account.all("checkout.session", **wanted)
    if "customer_details" in params:
        email = params["customer_details"]["email"]
        docs = [doc for doc in docs if (doc["customer_details"] or {}).get("email") == email]
    return page(docs, params, "/v1/checkout/sessions")


def events(account: Account, params: dict[str, Any]) -> Doc:
    """List events by type (`*` stands for anything), time and success of delivery."""
    patterns = params.get("types", [])
    if "type" in params:
        if patterns:
            raise invalid("You may only specify one of these parameters: type, types.", param="type")
        patterns = [params["type"]]
    if len(patterns) > TYPES:
        raise invalid(f"Array types exceeded maximum {TYPES} allowed elements.", param="types")
    docs = account.all("event")
    if patterns:
        docs = [doc for doc in docs if any(fnmatch.fnmatchcase(doc["type"], pattern) for pattern in patterns)]
    if "delivery_success" in params:
        docs = [doc for doc in docs if (doc["pending_webhooks"] == 0) == params["delivery_success"]]
    return page(docs, params, "/v1/events")


def line_items(account: Account, params: dict[str, Any], session_id: str) -> Doc:
    """List the lines of a Session."""
    return contents(account, account.fetch("checkout.session", session_id), "line_items", params)
