"""E-mails as documents: parsed once when they arrive, the raw message kept beside."""

import base64
import email
import email.policy
from datetime import UTC, datetime
from email.message import EmailMessage, MIMEPart

from sandbox.mail import folders
from sandbox.store import Doc, Store

KIND, RAW = "mail", "mail_raw"


def keep(store: Store, content: bytes, *, sender: str, to: list[str]) -> str:
    """Store a message under the next number and lay it into the mailbox of every recipient.

    `to` is the envelope's: hidden copies are seen here too.
    """
    number = keep_raw(store, content)
    store.put(KIND, number, {"id": number, **describe(parse(content), sender=sender, to=to)})
    for address in to:
        folders.put(store, address.lower(), folders.INBOX, number)
    return number


def keep_raw(store: Store, content: bytes) -> str:
    """Store the bytes of a message that nobody has sent: an IMAP client laid it into a folder."""
    number = str(store.next_number("mail"))
    store.put(RAW, number, {"base64": base64.b64encode(content).decode()})
    return number


def parse(content: bytes) -> EmailMessage:
    """Read the bytes of a message, however crooked."""
    return email.message_from_bytes(content, policy=email.policy.default)


def describe(message: EmailMessage, *, sender: str, to: list[str]) -> Doc:
    """Say in plain fields what a reader wants of a message."""
    return {
        "to": ", ".join(to),
        "from": _header(message, "From", sender),
        "subject": _header(message, "Subject"),
        "text": _body(message, "plain"),
        "html": _body(message, "html"),
        "date": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "message_id": _header(message, "Message-ID"),
        "reply_to": _header(message, "Reply-To"),
        "envelope_from": sender,
        "attachments": [
            {"name": part.get_filename() or "sans-nom", "type": part.get_content_type(), "size": len(_payload(part))}
            for part in message.iter_attachments()
        ],
    }


def attachment(store: Store, number: str, index: int) -> tuple[str, str, bytes] | None:
    """Return name, type and content of an attachment, counted from 0."""
    raw = store.get(RAW, number)
    if raw is None:
        return None
    parts = list(parse(base64.b64decode(raw["base64"])).iter_attachments())
    if not 0 <= index < len(parts):
        return None
    part = parts[index]
    return part.get_filename() or "sans-nom", part.get_content_type(), _payload(part)


def raw(store: Store, number: str) -> bytes | None:
    """Return the message as it came over the wire."""
    doc = store.get(RAW, number)
    return base64.b64decode(doc["base64"]) if doc else None


def _body(message: EmailMessage, subtype: str) -> str:
    """Read one of the bodies; an unknown character set is read as UTF-8."""
    part = message.get_body(preferencelist=(subtype,))
    if part is None:
        return ""
    try:
        content = _payload(part).decode(part.get_content_charset("utf-8"), "replace")
    except LookupError:
        content = _payload(part).decode("utf-8", "replace")
    return content.replace("\r\n", "\n")


def _header(message: EmailMessage, name: str, otherwise: str = "") -> str:
    """Read a header as printable text: bytes that nobody encoded become question marks."""
    return str(message.get(name, otherwise)).strip().encode("utf-8", "replace").decode()


def _payload(part: MIMEPart) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else part.as_bytes()
