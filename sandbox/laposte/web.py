"""Suivi v2 over HTTP, and the page that moves parcels forward."""

from datetime import datetime
from typing import TYPE_CHECKING

from flask import Blueprint, Response, abort, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from sandbox.laposte import parcels, suivi
from sandbox.laposte.events import EVENTS
from sandbox.wire import field, json_answer, wants_json

if TYPE_CHECKING:
    from sandbox.world import World


def blueprint(world: "World") -> Blueprint:
    """Serve Suivi v2 and the parcels page."""
    laposte = Blueprint("laposte", __name__)
    world.add_page("Colis", "/parcels/", "Les colis étiquetés, à faire avancer pas à pas.", parcels.KIND)
    world.switches.on_failing("laposte", lambda: suivi.gateway("failing"))

    @laposte.route("/laposte/suivi/v2/idships/<path:ids>", methods=["GET", "OPTIONS"], provide_automatic_options=False)
    def idships(ids: str) -> Response:
        if request.method == "OPTIONS":
            return Response(status=204, headers={"Allow": "GET, OPTIONS"})
        return suivi.answer(world, ids)

    @laposte.get("/parcels/")
    def listing() -> str:
        known = world.store.all(parcels.KIND, limit=200)
        return render_template("laposte/list.html", parcels=known, events=EVENTS, upcoming=parcels.upcoming)

    @laposte.get("/parcels.json")
    def as_json() -> Response:
        known = world.store.all(parcels.KIND)
        return jsonify([{**parcel, "next": parcels.upcoming(parcel)} for parcel in known])

    @laposte.post("/parcels/<number>/advance")
    def advance(number: str) -> BaseResponse:
        return _advance(world, number.upper(), field("step") or "next", field("at"))

    return laposte


def _advance(world: "World", number: str, step: str, at: str) -> BaseResponse:
    try:
        parcel = parcels.advance(world.store, number, step, at=datetime.fromisoformat(at) if at else None)
    except ValueError as error:
        return json_answer({"error": str(error), "steps": ["next", *EVENTS]}, 400)
    if parcel is None:
        abort(404)
    if wants_json():
        return jsonify({**parcel, "next": parcels.upcoming(parcel)})
    return redirect(url_for("laposte.listing", _anchor=number), 303)
