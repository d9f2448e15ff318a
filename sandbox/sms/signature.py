"""Who is calling: OVHcloud's application key, consumer key and signature."""

import hashlib
import hmac
import time

from flask import Request

APPLICATION_KEY, APPLICATION_SECRET, CONSUMER_KEY = "ak", "as", "ck"
TOLERANCE = 60  # seconds between the stamp and our clock

Refusal = tuple[int, str, str]


def refusal(request: Request) -> Refusal | None:
    """Return status, error code and message for a call that is not properly signed."""
    if request.headers.get("X-Ovh-Application") != APPLICATION_KEY:
        return 403, "INVALID_KEY", "This application key is invalid"
    if request.headers.get("X-Ovh-Consumer") != CONSUMER_KEY:
        return 403, "INVALID_CREDENTIAL", "This credential is not valid"
    stamp = request.headers.get("X-Ovh-Timestamp", "")
    if not stamp.isdigit() or abs(time.time() - int(stamp)) > TOLERANCE:
        return 400, "QUERY_TIME_OUT", "Query out of time"
    body = request.get_data(as_text=True)
    signed = "+".join([APPLICATION_SECRET, CONSUMER_KEY, request.method, request.url, body, stamp])
    expected = "$1$" + hashlib.sha1(signed.encode()).hexdigest()
    if not hmac.compare_digest(expected.encode(), request.headers.get("X-Ovh-Signature", "").encode()):
        return 400, "INVALID_SIGNATURE", "Invalid signature"
    return None
