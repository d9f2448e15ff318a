"""Parcels on their way: announced when a label is made, moved by hand from then on."""

from datetime import UTC, datetime, timedelta

from sandbox.laposte.events import EVENTS, FINAL, PROBLEMS, STEP_LABELS, next_step
from sandbox.store import Doc, Store
from sandbox.wire import PARIS

KIND = "parcel"
TRACKING_URL = "https://www.laposte.fr/outils/suivre-vos-envois?code="


class UnknownStepError(ValueError):
    """The step asked for is none of La Poste's codes, or the parcel has arrived."""


def announce(store: Store, number: str, *, overseas: bool, **facts: object) -> None:
    """Make a parcel known to La Poste: its label was just made."""
    parcel = {"number": number, "overseas": overseas, **facts, "events": []}
    _add(parcel, "DR1", at=None)
    store.put(KIND, number, parcel)


def advance(store: Store, number: str, step: str, *, at: datetime | None = None) -> Doc | None:
    """Give a parcel its next event ("next", or a code) now or at a given moment; None for an unknown parcel.

    Anything may follow anything: late events and strange orders are what the shop must bear.
    """
    with store.lock():
        parcel = store.get(KIND, number)
        if parcel is None:
            return None
        code = upcoming(parcel) if step == "next" else step.upper()
        if code is None or code not in EVENTS:
            raise UnknownStepError(step)
        _add(parcel, code, at=at)
        store.put(KIND, number, parcel)
    return parcel


def upcoming(parcel: Doc) -> str | None:
    """Say which code usually comes next."""
    return next_step([event["code"] for event in parcel["events"]], overseas=parcel["overseas"])


def shipment(parcel: Doc) -> Doc:
    """Describe a parcel as Suivi v2 does; `event` is newest first."""
    events = parcel["events"]
    dates = {event["code"]: event["date"] for event in reversed(events)}
    newest = events[0]["code"]
    answer: Doc = {
        "idShip": parcel["number"],
        "holder": 4,
        "product": "colissimo",
        "isFinal": newest in FINAL,
        "timeline": _timeline(events),
        "event": events,
        "contextData": {"deliveryChoice": {"deliveryChoice": 0}, "originCountry": "FR", "arrivalCountry": "FR"},
        "url": TRACKING_URL + parcel["number"],
    }
    if "PC1" in dates:
        answer["entryDate"] = dates["PC1"]
    if newest == "DI1":
        answer["deliveryDate"] = events[0]["date"]
    if "EP1" in dates or "MD2" in dates:
        answer["estimDate"] = dates.get("MD2") or _a_day_later(dates["EP1"])
    if "AG1" in dates:
        answer["contextData"]["removalPoint"] = {"name": f"BUREAU DE POSTE {parcel['city'].upper()}", "type": "BP"}
    return answer


def _add(parcel: Doc, code: str, *, at: datetime | None) -> None:
    """Insert an event by its date. Without a date: now, but always after the newest one (whole seconds)."""
    if at is None:
        at = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=1)
        if parcel["events"]:
            at = max(at, datetime.fromisoformat(parcel["events"][0]["date"]) + timedelta(seconds=1))
    at = at.astimezone(PARIS) if at.tzinfo else at.replace(tzinfo=PARIS)
    event = {"code": code, "label": EVENTS[code].label, "date": at.isoformat(timespec="seconds")}
    parcel["events"].insert(0, event)
    parcel["events"].sort(key=lambda one: datetime.fromisoformat(one["date"]), reverse=True)


def _timeline(events: list[Doc]) -> list[Doc]:
    """Draw the five steps: the furthest one reached, and whether the newest event is a problem."""
    reached = max(EVENTS[event["code"]].step for event in events)
    problem = events[0]["code"] in PROBLEMS
    dates = {EVENTS[event["code"]].step: event["date"] for event in reversed(events)}
    steps = []
    for number, label in enumerate(STEP_LABELS, start=1):
        step: Doc = {"shortLabel": label, "longLabel": "", "id": number, "country": "FR" if number <= reached else ""}
        step["status"] = number <= reached
        step["type"] = -1 if problem and number == reached else int(number <= reached)
        if number in dates:
            step["date"] = dates[number]
        steps.append(step)
    return steps


def _a_day_later(iso: str) -> str:
    return (datetime.fromisoformat(iso) + timedelta(days=1)).isoformat(timespec="seconds")
