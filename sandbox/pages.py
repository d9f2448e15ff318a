"""The sandbox's own pages: front page, switchboard, reset, health; and what all its pages share."""

from typing import TYPE_CHECKING

from flask import Blueprint, Response, abort, jsonify, redirect, render_template, url_for
from werkzeug.wrappers import Response as BaseResponse

from sandbox.switches import MODES, OK
from sandbox.wire import PARIS, field, json_answer, moment, size, wants_json

if TYPE_CHECKING:
    from sandbox.world import World

__all__ = ["PARIS", "blueprint", "field", "json_answer", "wants_json"]

NAMES = {
    "mail": "Courriel",
    "imap": "Boîte aux lettres (IMAP)",
    "sms": "SMS (OVHcloud)",
    "laposte": "Suivi La Poste",
    "colissimo": "Étiquettes Colissimo",
    "stripe": "Paiement (Stripe)",
}
POLICY = "default-src 'none'; style-src 'self'; img-src 'self' data:; frame-src 'self'; base-uri 'none'"


def blueprint(world: "World") -> Blueprint:
    """Draw the pages that belong to no provider."""
    pages = Blueprint("pages", __name__)
    pages.add_app_template_filter(moment, "moment")
    pages.add_app_template_filter(size, "size")

    @pages.app_context_processor
    def menu() -> dict[str, object]:
        return {"menu": world.pages}

    @pages.after_app_request
    def keep_pages_harmless(response: Response) -> Response:
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Cache-Control", "no-store")
        if response.mimetype == "text/html":
            response.headers.setdefault("Content-Security-Policy", POLICY)
        return response

    @pages.get("/")
    def index() -> str:
        troubled = {NAMES[name]: MODES[name][mode] for name in MODES if (mode := world.switches.get(name)) != OK}
        counts = {page.path: page.count() for page in world.pages}
        return render_template("index.html", troubled=troubled, counts=counts)

    @pages.get("/switches/")
    def switches() -> str:
        now = {provider: world.switches.get(provider) for provider in MODES}
        return render_template("switches.html", modes=MODES, names=NAMES, now=now)

    @pages.post("/switches/<provider>")
    def switch(provider: str) -> BaseResponse:
        return _set_switch(world, provider, field("mode"), field("seconds"))

    @pages.post("/reset")
    def reset() -> BaseResponse:
        world.store.clear()
        return jsonify(reset=True) if wants_json() else redirect(url_for("pages.index"), 303)

    @pages.get("/health")
    def health() -> BaseResponse:
        modes = {provider: world.switches.get(provider) for provider in MODES}
        return jsonify(status="ok", smtp_port=world.smtp_port, imap_port=world.imap_port, providers=modes)

    return pages


def _set_switch(world: "World", provider: str, mode: str, seconds: str) -> BaseResponse:
    if provider not in MODES:
        abort(404)
    try:
        world.switches.set(provider, mode, float(seconds) if seconds else None)
    except ValueError as error:
        return json_answer({"error": str(error), "modes": list(MODES[provider])}, 400)
    if wants_json():
        return jsonify(provider=provider, mode=mode)
    return redirect(url_for("pages.switches", _anchor=provider), 303)
