"""Reading requests and writing answers: what all pages of the sandbox share."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from flask import Response, abort, jsonify, request

from sandbox.store import Doc

PARIS = ZoneInfo("Europe/Paris")


def json_answer(content: object, status: int = 200) -> Response:
    """Answer in JSON under a status."""
    answer = jsonify(content)
    answer.status_code = status
    return answer


def wants_json() -> bool:
    """Tell a program from a browser."""
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return request.is_json or best == "application/json"


def field(name: str) -> str:
    """Read a field of a posted form or JSON object."""
    source = request.get_json(silent=True) if request.is_json else request.form
    value = source.get(name) if isinstance(source, dict) else None
    return "" if value is None else str(value).strip()


def moment(iso: str) -> str:
    """Write an ISO date for a French reader in Paris."""
    return datetime.fromisoformat(iso).astimezone(PARIS).strftime("%d/%m/%Y à %H:%M:%S")


def later(docs: list[Doc], since: str) -> list[Doc]:
    """Keep what came after an id or an ISO date (UTC where no offset is given)."""
    if not since:
        return docs
    if since.isdigit():
        return [doc for doc in docs if int(doc["id"]) > int(since)]
    try:
        # A plus sign that nobody escaped arrives as a blank.
        limit = datetime.fromisoformat(since.replace(" ", "+") if "T" in since else since)
    except ValueError:
        abort(400, "since: an id or an ISO date")
    limit = limit if limit.tzinfo else limit.replace(tzinfo=UTC)
    return [doc for doc in docs if datetime.fromisoformat(doc["date"]) > limit]


def size(count: int) -> str:
    """Write a number of bytes for a French reader."""
    return f"{count}\u00a0octets" if count < 1000 else f"{count / 1000:.1f}\u00a0ko".replace(".", ",")
