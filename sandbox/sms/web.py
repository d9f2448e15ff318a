"""OVHcloud's SMS API, and pages to read what it would have sent."""

import re
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flask import Blueprint, Response, jsonify, render_template, request

from sandbox.sms import signature
from sandbox.sms.text import outside_gsm7, parts
from sandbox.store import Doc, Store
from sandbox.wire import json_answer, later

if TYPE_CHECKING:
    from sandbox.world import World

KIND = "sms"
SERVICE = "sms-sandbox-1"
# E.164, and of the French ones neither a fixed line nor a subscriber of zeros only (+33600000000).
REACHABLE = re.compile(r"\+(?!33[0-58-9])(?!\d{3}0+$)[1-9]\d{7,14}")
STATUS_TEXT = {400: "Bad Request", 403: "Forbidden", 404: "Not Found", 500: "Internal Server Error"}


def blueprint(world: "World") -> Blueprint:
    """Serve the gateway and its pages."""
    sms = Blueprint("sms", __name__)
    world.add_page("SMS", "/sms/", "Tout ce que la boutique a envoyé par SMS.", KIND)
    world.switches.on_failing("sms", lambda: _error(500, "INTERNAL_SERVER_ERROR", "Internal server error"))

    @sms.get("/ovh/1.0/auth/time")
    def clock() -> Response:
        return world.switches.before("sms") or jsonify(int(time.time()))

    @sms.post("/ovh/1.0/sms/<service>/jobs")
    def jobs(service: str) -> Response:
        if outage := world.switches.before("sms"):
            return outage
        if refused := signature.refusal(request):
            return _error(*refused)
        if service != SERVICE:
            return _error(404, "RESOURCE_NOT_FOUND", f"The requested object (serviceName = {service}) does not exist")
        body = request.get_json(silent=True)
        job: Doc = body if isinstance(body, dict) else {}
        if complaint := _complaint(job):
            return _error(400, "BAD_PARAMETERS", complaint)
        answer = _send(world.store, job, reach_nobody=world.switches.get("sms") == "invalid")
        return world.switches.after_acting("sms") or jsonify(answer)

    @sms.get("/sms/")
    def inbox() -> str:
        to = request.args.get("to", "").strip()
        return render_template("sms/list.html", messages=_search(world.store, limit=200), to=to)

    @sms.get("/sms/messages.json")
    def listing() -> Response:
        return jsonify(_search(world.store, limit=request.args.get("limit", 100, int)))

    return sms


def _complaint(job: Doc) -> str | None:
    """Say what is wrong with the parameters of a job."""
    if not isinstance(job.get("message"), str) or not job["message"]:
        return "[message] Given data is empty"
    receivers = job.get("receivers")
    if not isinstance(receivers, list) or not receivers or not all(isinstance(one, str) for one in receivers):
        return "[receivers] Given data is not a list of strings"
    if len(str(job.get("sender", ""))) > 11:
        return "[sender] Given data is longer than 11 characters"
    if job.get("coding", "7bit") not in ("7bit", "8bit"):
        return "[coding] Given data is not one of 7bit, 8bit"
    if job.get("priority", "high") not in ("high", "low", "medium", "veryLow", "deferred"):
        return "[priority] Given data is not valid for type sms.PriorityEnum"
    return None


def _send(store: Store, job: Doc, *, reach_nobody: bool) -> Doc:
    """Store one SMS per valid receiver; a wrong number is no error but is listed apart."""
    valid = [one for one in job["receivers"] if REACHABLE.fullmatch(one) and not reach_nobody]
    ids = []
    for receiver in valid:
        number = store.next_number("sms")
        ids.append(number)
        store.put(KIND, str(number), _message(str(number), receiver, job))
    return {
        "totalCreditsRemoved": parts(job["message"]) * len(valid),
        "invalidReceivers": [one for one in job["receivers"] if one not in valid],
        "ids": ids,
        "validReceivers": valid,
    }


def _message(number: str, receiver: str, job: Doc) -> Doc:
    text = job["message"]
    return {
        "id": number,
        "to": receiver,
        "from": job.get("sender", ""),
        "text": text,
        "date": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "length": len(text),
        "parts": parts(text),
        "outside_gsm7": outside_gsm7(text),
        "no_stop_clause": bool(job.get("noStopClause")),
    }


def _search(store: Store, limit: int) -> list[Doc]:
    """Find SMS by `to` (the last digits are enough: 06 39 98 00 12 finds +33639980012) and `since`."""
    digits = re.sub(r"\D", "", request.args.get("to", "")).removeprefix("0")
    found = store.find(KIND, limit=limit, to=digits)
    return later(found, request.args.get("since", "").strip())


def _error(status: int, code: str, message: str) -> Response:
    """Answer in OVHcloud's error shape."""
    content = {"errorCode": code, "httpCode": f"{status} {STATUS_TEXT[status]}", "message": message}
    answer = json_answer(content, status)
    answer.headers["X-OVH-QUERYID"] = "EU.ext-sandbox"
    return answer
