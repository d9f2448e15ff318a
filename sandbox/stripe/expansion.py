"""`expand[]`: put objects where the answer would only have their ids."""

from typing import Any

from sandbox.stripe import listing
from sandbox.stripe.account import Account
from sandbox.stripe.errors import StripeError, invalid
from sandbox.stripe.objects import Doc, public

DEPTH = 4

# object → field → object behind the id.
LINKS = {
    "checkout.session": {"payment_intent": "payment_intent"},
    "payment_intent": {"latest_charge": "charge"},
    "charge": {"payment_intent": "payment_intent"},
    "refund": {"charge": "charge", "payment_intent": "payment_intent"},
    "dispute": {"charge": "charge", "payment_intent": "payment_intent"},
}
# object → lists that are left out unless asked for.
LISTS = {"checkout.session": "line_items", "charge": "refunds"}


def expand(account: Account, doc: Doc, paths: list[str]) -> Doc:
    """Return what the API shows of an object or a list, with these paths expanded."""
    for path in paths:
        if path.count(".") >= DEPTH:
            raise StripeError(400, f"You cannot expand more than {DEPTH} levels of a property. You requested: {path}.")
    shown = public(doc)
    if doc["object"] == "list":
        shown["data"] = [public(item) for item in doc["data"]]
    for path in paths:
        _expand(account, doc, shown, path.split("."), path)
    return shown


def _expand(account: Account, doc: Doc, shown: Doc, steps: list[str], path: str) -> None:
    """Follow one path; `doc` is the stored object, `shown` the one that is being filled."""
    step, rest = steps[0], steps[1:]
    kind = doc["object"]
    if kind == "list":
        if step != "data" or not rest:
            raise _refused(path)
        for stored, item in zip(doc["data"], shown["data"], strict=True):
            _expand(account, stored, item, rest, path)
        return
    if LISTS.get(kind) == step:
        if step not in shown:
            shown[step] = listing.contents(account, doc, step)
        _expand_inside(account, shown[step], rest, path)
        return
    target = LINKS.get(kind, {}).get(step)
    if target is None:
        raise _refused(path)
    if doc[step] is None:
        return
    stored = account.fetch(target, doc[step])
    if not isinstance(shown[step], dict):
        shown[step] = public(stored)
    if rest:
        _expand(account, stored, shown[step], rest, path)


def _expand_inside(account: Account, shown: Doc, rest: list[str], path: str) -> None:
    if rest:
        stored: dict[str, Any] = {"object": "list", "data": [dict(item) for item in shown["data"]]}
        _expand(account, stored, shown, rest, path)


def _refused(path: str) -> StripeError:
    return invalid(f"This property cannot be expanded ({path}).", param="expand")
