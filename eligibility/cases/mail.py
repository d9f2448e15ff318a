"""One e-mail taken apart: who wrote what, with which files. Pure; nothing that comes is trusted."""

import email
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from email.errors import MessageError
from email.message import Message
from email.policy import compat32
from typing import cast

from . import mail_headers
from .mail_headers import Headers, decode, decode_bytes
from .mail_text import clean, from_html, part_quotation

MAX_FILES = 20
MAX_DEPTH = 20
MAX_TEXT = 100_000  # characters that are read
# A picture that the text shows and that is smaller belongs to a signature; a larger one may be a document's photo.
LOGO_SIZE = 30_000
# What a mail program adds by itself and nobody meant to send.
_NOT_MEANT = {"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"}
# The parser promises never to raise. On what strangers send, it does now and then.
FAULTS = (MessageError, RecursionError, ValueError, TypeError, AttributeError, LookupError)


class Unreadable(Exception):
    """These bytes cannot be taken apart: somebody must look at the e-mail itself."""


@dataclass(frozen=True)
class Attachment:
    """A file that came along, under the last part of the name that the sender's program gave it."""

    name: str
    content: bytes


@dataclass(frozen=True)
class Mail:
    """An e-mail: what was written now, what is quoted below it, the files, and how many more files were not read."""

    headers: Headers
    text: str
    quoted: str
    attachments: tuple[Attachment, ...]
    left_out: int


def read(raw: bytes) -> Mail:
    """Take a message apart, or raise Unreadable. A message without Message-ID gets one that is always the same."""
    try:
        message = email.message_from_bytes(raw, policy=compat32)
        headers = mail_headers.read(message)
        files: list[Attachment] = []
        text, quoted = part_quotation(clean(_words(message, files)[:MAX_TEXT]))
    except FAULTS as error:
        raise Unreadable(f"{type(error).__name__}: {error}") from error
    if not headers.message_id:
        headers = replace(headers, message_id=_fingerprint(message, raw))
    return Mail(headers, text, quoted, tuple(files[:MAX_FILES]), max(0, len(files) - MAX_FILES))


def _words(part: Message, files: list[Attachment], depth: int = 0) -> str:
    """Collect the text of a part and of all parts inside; files are added to the list."""
    if depth > MAX_DEPTH:
        return ""
    if part.is_multipart():
        inside = cast(Sequence[Message], part.get_payload())
        found = [(child.get_content_type(), _words(child, files, depth + 1)) for child in inside]
        if part.get_content_type() == "multipart/alternative":
            return _best(found)
        subject = decode(str(part.get("Subject", ""))) if depth else ""
        return "\n\n".join(words for words in (subject, *(words for _, words in found)) if words.strip())
    if _is_text(part):
        words = decode_bytes(_content(part), part.get_content_charset())[:MAX_TEXT]
        return from_html(words) if part.get_content_subtype() == "html" else words
    _add_file(part, files)
    return ""


def _best(found: list[tuple[str, str]]) -> str:
    """Of several ways to say the same, take the plain one unless it says nothing."""
    plain = [words for kind, words in found if kind == "text/plain" and words.strip()]
    return next(iter(plain or [words for _, words in found if words.strip()]), "")


def _is_text(part: Message) -> bool:
    """Whether a part is there to be read. One that calls itself multipart and has no parts is broken text."""
    if part.get_content_maintype() == "multipart":
        return True
    is_words = part.get_content_type() in ("text/plain", "text/html")
    return is_words and part.get_content_disposition() != "attachment" and not _name(part)


def _add_file(part: Message, files: list[Attachment]) -> None:
    content = _content(part)
    is_shown = part.get_content_maintype() == "image" and "Content-ID" in part
    is_logo = is_shown and part.get_content_disposition() != "attachment" and len(content) < LOGO_SIZE
    if not is_logo and part.get_content_type() not in _NOT_MEANT:
        files.append(Attachment(_name(part), content))


def _content(part: Message) -> bytes:
    """The bytes of a part; where its encoding is broken, as far as they can be had."""
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _name(part: Message) -> str:
    """The name without the folders that some programs send along."""
    name = part.get_filename() or ""
    return decode(name).replace("\\", "/").rpartition("/")[2]


def _fingerprint(message: Message, raw: bytes) -> str:
    """A name made from what the author wrote: servers on the way add their own lines above it."""
    written = "\n".join(str(message.get(name, "")) for name in ("From", "To", "Date", "Subject"))
    body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")[2]
    return f"<{hashlib.sha256(written.encode('utf-8', 'replace') + body).hexdigest()}@sans-identifiant>"
