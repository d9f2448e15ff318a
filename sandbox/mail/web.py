"""The mailbox: every message the shop sent, for people and for tests."""

from typing import TYPE_CHECKING

from flask import Blueprint, Response, abort, jsonify, render_template, request

from sandbox.mail import messages, writing
from sandbox.store import Doc
from sandbox.wire import later

if TYPE_CHECKING:
    from sandbox.world import World

FRAME = '<!doctype html><base target="_blank">'
# The message is a stranger: no script, no request, no way to our own pages; links open in a new tab.
FRAME_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; "
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
)


def blueprint(world: "World") -> Blueprint:
    """Serve the mailbox."""
    mail = Blueprint("mail", __name__, url_prefix="/mail")
    world.add_page("Courriels", "/mail/", "Tout ce que la boutique a envoyé par courriel.", messages.KIND)
    writing.add_page(mail, world)

    @mail.get("/")
    def mailbox() -> str:
        to = request.args.get("to", "").strip()
        return render_template("mail/list.html", mails=_search(world, limit=200), to=to)

    @mail.get("/messages.json")
    def listing() -> Response:
        return jsonify(_search(world, limit=request.args.get("limit", 100, int)))

    @mail.get("/<int:number>/")
    def read(number: int) -> str:
        return render_template("mail/message.html", mail=_mail(number))

    @mail.get("/<int:number>/html")
    def html(number: int) -> Response:
        return Response(
            FRAME + _mail(number)["html"], mimetype="text/html", headers={"Content-Security-Policy": FRAME_POLICY}
        )

    @mail.get("/<int:number>/source.eml")
    def source(number: int) -> Response:
        raw = messages.raw(world.store, str(number))
        return Response(raw, mimetype="text/plain") if raw is not None else abort(404)

    @mail.get("/<int:number>/pieces/<int:index>")
    def attachment(number: int, index: int) -> Response:
        found = messages.attachment(world.store, str(number), index)
        if found is None:
            abort(404)
        name, mimetype, content = found
        answer = Response(content, mimetype=mimetype)
        answer.headers["Content-Security-Policy"] = "sandbox"
        answer.headers.set("Content-Disposition", "attachment", filename=name)
        return answer

    def _mail(number: int) -> Doc:
        return world.store.get(messages.KIND, str(number)) or abort(404)

    return mail


def _search(world: "World", limit: int) -> list[Doc]:
    """Find mails by `to`, `subject` (parts of them) and `since` (an id, or an ISO date: later ones only)."""
    to, subject = (request.args.get(name, "").strip() for name in ("to", "subject"))
    found = world.store.find(messages.KIND, limit=limit, to=to, subject=subject)
    return later(found, request.args.get("since", "").strip())
