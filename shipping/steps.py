"""From La Poste's event codes to the steps we show and tell. Pure.

Codes: Suivi v2. An unknown code is shown as "in transit", never fatal: the list grows without notice.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from .models import Shipment, TrackingEvent

Status = Shipment.Status


class Step(StrEnum):
    ANNOUNCED = "announced"
    PICKED_UP = "picked_up"
    IN_TRANSIT = "in_transit"
    CUSTOMS = "customs"
    EVE = "eve"
    TODAY = "today"
    PICKUP_READY = "pickup_ready"
    INCIDENT = "incident"
    RETURNING = "returning"
    RETURNED = "returned"
    DELIVERED = "delivered"


@dataclass(frozen=True)
class Meaning:
    """What a step does to the shipment, how it is titled, and which message tells it (none: the page only)."""

    status: Shipment.Status
    title: str
    text: str
    notice: str = ""


MEANINGS: dict[Step, Meaning] = {
    Step.ANNOUNCED: Meaning(Status.SHIPPED, "Expédition annoncée", "La Poste attend votre colis."),
    Step.PICKED_UP: Meaning(
        Status.SHIPPED, "Prise en charge", "La Poste a pris en charge votre colis.", "step_picked_up"
    ),
    Step.IN_TRANSIT: Meaning(Status.SHIPPED, "En cours d’acheminement", "Votre colis est en route."),
    Step.CUSTOMS: Meaning(Status.SHIPPED, "Passage en douane", "Votre colis est entre les mains de la douane."),
    Step.EVE: Meaning(Status.SHIPPED, "Veille de livraison", "Votre colis devrait être présenté demain.", "step_eve"),
    Step.TODAY: Meaning(
        Status.SHIPPED, "En cours de livraison", "Votre colis est dans la tournée du facteur.", "step_today"
    ),
    Step.PICKUP_READY: Meaning(
        Status.READY_FOR_PICKUP,
        "Mise à disposition (mise en instance)",
        "Votre colis vous attend. Venez avec une pièce d’identité et le numéro du colis.",
        "step_pickup_ready",
    ),
    Step.INCIDENT: Meaning(
        Status.INCIDENT,
        "Aléa",
        "Un incident retarde votre colis. Notre service client suit le dossier.",
        "step_incident",
    ),
    Step.RETURNING: Meaning(
        Status.RETURNED, "Retour", "Votre colis nous est retourné. Nous vous écrivons.", "step_returning"
    ),
    Step.RETURNED: Meaning(Status.RETURNED, "Retour", "Votre colis nous est revenu. Nous vous écrivons."),
    Step.DELIVERED: Meaning(Status.DELIVERED, "Livré", "Votre colis est livré.", "delivered"),
}

CODES: dict[str, Step] = {
    "DR1": Step.ANNOUNCED,
    "PC1": Step.PICKED_UP,
    "PC2": Step.PICKED_UP,
    "ET1": Step.IN_TRANSIT,
    "ET2": Step.IN_TRANSIT,
    "ET3": Step.IN_TRANSIT,
    "ET4": Step.IN_TRANSIT,
    "PB2": Step.IN_TRANSIT,
    "DO1": Step.CUSTOMS,
    "DO2": Step.CUSTOMS,
    "ID0": Step.CUSTOMS,
    "EP1": Step.EVE,
    "MD1": Step.TODAY,
    "MD2": Step.TODAY,
    "AG1": Step.PICKUP_READY,
    "PB1": Step.INCIDENT,
    "ND1": Step.INCIDENT,
    "DR2": Step.INCIDENT,
    "DI3": Step.INCIDENT,
    "DO3": Step.INCIDENT,
    "RE1": Step.RETURNING,
    "DI0": Step.DELIVERED,
    "DI1": Step.DELIVERED,
    "DI2": Step.RETURNED,
}
# Incidents told to the customer; the others go on the staff's list only.
TOLD_INCIDENTS = frozenset({"PB1", "ND1", "DO3"})
FINAL = frozenset({Step.DELIVERED, Step.RETURNED})
GOING_BACK = frozenset({Step.RETURNING, Step.RETURNED})
# How far along the way; a step is never followed by one that lies before it.
WAY = {
    Step.ANNOUNCED: 0,
    Step.PICKED_UP: 1,
    Step.IN_TRANSIT: 2,
    Step.CUSTOMS: 2,
    Step.EVE: 3,
    Step.TODAY: 4,
    Step.PICKUP_READY: 5,
    Step.DELIVERED: 6,
}


def step_of(code: str) -> Step:
    """The step of an event code; "in transit" for a code we do not know."""
    return CODES.get(code, Step.IN_TRANSIT)


def after(current: Step | None, new: Step) -> Step:
    """Where a parcel stands after one more event, in the order of their dates.

    A scan made late takes no step back; only an incident or a return does. What is on its way back to us is scanned
    in transit too, and stays a return until it is delivered, to us or after all to the customer.
    """
    if current in GOING_BACK:
        return new if new in FINAL else Step(current)
    if current in (None, Step.INCIDENT) or new in GOING_BACK or new is Step.INCIDENT:
        return new
    return new if WAY[new] >= WAY[Step(current)] else Step(current)


# What an order's page tells of the way, between dispatch and delivery, which are lines of their own there.
TOLD_ON_THE_WAY = (
    Step.PICKED_UP, Step.CUSTOMS, Step.EVE, Step.TODAY, Step.PICKUP_READY, Step.INCIDENT, Step.RETURNING,
)  # fmt: skip


def passages(events: Iterable[TrackingEvent]) -> list[tuple[str, datetime]]:
    """The steps on the way with the moment of each, oldest first, each once whatever La Poste repeats."""
    found: dict[Step, datetime] = {}
    for event in sorted(events, key=lambda event: event.at):
        step = step_of(event.code)
        if step in TOLD_ON_THE_WAY:
            found.setdefault(step, event.at)
    return [(MEANINGS[step].title, at) for step, at in found.items()]


def notice_of(code: str) -> str:
    """The kind of message that tells this event, or nothing."""
    step = step_of(code)
    if step is Step.INCIDENT and code not in TOLD_INCIDENTS:
        return ""
    return MEANINGS[step].notice
