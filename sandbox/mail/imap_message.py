"""A message as Twisted's IMAP server reads it: the bytes as they came, and their parts."""

import email
import io
from datetime import datetime
from email.message import Message as MimePart
from email.policy import compat32
from email.utils import format_datetime
from typing import IO, cast

from twisted.mail import imap4
from zope.interface import implementer

from sandbox.store import Doc


@implementer(imap4.IMessagePart)
class Part:
    """One part of a message."""

    def __init__(self, part: MimePart) -> None:
        """Look at a part as the standard library has parsed it."""
        self.part = part

    def getHeaders(self, negate: bool, *names: bytes) -> dict[str, str]:  # noqa: N802 Twisted's name
        """Give the named headers, or all but these; bytes that nobody encoded become question marks."""
        named = {name.decode("ascii", "replace").lower() for name in names}
        return {
            name.lower(): str(value).encode("ascii", "replace").decode()
            for name, value in self.part.items()
            if (name.lower() in named) is not negate
        }

    def getBodyFile(self) -> IO[bytes]:  # noqa: N802 Twisted's name
        """Give the text of the part, encoded as it came."""
        return io.BytesIO(split(self.part.as_bytes())[1])

    def getSize(self) -> int:  # noqa: N802 Twisted's name
        """Count the bytes of the text."""
        return len(split(self.part.as_bytes())[1])

    def isMultipart(self) -> bool:  # noqa: N802 Twisted's name
        """Say whether there are parts inside."""
        return self.part.is_multipart()

    def getSubPart(self, part: int) -> "Part":  # noqa: N802 Twisted's name
        """Give a part inside, counted from 0."""
        inside = self.part.get_payload()
        if not isinstance(inside, list):
            raise TypeError("this part has no parts")
        return Part(cast(MimePart, inside[part]))


@implementer(imap4.IMessage, imap4.IMessageFile)
class Message(Part):
    """A whole message in a folder."""

    def __init__(self, entry: Doc, raw: bytes) -> None:
        """Parse the bytes once."""
        super().__init__(email.message_from_bytes(raw, policy=compat32))
        self.uid: int = entry["uid"]
        self.flags: list[str] = entry["flags"]
        self.arrived = datetime.fromisoformat(entry["arrived"])
        self.entry, self.raw = entry, raw

    def getUID(self) -> int:  # noqa: N802 Twisted's name
        """Give the number for ever."""
        return self.uid

    def getFlags(self) -> list[str]:  # noqa: N802 Twisted's name
        """Give the flags as they were when the message was fetched."""
        return self.flags

    def getInternalDate(self) -> str:  # noqa: N802 Twisted's name
        """Give the time of its arrival."""
        return format_datetime(self.arrived)

    def getBodyFile(self) -> IO[bytes]:  # noqa: N802 Twisted's name
        """Give the bytes below the header."""
        return io.BytesIO(split(self.raw)[1])

    def getSize(self) -> int:  # noqa: N802 Twisted's name
        """Count the bytes of the whole message."""
        return len(self.raw)

    def open(self) -> IO[bytes]:
        """Give the bytes as they came."""
        return io.BytesIO(self.raw)

    @property
    def header(self) -> bytes:
        """The header as it came, with the empty line that ends it."""
        return split(self.raw)[0]


def split(raw: bytes) -> tuple[bytes, bytes]:
    """Cut a message into header, with its empty line, and body."""
    for end in (b"\r\n\r\n", b"\n\n"):
        header, found, body = raw.partition(end)
        if found:
            return header + end, body
    return raw + b"\r\n", b""
