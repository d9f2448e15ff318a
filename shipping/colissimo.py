"""The Colissimo label service (SLS REST 2.0): one request buys one label.

Nothing in its documentation lets a request be repeated safely, hence two kinds of failure: `Refused`, when nothing
was bought, and `Doubtful`, when a label may have been.
"""

import email
import json
import logging
from dataclasses import dataclass
from datetime import date
from email.message import Message
from typing import Any

import requests
from django.conf import settings
from urllib3.exceptions import NewConnectionError

from accounts.addresses import on_label
from eligibility.zones import Zone

from . import customs, parcels
from .models import Shipment

logger = logging.getLogger(__name__)
TIMEOUT = (5, 30)  # seconds to connect, to read
MAINLAND, OVERSEAS = "DOM", "COM"  # both without signature


class Refused(Exception):
    """Colissimo said no, in its own words: nothing was bought."""


class Doubtful(Exception):
    """No readable answer: a label may have been bought."""


@dataclass(frozen=True)
class Label:
    """What one request bought."""

    parcel_number: str
    partner_barcode: str
    pdf: bytes
    customs_pdf: bytes
    message: str


def buy_label(body: dict[str, Any]) -> Label:
    """Buy the label that `request_body` describes. Raises Refused or Doubtful."""
    try:
        response = requests.post(f"{settings.COLISSIMO_API_BASE}/generateLabel", json=body, timeout=TIMEOUT)
    except requests.RequestException as error:
        if _never_left(error):
            raise Refused("service injoignable, rien n’a été demandé") from error
        raise Doubtful(type(error).__name__) from error
    return read_answer(response)


def _never_left(error: requests.RequestException) -> bool:
    """Whether the line was never made, so that no label can have been bought."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(error, requests.ConnectTimeout) or isinstance(reason, NewConnectionError)


def request_body(shipment: Shipment, *, deposit_on: date) -> dict[str, Any]:
    """The request of La Poste's documentation, from an order's frozen delivery address.

    Raises ShippingError where an overseas parcel lacks what customs want.
    """
    order = shipment.order
    is_overseas = order.zone != Zone.METRO
    letter: dict[str, Any] = {
        "service": {
            "productCode": OVERSEAS if is_overseas else MAINLAND,
            "depositDate": deposit_on.isoformat(),
            "orderNumber": order.reference,
            "commercialName": "masques-pme",
        },
        "parcel": {"weight": float(shipment.weight_kg), "nonMachinable": False},
        "sender": {"senderParcelRef": order.reference, "address": _sender()},
        "addressee": {"addresseeParcelRef": order.reference, "address": _addressee(shipment)},
    }
    if is_overseas:
        letter["service"] |= customs.amounts(order)
        letter["parcel"]["ftd"] = True
        letter["customsDeclarations"] = customs.declaration(shipment)
    return {
        "contractNumber": settings.COLISSIMO_CONTRACT_NUMBER,
        "password": settings.COLISSIMO_PASSWORD,
        "outputFormat": {"x": 0, "y": 0, "outputPrintingType": "PDF_10x15_300dpi"},
        "letter": letter,
    }


def _sender() -> dict[str, str]:
    seller = settings.SELLER
    return {
        "companyName": seller["name"][:35],
        "line2": seller["street"][:35],
        "countryCode": "FR",
        "zipCode": seller["postal_code"],
        "city": seller["city"][:35],
        "email": settings.SUPPORT_EMAIL,
    }


def _addressee(shipment: Shipment) -> dict[str, str]:
    order = shipment.order
    lines = {
        "companyName": order.legal_name,
        "lastName": order.contact_name,
        "line0": order.building,
        "line1": order.address_extra,
        "line2": order.street,
        # The protocol has no line for a department: it takes this one where no hamlet needs it.
        "line3": order.hamlet or order.department,
        "city": order.city,
    }
    address = {name: on_label(line) for name, line in lines.items()} | {
        "countryCode": "FR",
        "zipCode": order.postal_code,
        "mobileNumber": order.mobile,
        "email": order.email,
    }
    return {name: value for name, value in address.items() if value}


def read_answer(response: requests.Response) -> Label:
    """Read the multipart answer. The messages decide, not the HTTP status: an ERROR may come inside a 200."""
    parts = _parts(response)
    try:
        info = json.loads(parts["jsonInfos"])
        messages = [(_text(each.get("type")), _text(each.get("messageContent"))) for each in info.get("messages") or []]
        answer = info.get("labelV2Response") or info
        number, barcode = _text(answer.get("parcelNumber")), _text(answer.get("parcelNumberPartner"))[:40]
    except (KeyError, ValueError, AttributeError, TypeError) as error:
        logger.error("Colissimo answered %s without a readable jsonInfos part", response.status_code)
        if 400 <= response.status_code < 500:
            raise Refused(f"HTTP {response.status_code}") from error
        raise Doubtful(f"HTTP {response.status_code}, réponse illisible") from error
    text = " · ".join(content for _, content in messages)
    if response.status_code >= 500:  # a fault on their side says nothing of what it did before
        raise Doubtful(text or f"HTTP {response.status_code}")
    if any(kind == "ERROR" for kind, _ in messages):
        raise Refused(text or "erreur sans message")
    pdf = parts.get("label", b"")
    if not parcels.is_well_formed(number) or not pdf.startswith(b"%PDF"):
        raise Doubtful(" – ".join(filter(None, ("réponse sans numéro ou sans étiquette", number[:20], text))))
    return Label(
        parcel_number=number, partner_barcode=barcode, pdf=pdf, customs_pdf=parts.get("cn23", b""), message=text
    )


def _text(value: object) -> str:
    """A text that the database takes; nothing where there is none."""
    return str(value or "").replace("\0", "")


def _parts(response: requests.Response) -> dict[str, bytes]:
    """The parts of a multipart body by Content-ID; a body that is not multipart has none."""
    content_type = response.headers.get("Content-Type", "")
    head = b"Content-Type: " + content_type.encode() + b"\r\n\r\n"
    parsed: Message = email.message_from_bytes(head + response.content)
    if not parsed.is_multipart():
        return {"jsonInfos": response.content} if "json" in content_type else {}
    parts: dict[str, bytes] = {}
    for part in parsed.walk():
        name = (part.get("Content-ID") or "").strip("<> ")
        payload = part.get_payload(decode=True)
        if name and isinstance(payload, bytes):
            parts[name] = payload
    return parts
