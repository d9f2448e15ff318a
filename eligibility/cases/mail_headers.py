"""The header of an e-mail: who writes, about what, in answer to what, and whether a machine did. Pure.

The standard library's oldest policy is read on purpose: it takes crooked headers where the newer ones raise.
"""

import re
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

MAX_FROM = 2_000  # characters; nobody has so many names
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,250}>")
_BLANKS = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]+")
_NOBODY = re.compile(r"(?:mailer-daemon|postmaster|no-?reply|ne-?pas-?repondre|donotreply|bounces?)(?:[+.-].*)?@")
_BULK = {"bulk", "junk", "list", "auto_reply", "auto-reply"}
# Their mere presence says that nobody sits at the other end.
_OF_MACHINES = ("list-id", "x-autoreply", "x-autorespond", "x-auto-response-suppress", "x-failed-recipients")
# Absence notices of programs that mark them in no other way.
_SAYS_SO = re.compile(
    r"^\W*(?:automatic reply|auto(?:matic)?[- ]?re(?:ply|sponse)|out of (?:the )?office|réponse automatique"
    r"|absence du bureau|absent du bureau|message d['’]absence)\b",
    re.IGNORECASE,
)
# Codecs that are no character sets, or that a crafted text makes slow.
_NO_CHARSETS = {"punycode", "idna", "unicode_escape", "unicode-escape", "raw_unicode_escape", "raw-unicode-escape"}


@dataclass(frozen=True)
class Headers:
    """What the header says; a text is empty where it says nothing usable."""

    message_id: str
    references: tuple[str, ...]
    sender: str
    sender_name: str
    subject: str
    is_automatic: bool


def read(message: Message) -> Headers:
    """Read the header of a parsed message."""
    raw: dict[str, str] = {}
    for name, value in message.raw_items():
        raw.setdefault(name.lower(), _readable(str(value)))
    sender_name, sender = _sender(raw.get("from", "")[:MAX_FROM])
    ids = _MESSAGE_ID.findall(raw.get("message-id", ""))
    answered = _MESSAGE_ID.findall(f"{raw.get('in-reply-to', '')} {raw.get('references', '')}")
    return Headers(
        message_id=ids[0] if ids else "",
        references=tuple(dict.fromkeys(answered))[:50],
        sender=sender,
        sender_name=sender_name,
        subject=decode(raw.get("subject", "")),
        is_automatic=_is_automatic(raw, sender) or message.get_content_type() == "multipart/report",
    )


def decode(value: str) -> str:
    """Write a header as one line of text; what cannot be decoded stays as it came."""
    try:
        pieces = decode_header(value)
    except (HeaderParseError, ValueError):
        pieces = [(value, None)]
    text = "".join(piece if isinstance(piece, str) else decode_bytes(piece, charset) for piece, charset in pieces)
    return _BLANKS.sub(" ", text).encode("utf-8", "replace").decode().strip()


def decode_bytes(content: bytes, charset: str | None) -> str:
    """Decode by the character set that is named, else by UTF-8, else by the one of old Windows programs."""
    for name in (charset, "utf-8"):
        if not name or name.lower() in _NO_CHARSETS:
            continue
        try:
            return content.decode(name)
        except (LookupError, ValueError):
            continue
    return content.decode("cp1252", "replace")


def _readable(value: str) -> str:
    """Undo the parser's marks for bytes that nobody encoded."""
    return decode_bytes(value.encode("utf-8", "surrogateescape"), None)


def _sender(value: str) -> tuple[str, str]:
    """Name and address of the first usable author, the address in small letters."""
    for name, address in getaddresses([value]):
        try:
            validate_email(address)
        except ValidationError:
            continue
        if len(address) <= 254:
            return decode(name), address.lower()
    return "", ""


def _is_automatic(raw: dict[str, str], sender: str) -> bool:
    """Whether an answer might start a loop, or go to nobody."""
    return (
        not sender
        or _NOBODY.match(sender) is not None
        or raw.get("auto-submitted", "no").strip().lower() not in ("no", "")
        or raw.get("precedence", "").strip().lower() in _BULK
        or raw.get("return-path", "").strip() == "<>"
        or any(name in raw for name in _OF_MACHINES)
        or _SAYS_SO.match(decode(raw.get("subject", ""))) is not None
    )
