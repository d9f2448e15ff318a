"""Whatever the processor answers, our side hears of it as one class of failure, told apart by what may be done next."""

import json

import pytest
import stripe

from billing import gateway

SESSION = {"id": "cs_test_1", "object": "checkout.session", "status": "open", "payment_status": "unpaid"}


@pytest.fixture
def answering(monkeypatch):
    """Let the processor answer this, whatever is asked."""

    def answer(status: int, body: bytes) -> None:
        monkeypatch.setattr(stripe.RequestsClient, "request", lambda *_: (body, status, {}))
        monkeypatch.setattr(stripe.RequestsClient, "_sleep_time_seconds", lambda *_: 0)

    return answer


@pytest.mark.parametrize("status", [200, 400, 404, 409, 429, 500, 503])
@pytest.mark.parametrize(
    "body",
    [
        b"", b"<html>", b"null", b"[]", b'"text"', b"{}", b"\xff", b'{"error": null}', b'{"error": "text"}',
        b'{"error": []}', b'{"error": {}}', json.dumps(SESSION).encode(),
        json.dumps(SESSION | {"expires_at": None, "payment_intent": 7, "amount_total": "x", "metadata": []}).encode(),
    ],
)  # fmt: skip
def test_an_odd_answer_is_a_failure_that_everybody_expects(answering, status: int, body: bytes):
    answering(status, body)
    with pytest.raises(gateway.GatewayError):
        gateway.retrieve("cs_test_1")


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (404, {"type": "invalid_request_error", "code": "resource_missing"}, gateway.Unknown),
        (400, {"type": "invalid_request_error", "code": "parameter_unknown"}, gateway.Refused),
        (400, {"type": "idempotency_error"}, gateway.Spent),
        (401, {"type": "invalid_request_error"}, gateway.GatewayError),
        (409, {"type": "idempotency_error", "code": "idempotency_key_in_use"}, gateway.InUse),
        (429, {"type": "invalid_request_error", "code": "rate_limit"}, gateway.GatewayError),
        (500, {"type": "api_error"}, gateway.Spent),
    ],
)
def test_failures_are_told_apart_by_what_may_be_done_next(answering, status: int, error: dict, kind: type):
    answering(status, json.dumps({"error": error}).encode())
    with pytest.raises(gateway.GatewayError) as caught:
        gateway.retrieve("cs_test_1")
    assert caught.type is kind
