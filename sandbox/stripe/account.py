"""The merchant's pretend Stripe account: its objects, and the events that tell about them."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sandbox.stripe import clock, webhooks
from sandbox.stripe.errors import not_found
from sandbox.stripe.objects import Doc, new, public

if TYPE_CHECKING:
    from sandbox.world import World

MERCHANT = "masques-pme"
NOBODY: Doc = {"id": None, "idempotency_key": None}

# The parameter that Stripe names when an id is unknown, where it is not the object's own name.
_PARAM = {"checkout.session": "session", "payment_intent": "intent", "event": "id"}


class Account:
    """Keep the objects in the world's store, and change them one act at a time."""

    def __init__(self, world: "World") -> None:
        """Open the account of this world."""
        self.world = world
        self.deadlines: list[tuple[int, str]] = []  # heap of (expires_at, Session id)
        self._depth = 0
        self._caller = NOBODY
        self._events: list[str] = []

    @property
    def mode(self) -> str:
        """How Stripe behaves today, by the switch."""
        return self.world.switches.get("stripe")

    @contextmanager
    def act(self, caller: Doc = NOBODY) -> Iterator[None]:
        """Hold all other acts off; the events of this one are sent once it is over.

        `caller` is the API request, as an event names it. Acts nest: an inner one belongs to the outer.
        """
        with self.world.store.lock():
            if self._depth == 0:
                self._caller, self._events = caller, []
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                if self._depth == 0 and self._events:
                    webhooks.dispatch(self, self._events)

    def save(self, doc: Doc) -> Doc:
        """Write an object."""
        self.world.store.put(f"stripe.{doc['object']}", doc["id"], doc)
        return doc

    def find(self, kind: str, object_id: str) -> Doc | None:
        """Return an object, or None."""
        return self.world.store.get(f"stripe.{kind}", object_id)

    def fetch(self, kind: str, object_id: str, param: str | None = None) -> Doc:
        """Return an object, or refuse the call."""
        doc = self.find(kind, object_id)
        if doc is None:
            raise not_found(kind, object_id, param=param or _PARAM.get(kind, kind))
        return doc

    def all(self, kind: str, **contains: Any) -> list[Doc]:
        """Return the objects of a kind whose named fields hold these values, the newest first."""
        docs = self.world.store.find(f"stripe.{kind}", **contains)
        return [doc for doc in docs if all(doc[name] == value for name, value in contains.items())]

    def emit(self, event_type: str, doc: Doc, previous: Doc | None = None) -> Doc:
        """Record an event with a picture of the object as it is now; `previous` holds the changed fields before."""
        if self._depth == 0:
            raise RuntimeError("an event belongs to an act")
        data: dict[str, Any] = {"object": copy.deepcopy(public(doc))}
        if previous is not None:
            data["previous_attributes"] = previous
        event = new(
            "event",
            type=event_type,
            data=data,
            created=clock.now(),
            pending_webhooks=1 if self.world.webhook_url else 0,
            request=dict(self._caller),
            _deliveries=[],
        )
        self.save(event)
        self._events.append(event["id"])
        return event
