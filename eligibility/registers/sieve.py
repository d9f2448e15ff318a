"""Pass the lines of a file in blocks: good rows go on, others are counted and written down with their reason."""

import csv
from collections.abc import Collection, Iterable, Iterator
from datetime import date
from typing import TextIO

import polars as pl

from . import columns
from .files import LONGEST_LINE, Block
from .layout import Layout
from .reasons import REJECTIONS
from .refusal import LoadRefused
from .report import Report
from .rows import Accepted, Entry, Rejected, clean

# A cell that begins so would be run as a formula by a spreadsheet.
_FORMULA = ("=", "+", "-", "@", "\t")
# So many rows without a good one: the rest of the file is not worth reading.
HOPELESS = 100_000


class Sieve:
    """Clean the lines of one file for one register, keeping the report's figures."""

    def __init__(
        self, layout: Layout, report: Report, *, known: Collection[str], today: date, rejects: TextIO | None
    ) -> None:
        self._layout = layout
        self._report = report
        self._known = known
        self._today = today
        self._writer = csv.writer(rejects, delimiter=";") if rejects else None
        if self._writer:
            self._writer.writerow(["ligne", "siret", "motif", "explication", "contenu"])

    def entries(self, blocks: Iterable[Block]) -> Iterator[pl.DataFrame]:
        """The rows to keep, in the columns of `RegisterEntry` and the order of the file; blank lines are no rows."""
        has_any = False
        for block in blocks:
            plain = self._plain_rows(block)
            if plain.height < len(block):
                plain = self._with_odd_rows(plain, block)
            has_any = has_any or plain.height > 0
            if not has_any and self._report.read >= HOPELESS:
                raise LoadRefused(self._report.why_nothing)
            yield plain.select(*columns.SCHEMA)

    def _plain_rows(self, block: Block) -> pl.DataFrame:
        """Judge in columns what can be, each row with its place in the block."""
        cells = columns.cut(block, self._layout)
        rows = columns.tidy(cells, self._layout, block.data, register=self._report.register, today=self._today)
        rows = rows.filter(columns.IS_PLAIN)
        remarks = rows.select(pl.col(columns.REMARKS).sum()).row(0, named=True)
        self._report.warnings.update({name: number for name, number in remarks.items() if number})
        self._report.read += rows.height
        return rows.select(columns.PLACE, *columns.SCHEMA)

    def _with_odd_rows(self, plain: pl.DataFrame, block: Block) -> pl.DataFrame:
        """Judge every other line by the rule for one row, and put what is kept back in its place."""
        places = set(plain[columns.PLACE])
        odd = [
            (place, *entry)
            for place, line in enumerate(block.data.split(b"\n")[:-1])
            if place not in places and (entry := self._judged(block.number + place, line.decode()))
        ]
        if not odd:
            return plain
        rows = pl.DataFrame(odd, schema={columns.PLACE: pl.UInt32, **columns.SCHEMA}, orient="row")
        return pl.concat([plain, rows]).sort(columns.PLACE)

    def _judged(self, number: int, line: str) -> Entry | None:
        """The entry of one line, None where there is none: the line is blank, or rejected and written down."""
        if not line.strip():
            return None
        self._report.read += 1
        outcome = self._judge(line)
        if isinstance(outcome, Rejected):
            self._reject(number, line[:LONGEST_LINE], outcome.reason)
            return None
        self._report.warnings.update(outcome.warnings)
        return outcome.entry

    def _judge(self, line: str) -> Accepted | Rejected:
        if len(line) >= LONGEST_LINE:
            return Rejected("line_too_long")
        fields = self._layout.split(line)
        if len(fields) != self._layout.width:
            return Rejected("field_count")
        cells = self._layout.cells(fields)
        return clean(cells, register=self._report.register, known=self._known, today=self._today)

    def _reject(self, number: int, line: str, reason: str) -> None:
        self._report.rejected[reason] += 1
        if self._writer:
            siret = self._siret_as_written(line)
            self._writer.writerow([number, _inert(siret), reason, REJECTIONS[reason], _inert(line)])

    def _siret_as_written(self, line: str) -> str:
        fields, position = self._layout.split(line), self._layout.positions["siret"]
        return fields[position] if position < len(fields) else ""


def _inert(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
