"""Google's test, offered beside our own where both keys are set.

It reads from the visitor's device, so its script is loaded only after a click that agrees to it (CNIL, 2022 and
2023; loi du 6 janvier 1978, article 82). Whoever does not click has our own test and loses nothing.
"""

import logging
from http.client import HTTPException

from django.conf import settings
from django_recaptcha import client
from django_recaptcha.constants import DEFAULT_RECAPTCHA_DOMAIN

log = logging.getLogger(__name__)

FIELD = "g-recaptcha-response"  # the name Google's script gives to its answer, whatever we call the field
LONGEST = 8192
# URLError and time-outs are OSErrors, bad JSON is a ValueError; the last three come from JSON that is no such object.
UNUSABLE = (OSError, HTTPException, ValueError, KeyError, TypeError, AttributeError)


class Unreachable(Exception):
    """Google could not be asked, or its answer makes no sense."""


def is_configured() -> bool:
    return bool(settings.RECAPTCHA_PUBLIC_KEY and settings.RECAPTCHA_PRIVATE_KEY)


def domain() -> str:
    return str(getattr(settings, "RECAPTCHA_DOMAIN", DEFAULT_RECAPTCHA_DOMAIN))


def accepts(answer: str, ip: str) -> bool:
    """Ask Google about an answer; it spends the answer itself, a second question about it is refused."""
    if len(answer) > LONGEST:
        return False
    try:
        verdict = client.submit(answer, settings.RECAPTCHA_PRIVATE_KEY, ip)
    except UNUSABLE as error:
        log.warning("reCAPTCHA unreachable: %s", error)
        raise Unreachable(str(error)) from error
    if not verdict.is_valid:
        log.info("reCAPTCHA refused: %s", verdict.error_codes)
    return bool(verdict.is_valid)


def content_security_policy() -> dict[str, list[str]]:
    """What a page that offers the test must allow beyond the shop's own policy."""
    site = f"https://{domain()}/recaptcha/"
    return {
        "script-src": [site, "https://www.gstatic.com/recaptcha/"],
        "frame-src": [site, "https://recaptcha.google.com/recaptcha/"],
    }
