"""Turn blocks of lines into batches of records: columnar, read by name, in bounded memory.

A record of these files is one line; quotes may hold a comma, never a line break. A batch whose lines and records
do not agree is malformed, and the file is refused rather than guessed at.
"""

import csv
import io
from collections.abc import Iterator
from itertools import chain

import polars as pl
from polars.exceptions import PolarsError

from eligibility.registers.files import Block
from eligibility.registers.layout import odd_separator
from eligibility.registers.refusal import LoadRefused

from .layout import Layout

# A column of ours after the last one: what stands there is a field too many, and the row is out of step.
SURPLUS = "surplus"
# Bytes of which at least one stands in every control character, and few in others; a line feed ends the row.
_DOUBTFUL = bytes([*range(0x0A), *range(0x0B, 0x20), 0x7F, 0xC2])


def batches(blocks: Iterator[Block], layout: Layout) -> Iterator[pl.DataFrame]:
    """Read the needed columns, all as text; the date of the last treatment too, where the file has it."""
    first = next(blocks, Block(1, b"\n"))
    first_line, _, data = first.data.partition(b"\n")
    names = _names(first_line, layout)
    header = first_line + b"," + SURPLUS.encode()
    wanted = [*(name for name in names if name in {*layout.needed, layout.treated}), SURPLUS]
    for block in chain([Block(2, data)], blocks):
        if block.data.strip():
            yield _read(header, block, wanted)


def _read(header: bytes, block: Block, wanted: list[str]) -> pl.DataFrame:
    try:
        frame = pl.read_csv(io.BytesIO(header + b"\n" + block.data), columns=wanted, infer_schema=False)
    except PolarsError:
        frame = None
    if frame is None or frame.height != len(block):
        last = block.number + len(block) - 1
        raise LoadRefused(
            f"Le fichier est abîmé entre les lignes {block.number} et {last}\u00a0: ligne vide ou démesurée,"
            " ou guillemets mal fermés."
        )
    return frame if _is_clean(block.data) else frame.with_columns(pl.all().str.replace_all(r"\p{Cc}+", ""))


def _is_clean(data: bytes) -> bool:
    """Tell that there are no control characters, at a glance: most blocks have none."""
    return len(data.translate(None, _DOUBTFUL)) == len(data)


def _names(header: bytes, layout: Layout) -> list[str]:
    """The columns of the file, or a refusal that names what is missing."""
    try:
        names = next(csv.reader([header.decode()]), [])
    except UnicodeDecodeError:
        names = []
    missing = [name for name in layout.needed if name not in names]
    if missing and (odd := odd_separator(header.decode(errors="replace"), layout.needed)):
        raise LoadRefused(
            f"Les colonnes sont séparées par {odd}, et non par virgule\u00a0:"
            " ce n’est pas le fichier tel que l’Insee le publie."
        )
    if layout.key in missing or len(missing) > len(layout.needed) // 2:
        raise LoadRefused(f"La première ligne n’est pas l’en-tête attendu\u00a0: {layout.stock.label}.")
    if missing:
        raise LoadRefused(f"Colonne nécessaire absente de l’en-tête\u00a0: {', '.join(missing)}.")
    if repeated := [name for name in (*layout.needed, layout.treated) if names.count(name) > 1]:
        raise LoadRefused(f"Colonne présente deux fois dans l’en-tête\u00a0: {', '.join(repeated)}.")
    return names
