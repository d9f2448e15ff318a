"""generateLabel and checkGenerateLabel over HTTP: JSON in, multipart out."""

import json
import uuid
from datetime import datetime
from typing import TYPE_CHECKING

from flask import Blueprint, Response, request

from sandbox.colissimo import checks, documents, numbers
from sandbox.colissimo.checks import part, text
from sandbox.laposte import parcels
from sandbox.store import Doc
from sandbox.wire import PARIS

if TYPE_CHECKING:
    from sandbox.world import World

BASE = "/colissimo/sls-ws/SlsServiceWSRest/2.0"
JSON, BYTES = "application/json;charset=UTF-8", "application/octet-stream"
DONE = "La requête a été traitée avec succès"
TECHNICAL = ("39099", "Une erreur technique est survenue, veuillez renouveler votre demande ultérieurement")
NOT_JSON = ("39000", "La requête n'est pas un objet JSON valide")
BUSINESS = ("39098", "Le service est momentanément indisponible pour ce contrat")

Part = tuple[str, str, bytes]


def blueprint(world: "World") -> Blueprint:
    """Serve the label service."""
    colissimo = Blueprint("colissimo", __name__, url_prefix=BASE)
    world.switches.on_failing("colissimo", lambda: _refuse([TECHNICAL], 500))

    @colissimo.post("/generateLabel")
    def generate_label() -> Response:
        order = _order()
        if refused := _refusal(order):
            return refused
        answer = _answer(_make(world, order or {}))
        return world.switches.after_acting("colissimo") or answer

    @colissimo.post("/checkGenerateLabel")
    def check_generate_label() -> Response:
        order = _order()
        return _refusal(order) or _answer([_infos([_message("0", "INFOS", DONE)], None)])

    def _refusal(order: Doc | None) -> Response | None:
        if outage := world.switches.before("colissimo"):
            return outage
        mode = world.switches.get("colissimo")
        if mode == "error":
            return _refuse([BUSINESS], 200)
        if mode == "broken":
            return _broken()
        if order is None:
            return _refuse([NOT_JSON], 422)
        if not checks.is_signed_in(order, request.headers.get("apiKey")):
            return _refuse([checks.WRONG_LOGIN], 403)
        complaints = checks.complaints(order, today=datetime.now(PARIS).date())
        return _refuse(complaints, 400) if complaints else None

    return colissimo


def _order() -> Doc | None:
    """Read the body, whatever its announced type; None where it is no JSON object."""
    order = request.get_json(silent=True, force=True)
    return order if isinstance(order, dict) else None


def _make(world: "World", order: Doc) -> list[Part]:
    """Number a parcel, announce it to La Poste and draw its papers."""
    letter = part(order, "letter")
    address = part(letter, "addressee", "address")
    product, zip_code = text(part(letter, "service"), "productCode"), text(address, "zipCode")
    number = numbers.parcel_number(product, world.store.next_number("parcel"))
    overseas = numbers.is_overseas(text(address, "countryCode"), zip_code)
    papers = [("label", BYTES, documents.label(order, number))]
    if overseas:
        papers.append(("cn23", BYTES, documents.customs_declaration(order, number)))
    parcels.announce(
        world.store,
        number,
        overseas=overseas,
        product=product,
        reference=text(part(letter, "service"), "orderNumber"),
        name=text(address, "companyName") or f"{text(address, 'firstName')} {text(address, 'lastName')}".strip(),
        zip_code=zip_code,
        city=text(address, "city"),
        weight=checks.number(part(letter, "parcel"), "weight"),
    )
    made = {
        "parcelNumber": number,
        "parcelNumberPartner": numbers.routing_barcode(number, zip_code),
        "pdfUrl": None,
        "fields": None,
    }
    return [_infos([_message("0", "INFOS", DONE)], made), *papers]


def _message(number: str, kind: str, content: str) -> Doc:
    return {"id": number, "type": kind, "messageContent": content, "replacementValues": []}


def _infos(messages: list[Doc], made: Doc | None) -> Part:
    infos = {"messages": messages, "labelXmlV2Reponse": None, "labelV2Response": made}
    return "jsonInfos", JSON, json.dumps(infos, ensure_ascii=False, separators=(",", ":")).encode()


def _refuse(complaints: list[checks.Complaint], status: int) -> Response:
    return _answer([_infos([_message(number, "ERROR", content) for number, content in complaints], None)], status)


def _answer(parts: list[Part], status: int = 200) -> Response:
    """Write multipart/mixed as the carrier does: CRLF, Content-ID in angle brackets, a boundary that needs quotes."""
    boundary = f"uuid:{uuid.uuid4()}"
    body = b""
    for name, content_type, content in parts:
        head = (
            f"--{boundary}\r\nContent-Type: {content_type}\r\n"
            f"Content-Transfer-Encoding: binary\r\nContent-ID: <{name}>\r\n\r\n"
        )
        body += head.encode() + content + b"\r\n"
    body += f"--{boundary}--\r\n".encode()
    return Response(body, status, content_type=f'multipart/mixed; boundary="{boundary}"; type="application/json"')


def _broken() -> Response:
    """Answer 200 with a body that stops in the middle of its first part."""
    boundary = f"uuid:{uuid.uuid4()}"
    body = f'--{boundary}\r\nContent-Type: {JSON}\r\nContent-ID: <jsonInfos>\r\n\r\n{{"messages":[{{"id":"0","ty'
    return Response(body.encode(), 200, content_type=f'multipart/mixed; boundary="{boundary}"')
