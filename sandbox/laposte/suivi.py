"""Suivi v2: what La Poste answers to questions about parcels."""

import re
from typing import TYPE_CHECKING

from flask import Response, request

from sandbox.laposte import parcels
from sandbox.store import Doc
from sandbox.wire import json_answer

if TYPE_CHECKING:
    from sandbox.world import World

OKAPI_KEY = "okapi-sandbox"
AT_MOST = 10
LANGUAGES = {"fr_FR", "en_GB", "de_DE", "es_ES", "it_IT", "nl_NL"}
NUMBER = re.compile(r"[0-9A-Z]{11,15}")
MALFORMED = (
    "Le numéro que vous avez saisi n'est pas valide. Nous vous invitons à vérifier votre saisie,"
    " en particulier le nombre de caractères."
)
NOT_YET = (
    "Votre suivi n'est pas encore disponible. Si vous avez déposé votre envoi, les informations de suivi"
    " peuvent être affichées avec un délai, veuillez réessayer ultérieurement."
)
GATEWAY = {
    "unauthorized": (401, "UNAUTHORIZED", "This action requires an authorization"),
    "quota": (429, "TOO_MANY_REQUESTS", "max quota reached 100 calls per minute"),
    "failing": (500, "INTERNAL_SERVER_ERROR", "Internal server error"),
}


def answer(world: "World", ids: str) -> Response:
    """Answer for one to ten parcel numbers: one object under its own status, several as 207 with an array."""
    if refused := _refusal(world):
        return refused
    numbers = [one.strip().upper() for one in ids.split(",")]
    if len(numbers) > AT_MOST:
        return json_answer(_problem(400, MALFORMED, ids), 400)
    envelopes = [_envelope(world, one) for one in numbers]
    if len(envelopes) > 1:
        return json_answer(envelopes, 207)
    code = int(envelopes[0]["returnCode"])
    return json_answer(envelopes[0], 404 if code == 104 else code)


def gateway(reason: str) -> Response:
    """Answer as the gateway before the service does: its own error shape."""
    status, code, message = GATEWAY[reason]
    return json_answer({"code": code, "message": message}, status)


def _refusal(world: "World") -> Response | None:
    if outage := world.switches.before("laposte"):
        return outage
    mode = world.switches.get("laposte")
    if mode == "html":
        return Response("<html><body><h1>Service indisponible</h1></body></html>", 500, mimetype="text/html")
    if mode in GATEWAY:
        return gateway(mode)
    return gateway("unauthorized") if request.headers.get("X-Okapi-Key") != OKAPI_KEY else None


def _envelope(world: "World", number: str) -> Doc:
    if not NUMBER.fullmatch(number):
        return _problem(400, MALFORMED, number)
    parcel = world.store.get(parcels.KIND, number)
    if parcel is None or world.switches.get("laposte") == "unknown":
        return _problem(104, NOT_YET, number)
    return {"lang": _lang(), "scope": "open", "returnCode": 200, "shipment": parcels.shipment(parcel)}


def _problem(code: int, message: str, number: str) -> Doc:
    return {"returnCode": code, "returnMessage": message, "lang": _lang(), "scope": "open", "idShip": number}


def _lang() -> str:
    asked = request.args.get("lang", "fr_FR")
    return asked if asked in LANGUAGES else "fr_FR"
