"""La Poste's Suivi v2, read defensively: every field but the parcel number may be missing."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import requests
from django.conf import settings

logger = logging.getLogger(__name__)
GROUP = 10  # parcels a call
TIMEOUT = (5, 15)  # seconds to connect, to read
COLISSIMO = 4  # holder of the parcel


class Unavailable(Exception):
    """No usable answer now: the next round asks again."""


class Unauthorised(Exception):
    """The key is wrong or missing: asking again changes nothing, staff must act."""


@dataclass(frozen=True)
class Event:
    """One event of a parcel, in Paris or any other offset: an aware instant."""

    code: str
    label: str
    at: datetime
    point: str = ""


def fetch(parcels: Sequence[str]) -> dict[str, list[Event]]:
    """Events of up to ten parcels by number; a parcel La Poste does not know yet has none.

    Raises Unavailable or Unauthorised.
    """
    try:
        response = requests.get(
            f"{settings.LAPOSTE_API_BASE}/idships/{','.join(parcels)}",
            params={"lang": "fr_FR"},
            headers={"X-Okapi-Key": settings.LAPOSTE_OKAPI_KEY, "Accept": "application/json"},
            timeout=TIMEOUT,
        )
    except requests.RequestException as error:
        raise Unavailable(type(error).__name__) from error
    if response.status_code in (401, 403):
        raise Unauthorised
    if response.status_code == 429 or response.status_code >= 500:
        raise Unavailable(f"HTTP {response.status_code}")
    if response.status_code == 404:
        return {}  # "not yet available": normal in the first hours after the label, sometimes not even JSON
    try:
        answer = response.json()
    except ValueError as error:
        raise Unavailable("not JSON") from error
    envelopes = answer if isinstance(answer, list) else [answer]
    return dict(_read(_dict(envelope)) for envelope in envelopes)


def _read(envelope: dict[str, Any]) -> tuple[str, list[Event]]:
    """One envelope; its own return code counts, the HTTP status alone proves nothing."""
    shipment = _dict(envelope.get("shipment"))
    number = str(shipment.get("idShip") or envelope.get("idShip") or "")
    if envelope.get("returnCode") != 200 or shipment.get("holder", COLISSIMO) != COLISSIMO:
        return number, []
    removal = _dict(_dict(shipment.get("contextData")).get("removalPoint"))
    told = shipment.get("event")
    events = [_event(_dict(raw), _text(removal.get("name"))) for raw in told] if isinstance(told, list) else []
    return number, [event for event in events if event is not None]


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    """A text that the database takes; nothing where there is none."""
    return str(value or "").replace("\0", "")


def _event(raw: dict[str, Any], point: str) -> Event | None:
    code, at = _text(raw.get("code"))[:10], _instant(_text(raw.get("date")))
    if not code or at is None:
        logger.warning("La Poste: event without a usable code or date: %r", raw)
        return None
    return Event(code=code, label=_text(raw.get("label"))[:300], at=at, point=point[:120] if code == "AG1" else "")


def _instant(text: str) -> datetime | None:
    """An aware instant; without an offset it could be any hour of a day."""
    try:
        at = datetime.fromisoformat(text)
        return at.astimezone(UTC) if at.tzinfo else None
    except (ValueError, OverflowError):
        return None
