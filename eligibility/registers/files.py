"""Read a register file as numbered lines of text, from a path or standard input, as a stream.

The bytes are read twice: once for their fingerprint and their encoding, once for their lines. Standard input is
kept in a temporary file for that.
"""

import codecs
import hashlib
import io
import shutil
import sys
import tempfile
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from .refusal import LoadRefused

STANDARD_INPUT = "-"
ENCODINGS = ("utf-8-sig", "cp1252")
CHUNK = 1024 * 1024
# A row of the format is below 1000 characters; a longer line is not one, and must not fill the memory.
LONGEST_LINE = 10_000


@dataclass(frozen=True)
class Line:
    """One line of the file, numbered from 1 for the header; `is_cut` when it was too long to be a row."""

    number: int
    text: str
    is_cut: bool = False


@dataclass(frozen=True)
class RegisterFile:
    """A file whose bytes were read once: its fingerprint and encoding are known."""

    name: str
    sha256: str
    encoding: str
    handle: BinaryIO

    def chunks(self) -> Iterator[bytes]:
        """Give the bytes from the start, some megabytes at a time."""
        self.handle.seek(0)
        while chunk := self.handle.read(CHUNK * 8):
            yield chunk

    def lines(self) -> Generator[Line, None, None]:
        """Give each line without its end; blank ones too, so that numbers stay those of the file."""
        self.handle.seek(0)
        text = io.TextIOWrapper(self.handle, encoding=self.encoding, newline=None)
        try:
            number = 0
            while line := text.readline(LONGEST_LINE):
                number += 1
                is_cut = len(line) == LONGEST_LINE and not line.endswith("\n")
                yield Line(number, line.rstrip("\n"), is_cut)
                if is_cut:
                    _skip_rest(text)
        finally:
            text.detach()


@contextmanager
def opened(path: str) -> Iterator[RegisterFile]:
    """Open a file by path, or standard input for "-"."""
    with ExitStack() as stack:
        try:
            handle = stack.enter_context(_seekable(path))
            sha256, encoding = _examine(handle)
        except OSError as error:
            raise LoadRefused(f"Le fichier {path} ne peut pas être lu\u00a0: {error.strerror or error}.")
        name = "entrée standard" if path == STANDARD_INPUT else Path(path).name
        yield RegisterFile(name, sha256, encoding, handle)


@contextmanager
def _seekable(path: str) -> Iterator[BinaryIO]:
    if path != STANDARD_INPUT:
        with Path(path).open("rb") as handle:
            yield handle
        return
    with tempfile.TemporaryFile() as copy:
        shutil.copyfileobj(sys.stdin.buffer, copy, CHUNK)
        yield copy


def _examine(handle: BinaryIO) -> tuple[str, str]:
    """Fingerprint and encoding: UTF-8 with or without mark, else Windows-1252."""
    digest = hashlib.sha256()
    for chunk in _chunks(handle):
        digest.update(chunk)
        if b"\0" in chunk:
            raise LoadRefused(
                "Le fichier contient des octets nuls\u00a0: ce n’est pas un fichier texte en UTF-8 ou Windows-1252."
            )
    for encoding in ENCODINGS:
        if _decodes(handle, encoding):
            return digest.hexdigest(), encoding
    raise LoadRefused("Le fichier contient des octets illisibles, ni en UTF-8 ni en Windows-1252.")


def _decodes(handle: BinaryIO, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for chunk in _chunks(handle):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _chunks(handle: BinaryIO) -> Iterator[bytes]:
    handle.seek(0)
    while chunk := handle.read(CHUNK):
        yield chunk


def _skip_rest(text: io.TextIOWrapper) -> None:
    while (rest := text.readline(LONGEST_LINE)) and not rest.endswith("\n"):
        continue
