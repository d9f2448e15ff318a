"""Proof of work (ALTCHA): the browser computes for a moment, the server checks in a millisecond.

A challenge is signed and remembers the form it was made for; its nonce is spent once. It slows robots down and
tells nothing about the person: rate limits, the honeypot and the e-mailed code stay necessary.
"""

import hashlib
import time
from typing import Any

import altcha
from django.conf import settings
from django.core.cache import cache

ALGORITHM = "PBKDF2/SHA-256"
LIFE = 1200  # seconds a challenge may be answered
LONGEST = 4096  # characters; an answer has about 600
MARGIN = 60  # seconds a spent nonce is remembered beyond the life of its challenge


class NotProved(Exception):
    """The answer proves nothing: damaged, expired, made for another form, or spent before."""


def make_challenge(form_name: str) -> dict[str, Any]:
    """A fresh challenge for one form, ready for JSON."""
    challenge = altcha.create_challenge(
        ALGORITHM,
        settings.ALTCHA_COST,
        expires_at=int(time.time()) + LIFE,
        hmac_secret=settings.ALTCHA_HMAC_KEY,
        data={"form": form_name},
    )
    return dict(challenge.to_dict())


def check(answer: str, form_name: str) -> str:
    """Return the nonce of a right answer to a challenge of this form, or raise NotProved."""
    if len(answer) > LONGEST:
        raise NotProved("too long")
    result = altcha.verify_solution(answer, settings.ALTCHA_HMAC_KEY)
    if not result.verified:
        raise NotProved("expired" if result.expired else result.error or "wrong")
    parameters = altcha.Payload.from_base64(answer).challenge.parameters
    if parameters.data != {"form": form_name}:
        raise NotProved("made for another form")
    return str(parameters.nonce)


def spend(nonce: str) -> None:
    """Use the challenge up, or raise NotProved where somebody was quicker; Redis errors are the caller's.

    The nonce is what is remembered, not the answer: one challenge has many solutions, and one solution can be
    written in many ways. `cache.add` is atomic, so that of two posts in the same instant one passes.
    """
    digest = hashlib.sha256(nonce.encode()).hexdigest()
    if not cache.add(f"captcha:{digest}", 1, timeout=LIFE + MARGIN):
        raise NotProved("spent before")
