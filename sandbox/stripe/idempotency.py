"""Idempotency keys: the first answer to a key is kept and given again.

Kept is every answer of a call that was carried out, a 500 included. Not kept is what validation refused
and what collided with a call of the same key under way: such a call may be sent again. Keys are
forgotten after 24 hours; then the same key makes a new object.
"""

import hashlib
import json
import threading
from dataclasses import dataclass
from typing import Any

from sandbox.stripe import clock
from sandbox.stripe.account import Account
from sandbox.stripe.errors import StripeError, invalid
from sandbox.stripe.wire import Tree

KEY_LENGTH = 255
KEPT_FOR = 24 * 60 * 60
KIND = "stripe.idempotency_key"


@dataclass(frozen=True)
class Answer:
    """A status and a body, with the id of the request that they were made for."""

    status: int
    body: dict[str, Any]
    request_id: str


class Keys:
    """The keys of an account; those under way are only in memory."""

    def __init__(self, account: Account) -> None:
        """Begin with the kept answers of the store."""
        self._store = account.world.store
        self._lock = threading.Lock()
        self._under_way: set[str] = set()

    def begin(self, key: str, path: str, params: Tree) -> Answer | None:
        """Return the kept answer, or None and mark the key as under way; `keep` or `forget` must follow."""
        if len(key) > KEY_LENGTH:
            raise invalid(f"Idempotency keys can be at most {KEY_LENGTH} characters long.")
        with self._lock:
            if key in self._under_way:
                raise in_use(key)
            kept = self._store.get(KIND, key)
            if kept is None or kept["created"] + KEPT_FOR <= clock.now():
                self._under_way.add(key)
                return None
        if kept["path"] != path:
            raise _other_call(key, f"for the same endpoint they were first used for ('{kept['path']}' vs '{path}')")
        if kept["params"] != _fingerprint(params):
            raise _other_call(key, "with the same parameters they were first used with")
        return Answer(kept["status"], kept["body"], kept["request_id"])

    def keep(self, key: str, path: str, params: Tree, answer: Answer) -> None:
        """Store the answer of a call that was carried out."""
        kept = {"path": path, "params": _fingerprint(params), "created": clock.now(), **vars(answer)}
        self._store.delete(KIND, key)
        self._store.put(KIND, key, kept)
        self.forget(key)

    def forget(self, key: str) -> None:
        """End a call without keeping its answer."""
        with self._lock:
            self._under_way.discard(key)


def in_use(key: str) -> StripeError:
    """Another call with this key is under way."""
    return StripeError(
        409,
        "There is currently another in-progress request using this Idempotent Key (that probably means you submitted "
        f"twice, and the other request is still going through): {key}. Please try again later.",
        error_type="idempotency_error",
        code="idempotency_key_in_use",
        remembered=False,
    )


def _other_call(key: str, how: str) -> StripeError:
    return StripeError(
        400,
        f"Keys for idempotent requests can only be used {how}. "
        f"Try using a key other than '{key}' if you meant to execute a different request.",
        error_type="idempotency_error",
        remembered=False,
    )


def _fingerprint(params: Tree) -> str:
    return hashlib.sha256(json.dumps(params, sort_keys=True).encode()).hexdigest()
