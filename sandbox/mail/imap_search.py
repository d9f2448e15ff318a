"""SEARCH, as far as mail programs of the day use it; Twisted's own does not survive Python 3's bytes."""

from datetime import date, datetime
from email.header import decode_header, make_header
from typing import Any

from twisted.mail import imap4

from sandbox.mail.imap_message import Message

FLAGS = {b"SEEN", b"ANSWERED", b"FLAGGED", b"DELETED", b"DRAFT"}
HEADERS = {b"SUBJECT", b"FROM", b"TO", b"CC"}
Terms = list[Any]


def meets(terms: Terms, message: Message, last_uid: int) -> bool:
    """Say whether a message meets every term; what is not known here is refused, never guessed."""
    left = list(terms)
    answers = []
    while left:
        answers.append(_meets_next(left, message, last_uid))
    return all(answers)


def _meets_next(left: Terms, message: Message, last_uid: int) -> bool:
    """Take the next term, with what belongs to it, from the list."""
    term = left.pop(0)
    if isinstance(term, list):
        return meets(term, message, last_uid)
    name = term.upper()
    if name == b"ALL":
        return True
    if name == b"NOT":
        return not _meets_next(left, message, last_uid)
    if name.removeprefix(b"UN") in FLAGS:
        has_flag = f"\\{name.removeprefix(b'UN').decode().title()}" in message.flags
        return has_flag is not name.startswith(b"UN")
    if name == b"UID":
        return message.uid in imap4.parseIdList(left.pop(0), last_uid)
    if name in (b"BEFORE", b"SINCE"):
        return (message.arrived.date() < _day(left.pop(0))) is (name == b"BEFORE")
    if name in HEADERS or name == b"HEADER":
        header = left.pop(0) if name == b"HEADER" else name
        return _contains(message, header.decode(), left.pop(0).decode("utf-8", "replace"))
    raise imap4.IllegalQueryError(f"{name.decode()} is not known here")


def _contains(message: Message, header: str, wanted: str) -> bool:
    values = (str(make_header(decode_header(str(value)))) for value in message.part.get_all(header, []))
    return any(wanted.lower() in value.lower() for value in values)


def _day(text: bytes) -> date:
    return datetime.strptime(text.decode(), "%d-%b-%Y").date()  # noqa: DTZ007 a day has no zone
