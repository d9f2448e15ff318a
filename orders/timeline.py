"""What pages say of an order: its state in one word, and its steps with their dates. Pure.

The parcel belongs to `shipping`, which stands above: here it is what the order's reverse relation gives.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from notifications.wording import long_date, short_date

from .states import Status

if TYPE_CHECKING:
    from .models import Order


class Parcel(Protocol):
    """What is read of a shipment."""

    status: str
    rank: int
    parcel_number: str | None
    label_state: str
    prepared_at: datetime | None
    shipped_at: datetime | None
    delivered_at: datetime | None


@dataclass(frozen=True)
class State:
    """The state of an order and its parcel together, and the colour of its tag (ok, warn, alert, info or none)."""

    label: str
    tone: str = ""


@dataclass(frozen=True)
class Step:
    """One line of the timeline. `mark` is done, current, todo or problem; `parcel` is named on the line of dispatch."""

    label: str
    mark: str
    at: datetime | None = None
    since: bool = False
    parcel: Parcel | None = None


ORDER_STATES = {
    Status.DRAFT: State("Demande en cours", "info"),
    Status.AWAITING_PAYMENT: State("À régler", "warn"),
    Status.PAID: State("Réglée", "ok"),
    Status.CANCELLED: State("Annulée"),
    Status.EXPIRED: State("Expirée, non réglée"),
    Status.REFUNDED: State("Remboursée"),
}
PARCEL_STATES = {
    "preparing": State("En préparation", "info"),
    "shipped": State("Expédiée", "info"),
    "ready_for_pickup": State("À retirer au bureau de poste", "warn"),
    "delivered": State("Livrée", "ok"),
    "incident": State("Incident de livraison", "alert"),
    "returned": State("Retournée", "alert"),
}
RESHIPPED = State("Réexpédiée", "info")
TROUBLE = ("ready_for_pickup", "incident", "returned")


def state_of(order: Order) -> State:
    """The state to show in a list."""
    if order.status == Status.AWAITING_PAYMENT and order.last_payment_day:
        return State(f"À régler jusqu’au {short_date(order.last_payment_day)}", "warn")
    parcel = last_parcel(order) if order.status == Status.PAID else None
    if parcel and parcel.status == "shipped" and parcel.rank > 1:
        return RESHIPPED
    return PARCEL_STATES.get(parcel.status if parcel else "", ORDER_STATES[Status(order.status)])


def last_parcel(order: Order) -> Parcel | None:
    """The parcel under way; an order sent again has an older one too. Reads what was prefetched."""
    related: Any = order
    return max(related.shipments.all(), key=lambda parcel: parcel.rank, default=None)


def steps_of(order: Order) -> list[Step]:
    """What happened with its date, what went wrong, what comes next."""
    confirmed = Step("Confirmée", "done", order.confirmed_at)
    paid = [Step("Réglée", "done", order.paid_at)] if order.paid_at else []
    match order.status:
        case Status.DRAFT:
            return []
        case Status.CANCELLED:
            return [confirmed, Step("Annulée", "problem", order.cancelled_at)]
        case Status.EXPIRED:
            return [confirmed, Step("Expirée, non réglée", "problem", order.expired_at)]
        case Status.REFUNDED:
            return [confirmed, *paid, Step("Remboursée", "problem", order.refunded_at)]
        case Status.AWAITING_PAYMENT:
            last_day = long_date(order.last_payment_day) if order.last_payment_day else ""
            return [confirmed, Step(f"À régler jusqu’au {last_day} inclus", "current"), *_parcel_steps(None, "todo")]
    return [confirmed, *paid, *_parcel_steps(last_parcel(order), "current")]


def _parcel_steps(parcel: Parcel | None, mark: str) -> list[Step]:
    """The parcel's steps; the first one not done gets this mark, unless trouble stands before it."""
    lines = []
    is_dispatched = parcel is not None and parcel.shipped_at is not None
    for done, todo, at in (
        ("Préparée" if is_dispatched else "En préparation", "Préparation", parcel and parcel.prepared_at),
        ("Expédiée", "Expédition", parcel and parcel.shipped_at),
        ("Livrée", "Livraison", parcel and parcel.delivered_at),
    ):
        if at:
            since, is_dispatch = done == "En préparation", done == "Expédiée"
            lines.append(Step(done, "done", at, since=since, parcel=parcel if is_dispatch else None))
            continue
        if mark == "current" and parcel and parcel.status in TROUBLE:
            lines.append(Step(PARCEL_STATES[parcel.status].label, "problem"))
            mark = "todo"
        lines.append(Step(todo, mark))
        mark = "todo"
    return lines
