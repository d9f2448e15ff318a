"""The application on a telephone that the demo's staff would have: RFC 6238 as every such application does it."""

import base64
import hmac
import struct
import time
from urllib.parse import quote, urlencode

PERIOD, DIGITS = 30, 6
ISSUER = "masques-pme (démo)"


def code(secret: str, at: float | None = None) -> str:
    """The code of a secret (base 32), now or at a moment in seconds since 1970."""
    counter = int(time.time() if at is None else at) // PERIOD
    digest = hmac.digest(base64.b32decode(secret), struct.pack(">Q", counter), "sha1")
    start = digest[-1] & 0x0F
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def seconds_left() -> int:
    """How long the present code is shown."""
    return PERIOD - int(time.time()) % PERIOD


def address(username: str, secret: str) -> str:
    """What the drawing says to an application."""
    facts = urlencode({"secret": secret, "issuer": ISSUER}, quote_via=quote)
    return f"otpauth://totp/{quote(f'{ISSUER}:{username}')}?{facts}"
