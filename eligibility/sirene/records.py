"""Cut a stream of bytes into batches of records: columnar, read by name, in bounded memory.

A record of these files is one line; quotes may hold a comma, never a line break. A batch whose lines and records
do not agree is malformed, and the file is refused rather than guessed at.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from itertools import chain

import polars as pl
from polars.exceptions import PolarsError

from eligibility.registers.refusal import LoadRefused

from .layout import Layout

# A record of the widest stock is below 2000 bytes.
LONGEST_LINE = 64 * 1024
# A column of ours after the last one: what stands there is a field too many, and the row is out of step.
SURPLUS = "surplus"
MARK = b"\xef\xbb\xbf"


def batches(chunks: Iterable[bytes], layout: Layout) -> Iterator[pl.DataFrame]:
    """Read the needed columns, all as text; the date of the last treatment too, where the file has it."""
    blocks = _blocks(chunks)
    first_line, _, first = next(blocks, b"").removeprefix(MARK).partition(b"\n")
    names = _names(first_line, layout)
    header = first_line.rstrip(b"\r") + b"," + SURPLUS.encode()
    wanted = [*(name for name in names if name in {*layout.needed, layout.treated}), SURPLUS]
    line = 2
    for block in chain([first], blocks):
        if block.strip():
            yield _read(header, block, wanted, line)
        line += block.count(b"\n")


def _read(header: bytes, block: bytes, wanted: list[str], line: int) -> pl.DataFrame:
    """Parse some lines, of which the first is number `line` of the file."""
    lines = block.count(b"\n")
    try:
        frame = pl.read_csv(io.BytesIO(header + b"\n" + block), columns=wanted, infer_schema=False)
    except PolarsError:
        frame = None
    if frame is None or frame.height != lines:
        raise LoadRefused(
            f"Le fichier est abîmé entre les lignes {line} et {line + lines - 1}\u00a0: octets illisibles"
            " ou guillemets mal fermés."
        )
    return frame


def _names(header: bytes, layout: Layout) -> list[str]:
    """The columns of the file, or a refusal that names what is missing."""
    try:
        names = next(csv.reader([header.decode().rstrip("\r")]), [])
    except UnicodeDecodeError:
        names = []
    missing = [name for name in layout.needed if name not in names]
    if layout.key in missing or len(missing) > len(layout.needed) // 2:
        raise LoadRefused(f"La première ligne n’est pas l’en-tête du stock «\u00a0{layout.stock.label}\u00a0».")
    if missing:
        raise LoadRefused(f"Colonne nécessaire absente de l’en-tête\u00a0: {', '.join(missing)}.")
    return names


def _blocks(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Whole lines, a chunk at a time; the last line is given its end where the file lacks it."""
    tail = b""
    for chunk in chunks:
        if b"\0" in chunk:
            raise LoadRefused("Le fichier contient des octets nuls\u00a0: ce n’est pas un fichier texte en UTF-8.")
        data = tail + chunk
        end = data.rfind(b"\n") + 1
        block, tail = data[:end], data[end:]
        if len(tail) > LONGEST_LINE:
            raise LoadRefused("Le fichier contient une ligne démesurée\u00a0: ce n’est pas un stock Sirene.")
        if block:
            yield block
    if tail:
        yield tail + b"\n"
