"""Read a file of any size as a stream: its fingerprint and encoding first, then blocks of whole lines in UTF-8.

The bytes are read twice, so that a file that is cut, damaged or unreadable is refused before any work is done.
Standard input, or a pipe, is kept in a temporary file for that. Memory stays the same whatever the file holds.
"""

import codecs
import hashlib
import re
import shutil
import sys
import tempfile
from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

from . import archives
from .layout import is_cut
from .refusal import LoadRefused, why

STANDARD_INPUT = "-"
UTF_8, WINDOWS = "utf-8-sig", "cp1252"
# A row is far below ten thousand characters; a longer line is not one, and must not fill the memory.
LONGEST_LINE = 10_000
BLOCK = 8 * 1024 * 1024
# Enough of a line without end to see that it is too long, whatever its characters.
_CUT = 4 * LONGEST_LINE


@dataclass(frozen=True)
class Block:
    """Whole lines of a file, in UTF-8, each ended by a line feed; `number` is that of the first, from 1."""

    number: int
    data: bytes

    def __len__(self) -> int:
        return self._lines

    @cached_property
    def _lines(self) -> int:
        return self.data.count(b"\n")


@dataclass(frozen=True)
class RegisterFile:
    """A file whose bytes were read once: its fingerprint, encoding and size once unpacked are known."""

    name: str
    sha256: str
    encoding: str
    size: int
    handle: BinaryIO

    def blocks(self, size: int = BLOCK) -> Generator[Block, None, None]:
        """Give the lines in blocks of about this size; a line too long to be one is cut, still too long."""
        number = 1
        for data in _whole_lines(_with_line_feeds(self._text()), size):
            block = Block(number, data)
            yield block
            number += len(block)

    def _text(self) -> Iterator[bytes]:
        """The content in UTF-8, without its mark."""
        with closing(archives.chunks(self.handle)) as chunks:
            if self.encoding == WINDOWS:
                for chunk in chunks:
                    yield chunk.decode(WINDOWS).encode()
                return
            first = next(chunks, b"")
            yield first.removeprefix(codecs.BOM_UTF8)
            yield from chunks


@contextmanager
def opened(path: str) -> Iterator[RegisterFile]:
    """Open a file by path, or standard input for "-"; LoadRefused if it cannot be read to its end."""
    with ExitStack() as stack:
        try:
            handle = stack.enter_context(_seekable(path))
            sha256 = _fingerprint(handle)
            encoding, size = _examine(handle)
        except OSError as error:
            raise LoadRefused(f"Le fichier {path} ne peut pas être lu\u00a0: {why(error)}.")
        # A name in another encoding than UTF-8 is no text that a database could keep.
        name = "entrée standard" if path == STANDARD_INPUT else Path(path).name.encode(errors="replace").decode()
        yield RegisterFile(name, sha256, encoding, size, handle)


@contextmanager
def _seekable(path: str) -> Iterator[BinaryIO]:
    with _standard_input() if path == STANDARD_INPUT else Path(path).open("rb") as handle:
        if path != STANDARD_INPUT and handle.seekable():
            yield handle
            return
        with tempfile.TemporaryFile() as copy:
            shutil.copyfileobj(handle, copy, archives.CHUNK)
            copy.seek(0)
            yield copy


@contextmanager
def _standard_input() -> Iterator[BinaryIO]:
    """What was sent to the command; a terminal or nothing at all would keep it waiting for ever."""
    if sys.stdin is None or sys.stdin.isatty():
        raise LoadRefused("Rien n’arrive sur l’entrée standard\u00a0: ajoutez «\u00a0< fichier.csv\u00a0».")
    yield sys.stdin.buffer


