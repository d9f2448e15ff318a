"""Whether a PDF is whole, has a page and opens without a password, told from its bytes. Pure.

No reader of the whole format: on a stranger's file it might turn for minutes. The bytes are gone through a fixed number
of times, and unpacked up to a limit.
"""

import re
import zlib
from collections.abc import Iterator
from enum import Enum

from . import pdf_password

TAIL = 1024  # bytes: where readers look for the end
PADDING = b"\0 \t\r\n"  # what some programs leave behind the end
UNPACKED = 20_000_000  # bytes of packed objects that are looked at
END = re.compile(rb"startxref[\s\0]+[0-9]+[\s\0]+%%EOF")
PAGE = re.compile(rb"/Type[\s\0]*/Page(?![A-Za-z])")


class Fault(Enum):
    """Why nobody could read this file."""

    CUT = "cut"
    NO_PAGE = "no page"
    LOCKED = "locked"


def fault(content: bytes) -> Fault | None:
    """What is wrong with a PDF, if anything is."""
    end = content.rstrip(PADDING)
    if not END.search(end[-TAIL:]):
        return Fault.CUT
    outside, packed = _parts(content)
    if pdf_password.is_encrypted(outside):
        # Its packed objects cannot be looked into; programs that encrypt have read the file before.
        return Fault.LOCKED if pdf_password.is_needed(outside) else None
    return None if PAGE.search(outside) or any(map(PAGE.search, _unpacked(packed))) else Fault.NO_PAGE


def _parts(content: bytes) -> tuple[bytes, list[bytes]]:
    """The text outside of all streams, and the streams that hold packed objects.

    Searched by `find`, forwards only: a pattern from "stream" to "endstream" would try every beginning against a file
    without an end.
    """
    outside, packed, at = [], [], 0
    while (begins := content.find(b"stream", at)) >= 0 and (ends := content.find(b"endstream", begins)) >= 0:
        text = content[at:begins]
        outside.append(text)
        if b"/ObjStm" in text[text.rfind(b"obj") :]:
            packed.append(content[begins + len(b"stream") : ends].lstrip(b"\r\n"))
        at = ends + len(b"endstream")
    return b"".join([*outside, content[at:]]), packed


def _unpacked(packed: list[bytes]) -> Iterator[bytes]:
    left = UNPACKED
    for stream in packed:
        try:
            objects = zlib.decompressobj().decompress(stream, left)
        except zlib.error:
            objects = stream  # not packed, or in a way that nobody uses any more
        yield objects
        left -= len(objects)
        if left <= 0:
            return
