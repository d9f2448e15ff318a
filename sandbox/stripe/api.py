"""The API: `/stripe/v1/…`, one answer at a time, as the client library expects it."""

import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, g, request

from sandbox.stripe import expansion, listing, parameters, refunds, sessions, wire
from sandbox.stripe.account import Account
from sandbox.stripe.errors import StripeError, invalid
from sandbox.stripe.idempotency import Answer, Keys, in_use
from sandbox.stripe.objects import Doc, random_id
from sandbox.stripe.wire import Tree

SECRET_KEY = "sk_test_sandbox"  # noqa: S105 (known to everybody: it opens nothing)

Handler = Callable[..., Doc]


@dataclass(frozen=True)
class Route:
    """A call: method, path with `{}` for an id, name of its parameter type, and what it does."""

    method: str
    path: str
    params: str
    handler: Handler

    def match(self, method: str, path: str) -> tuple[str, ...] | None:
        """Return the ids in the path, or None where this is another call."""
        found = re.fullmatch(self.path.replace("{}", "([A-Za-z0-9_]+)"), path)
        return found.groups() if found and method == self.method else None


def _retrieve(kind: str) -> Handler:
    def handler(account: Account, params: dict[str, Any], object_id: str) -> Doc:
        return account.fetch(kind, object_id)

    return handler


def _cancel_intent(account: Account, params: dict[str, Any], object_id: str) -> Doc:
    """Refuse: every PaymentIntent here belongs to a Checkout Session."""
    account.fetch("payment_intent", object_id)
    raise StripeError(
        400, "You cannot perform this action on PaymentIntents created by Checkout. Expire the Session instead."
    )


ROUTES = (
    Route("POST", "/v1/checkout/sessions", "SessionCreateParams", sessions.create),
    Route("GET", "/v1/checkout/sessions", "SessionListParams", listing.sessions),
    Route("GET", "/v1/checkout/sessions/{}", "SessionRetrieveParams", sessions.retrieve),
    Route("POST", "/v1/checkout/sessions/{}/expire", "SessionExpireParams", sessions.expire),
    Route("GET", "/v1/checkout/sessions/{}/line_items", "SessionListLineItemsParams", listing.line_items),
    Route("GET", "/v1/payment_intents", "PaymentIntentListParams", listing.payment_intents),
    Route("GET", "/v1/payment_intents/{}", "PaymentIntentRetrieveParams", _retrieve("payment_intent")),
    Route("POST", "/v1/payment_intents/{}/cancel", "PaymentIntentCancelParams", _cancel_intent),
    Route("GET", "/v1/charges", "ChargeListParams", listing.charges),
    Route("GET", "/v1/charges/{}", "ChargeRetrieveParams", _retrieve("charge")),
    Route("POST", "/v1/refunds", "RefundCreateParams", refunds.create),
    Route("GET", "/v1/refunds", "RefundListParams", listing.refunds),
    Route("GET", "/v1/refunds/{}", "RefundRetrieveParams", _retrieve("refund")),
    Route("GET", "/v1/disputes", "DisputeListParams", listing.disputes),
    Route("GET", "/v1/disputes/{}", "DisputeRetrieveParams", _retrieve("dispute")),
    Route("GET", "/v1/events", "EventListParams", listing.events),
    Route("GET", "/v1/events/{}", "EventRetrieveParams", _retrieve("event")),
)