def _fingerprint(handle: BinaryIO) -> str:
    digest = hashlib.sha256()
    while chunk := handle.read(archives.CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def _examine(handle: BinaryIO) -> tuple[str, int]:
    """Encoding and size of the content: UTF-8 with or without mark, else Windows-1252."""
    size = 0
    start = end = b""
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_utf_8 = is_windows = True
    with closing(archives.chunks(handle)) as chunks:
        for chunk in chunks:
            size += len(chunk)
            start = start or chunk
            end = (end + chunk)[-_CUT:]
            if b"\0" in chunk:
                raise LoadRefused(_why_nul(start))
            is_utf_8 = is_utf_8 and _decodes(decoder, chunk)
            is_windows = is_windows and (chunk.isascii() or _has_no_hole(chunk))
    if not start.removeprefix(codecs.BOM_UTF8).strip():
        raise LoadRefused("Le fichier est vide.")
    is_utf_8 = is_utf_8 and _decodes(decoder, b"", final=True)
    if not is_utf_8 and not is_windows:
        raise LoadRefused("Le fichier contient des octets illisibles, ni en UTF-8 ni en Windows-1252.")
    _refuse_cut(start, end)
    return UTF_8 if is_utf_8 else WINDOWS, size


def _why_nul(start: bytes) -> str:
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "Le fichier est en UTF-16, l’«\u00a0Unicode\u00a0» des tableurs\u00a0: enregistrez-le en UTF-8."
    return "Le fichier contient des octets nuls\u00a0: ce n’est pas un fichier texte en UTF-8 ou Windows-1252."


def _refuse_cut(start: bytes, end: bytes) -> None:
    """Refuse a file that ends in the middle of a row; what follows the last line end is nothing, or a whole row."""
    header, last = re.split(rb"[\r\n]", start, maxsplit=1)[0], re.split(rb"[\r\n]", end)[-1]
    if is_cut(_text_of(header), _text_of(last)):
        raise LoadRefused(
            "Le fichier paraît coupé\u00a0: sa dernière ligne est incomplète. Demandez un nouvel envoi du fichier."
        )


def _text_of(line: bytes) -> str:
    """A line well enough to count its fields: in either encoding separators and quotes are the same bytes."""
    return line[:_CUT].decode(WINDOWS, errors="replace")


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True


def _has_no_hole(chunk: bytes) -> bool:
    """Tell whether the bytes avoid the five that Windows-1252 leaves undefined."""
    return not any(hole in chunk for hole in (b"\x81", b"\x8d", b"\x8f", b"\x90", b"\x9d"))


def _with_line_feeds(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """End every line by a line feed: files come from Windows, and old ones from anywhere."""
    is_feed_due = False
    for chunk in chunks:
        if is_feed_due and chunk.startswith(b"\n"):
            chunk = chunk[1:]
        is_feed_due = chunk.endswith(b"\r")
        yield chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in chunk else chunk


def _whole_lines(chunks: Iterator[bytes], size: int) -> Iterator[bytes]:
    """Join pieces and cut them at line ends; the last line gets its end, and nothing in memory outgrows a block."""
    pieces: list[bytes] = []
    held = 0
    is_skipping = False
    for chunk in chunks:
        if is_skipping:
            chunk = chunk[chunk.find(b"\n") :] if b"\n" in chunk else b""
            is_skipping = not chunk
        end = chunk.rfind(b"\n") + 1
        if end and held + end >= size:
            yield b"".join((*pieces, chunk[:end]))
            pieces, held, chunk = [], 0, chunk[end:]
        pieces.append(chunk)
        held += len(chunk)
        if not end and held >= size + archives.CHUNK:
            # No line end in sight: what is held ends in the beginning of one endless line.
            pieces, is_skipping = [_shortened(b"".join(pieces))], True
            held = len(pieces[0])
    if rest := b"".join(pieces):
        yield rest if rest.endswith(b"\n") else rest + b"\n"


def _shortened(data: bytes) -> bytes:
    """Cut the last line, which has no end yet, to a size that is still too long; no character is halved."""
    start = data.rfind(b"\n") + 1
    return data[:start] + data[start : start + _CUT].decode(errors="ignore").encode()
