"""SMS: the alphabet of one message, and the gateways that carry it.

One SMS holds 160 characters of the GSM-7 alphabet. A single character outside it (’ ê ç « …) halves the room and
doubles the price, so texts are transliterated before they are stored.
"""

import logging
import unicodedata
from functools import lru_cache
from urllib.parse import urlsplit

import ovh
import requests
from django.conf import settings
from ovh.exceptions import (
    APIError,
    BadParametersError,
    Forbidden,
    HTTPError,
    InvalidCredential,
    InvalidKey,
    InvalidResponse,
    NotCredential,
    NotGrantedCall,
    ResourceNotFoundError,
)
from urllib3.exceptions import NewConnectionError

from notifications.failures import Undelivered
from notifications.models import Failure, Message
from notifications.safety import refuse_outside_in_demo

log = logging.getLogger(__name__)

LIMIT = 160
TIMEOUT = 5  # seconds
VALIDITY = 2880  # minutes the operator tries to reach a phone that is switched off

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
DOUBLE = frozenset("^{}\\[~]|€")  # take the room of two characters
REPLACED = str.maketrans(
    {
        "’": "'",
        "‘": "'",
        "“": '"',
        "”": '"',
        "–": "-",
        "—": "-",
        "‑": "-",
        "−": "-",
        "…": "...",
        "œ": "oe",
        "Œ": "OE",
        "°": "o",
        "•": "-",
        "\u00a0": " ",
        "\u202f": " ",
    }
)


def gsm7(text: str) -> str:
    """Write a text with the GSM-7 alphabet only; what has no likeness there becomes a question mark."""
    text = text.replace("«\u00a0", '"').replace("\u00a0»", '"').replace("«", '"').replace("»", '"')
    return "".join(_gsm7_character(character) for character in text.translate(REPLACED))


def _gsm7_character(character: str) -> str:
    if character in BASIC or character in DOUBLE:
        return character
    plain = unicodedata.normalize("NFKD", character)
    likeness = "".join(each for each in plain if each in BASIC)
    return likeness or ("" if unicodedata.combining(character) else "?")


def sms_length(text: str) -> int:
    """How much of the 160 a GSM-7 text takes; ValueError where a character lies outside the alphabet."""
    strange = sorted({character for character in text if character not in BASIC and character not in DOUBLE})
    if strange:
        raise ValueError(f"outside GSM-7: {' '.join(strange)}")
    return len(text) + sum(character in DOUBLE for character in text)


def send(message: Message) -> None:
    """Send one SMS through the configured gateway or raise Undelivered."""
    GATEWAYS[settings.SMS_BACKEND](message)


def _send_by_ovh(message: Message) -> None:
    """OVHcloud answers 200 even for a wrong number, which it then lists among the invalid receivers.

    There is no idempotency key: where the answer is lost the SMS may have left, and is not sent again.
    """
    refuse_outside_in_demo(urlsplit(settings.OVH_API_BASE).hostname or "")
    client = _ovh_client(
        settings.OVH_API_BASE,
        settings.OVH_APPLICATION_KEY,
        settings.OVH_APPLICATION_SECRET,
        settings.OVH_CONSUMER_KEY,
    )
    try:
        # The first call of a client asks the server's clock; done apart, its failure is no doubt about the SMS.
        _ = client.time_delta
    except APIError as error:
        raise Undelivered(Failure.CONNECTION, str(error)) from error
    try:
        answer = client.post(
            f"/sms/{settings.OVH_SMS_SERVICE}/jobs",
            message=message.body_text,
            sender=settings.SMS_SENDER,
            receivers=[message.recipient],
            noStopClause=True,  # no advertising: no "STOP" sentence to pay for
            priority="high",
            charset="UTF-8",
            coding="7bit",
            validityPeriod=VALIDITY,
        )
    except APIError as error:
        failure = _class_of(error)
        if failure == Failure.CONFIGURATION:
            _ovh_client.cache_clear()  # perhaps our clock was set meanwhile: the next client asks for theirs again
        raise Undelivered(failure, str(error)) from error
    if message.recipient in answer.get("invalidReceivers", ()):
        raise Undelivered(Failure.UNKNOWN_RECIPIENT, f"Numéro refusé\u00a0: {message.recipient}")


def _class_of(error: APIError) -> Failure:
    match error:
        case HTTPError():
            return Failure.CONNECTION if _never_left(error) else Failure.UNCERTAIN
        case InvalidResponse():
            return Failure.UNCERTAIN
        case BadParametersError():
            return Failure.CONFIGURATION if "signature" in str(error).lower() else Failure.REFUSED
        case Forbidden() | NotGrantedCall() | NotCredential() | InvalidKey() | InvalidCredential():
            return Failure.CONFIGURATION
        case ResourceNotFoundError():
            return Failure.CONFIGURATION
        case _:
            return Failure.DELAYED


def _never_left(error: HTTPError) -> bool:
    """Whether the line was never made, so that the SMS cannot have been taken."""
    cause = error.args[1]
    if isinstance(cause, requests.ConnectTimeout):
        return True
    reason = getattr(cause.args[0], "reason", None) if cause.args else None
    return isinstance(reason, NewConnectionError)


@lru_cache(maxsize=4)
def _ovh_client(base: str, application_key: str, application_secret: str, consumer_key: str) -> ovh.Client:
    """One client for each process: it keeps the line open and corrects our clock by the server's."""
    ovh.client.ENDPOINTS[base] = base
    return ovh.Client(
        endpoint=base,
        application_key=application_key,
        application_secret=application_secret,
        consumer_key=consumer_key,
        timeout=TIMEOUT,
    )


def _print(message: Message) -> None:
    """Write the SMS to the log instead of sending it."""
    log.info("SMS to %s: %s", message.recipient, message.body_text)


GATEWAYS = {"ovh": _send_by_ovh, "console": _print}


def is_off() -> bool:
    """Whether this shop sends no SMS at all."""
    return settings.SMS_BACKEND == "off"