class Api:
    """Answer calls on behalf of an account."""

    def __init__(self, account: Account) -> None:
        """Open the API of this account."""
        self.account = account
        self.keys = Keys(account)

    def answer(self, path: str) -> Response:
        """Answer the present request."""
        path = f"/v1/{path}"
        try:
            _check_caller()
            route, ids = _route(request.method, path)
            params = _parameters()
            key = request.headers.get("Idempotency-Key", "") if request.method == "POST" else ""
            if self.account.mode == "conflict" and request.method == "POST":
                raise in_use(key)
            if key and (kept := self.keys.begin(key, path, params)):
                replayed = {"Idempotent-Replayed": "true", "Original-Request": kept.request_id}
                return _response(kept.status, kept.body, replayed)
        except StripeError as error:
            return _response(error.status, error.body())
        return self._carry_out(route, ids, params, key, path)

    def _carry_out(self, route: Route, ids: tuple[str, ...], params: Tree, key: str, path: str) -> Response:
        """Do what is asked, keep the answer under its key, and only then lose it if the switch says so."""
        answer: Answer | None = None
        try:
            if outage := self.account.world.switches.before("stripe"):
                return outage
            if self.account.mode == "limited":
                return _response(*_limited())
            answer, is_kept = self._perform(route, ids, params, key)
            if key and is_kept:
                self.keys.keep(key, path, params, answer)
        finally:
            self.keys.forget(key)
        acted = request.method == "POST" and answer.status == 200
        lost = self.account.world.switches.after_acting("stripe") if acted else None
        return lost or _response(answer.status, answer.body)

    def _perform(self, route: Route, ids: tuple[str, ...], params: Tree, key: str) -> tuple[Answer, bool]:
        """Return the answer, and whether it is to be kept under the idempotency key."""
        caller = {"id": g.request_id, "idempotency_key": key or None}
        try:
            clean = parameters.check(params, route.params)
            paths = clean.pop("expand", [])
            with self.account.act(caller):
                doc = route.handler(self.account, clean, *ids)
                body = expansion.expand(self.account, doc, paths)
        except StripeError as error:
            return Answer(error.status, error.body(), g.request_id), error.remembered
        if self.account.mode == "broken" and request.method == "POST":
            return Answer(500, _OUTAGE, g.request_id), True
        return Answer(200, body, g.request_id), True


def _check_caller() -> None:
    """Let in who has the sandbox's secret key and speaks the version that is played here."""
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    if scheme == "Basic":
        credentials = base64.b64decode(credentials + "==").decode(errors="replace").partition(":")[0]
    if scheme not in ("Basic", "Bearer") or not credentials:
        raise StripeError(
            401,
            "You did not provide an API key. You need to provide your API key in the Authorization header, "
            "using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
            remembered=False,
        )
    if credentials != SECRET_KEY:
        masked = credentials[:8] + "*" * 8 + credentials[-4:] if len(credentials) > 12 else "*" * len(credentials)
        raise StripeError(401, f"Invalid API Key provided: {masked}", remembered=False)
    version = request.headers.get("Stripe-Version", parameters.API_VERSION)
    if version != parameters.API_VERSION:
        raise invalid(f"Invalid Stripe API version: {version}. The sandbox plays {parameters.API_VERSION}.")


def _route(method: str, path: str) -> tuple[Route, tuple[str, ...]]:
    for route in ROUTES:
        if (ids := route.match(method, path)) is not None:
            return route, ids
    raise StripeError(404, f"Unrecognized request URL ({method}: {path}).", remembered=False)


def _parameters() -> Tree:
    """Read the query of a GET, the form body of a POST."""
    if request.method != "POST":
        return wire.parse(request.query_string.decode("ascii", errors="replace"))
    body = request.get_data()
    if body and request.mimetype != "application/x-www-form-urlencoded":
        raise invalid("Invalid request (check that your POST content type is application/x-www-form-urlencoded).")
    try:
        return wire.parse(body.decode("ascii"))
    except UnicodeDecodeError as error:
        raise invalid("Invalid request: the body is not percent-encoded.") from error


def _limited() -> tuple[int, dict[str, Any]]:
    error = StripeError(429, "Request rate limit exceeded.", code="rate_limit", remembered=False)
    return error.status, error.body()


_OUTAGE = StripeError(
    500,
    "An unknown error occurred. Please try again or contact us at https://support.stripe.com.",
    error_type="api_error",
).body()


def outage() -> Response:
    """Return the answer of a Stripe that is down: nothing was done, nothing is kept."""
    return _response(500, _OUTAGE)


def _response(status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    return Response(json.dumps(body, indent=2), status, headers, mimetype="application/json")


def register(bp: Blueprint, account: Account) -> None:
    """Add the API's address to the blueprint, and a Request-Id to each of its answers."""
    api = Api(account)

    @bp.before_request
    def begin() -> None:
        g.request_id = random_id("req_", 14)
        sessions.expire_due(account)

    @bp.after_request
    def sign_off(response: Response) -> Response:
        response.headers["Request-Id"] = g.request_id
        response.headers["Stripe-Version"] = parameters.API_VERSION
        return response

    bp.add_url_rule("/v1/<path:path>", "api", api.answer, methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    account.world.switches.on_failing("stripe", outage)
