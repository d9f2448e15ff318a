"""Objects as the API shows them: blank ones, ids, the form they leave in."""

import copy
import json
import secrets
import string
from pathlib import Path
from typing import Any

Doc = dict[str, Any]

BLANK: dict[str, Doc] = json.loads((Path(__file__).parent / "data" / "objects.json").read_text())["objects"]

PREFIX = {
    "checkout.session": "cs_test_",
    "item": "li_",
    "price": "price_",
    "payment_intent": "pi_",
    "charge": "ch_",
    "refund": "re_",
    "dispute": "du_",
    "event": "evt_",
}
_ALPHABET = string.ascii_letters + string.digits


def random_id(prefix: str, length: int = 24) -> str:
    """Return a new id such as `pi_3Kx…`."""
    return prefix + "".join(secrets.choice(_ALPHABET) for _ in range(length))


def new(kind: str, **fields: Any) -> Doc:
    """Return a blank object with a new id and these fields.

    Fields whose name begins with "_" are notes of the sandbox: they are stored and never shown.
    """
    doc = copy.deepcopy(BLANK[kind])
    doc["id"] = random_id(PREFIX[kind], 58 if kind == "checkout.session" else 24)
    if unknown := [name for name in fields if name not in doc and not name.startswith("_")]:
        raise ValueError(f"a {kind} has no field {unknown}")
    return doc | fields


def public(doc: Doc) -> Doc:
    """Return the object without the sandbox's notes."""
    return {name: value for name, value in doc.items() if not name.startswith("_")}
