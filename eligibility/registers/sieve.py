"""Pass the lines of a file one by one: good rows go on, others are counted and written down with their reason."""

import csv
from collections.abc import Collection, Iterable, Iterator
from datetime import date
from typing import TextIO

from .files import Line
from .layout import Layout
from .reasons import REJECTIONS
from .report import Report
from .rows import Accepted, Entry, Rejected, clean

# A cell that begins so would be run as a formula by a spreadsheet.
_FORMULA = ("=", "+", "-", "@", "\t")


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

    def entries(self, lines: Iterable[Line]) -> Iterator[tuple[int, Entry]]:
        """The rows to keep, with their line numbers; blank lines are no rows."""
        for line in lines:
            if not line.text.strip():
                continue
            self._report.read += 1
            outcome = self._judge(line)
            if isinstance(outcome, Rejected):
                self._reject(line, outcome.reason)
            else:
                self._report.warnings.update(outcome.warnings)
                yield line.number, outcome.entry

    def _judge(self, line: Line) -> Accepted | Rejected:
        if line.is_cut:
            return Rejected("line_too_long")
        fields = self._layout.split(line.text)
        if len(fields) != self._layout.width:
            return Rejected("field_count")
        cells = self._layout.cells(fields)
        return clean(cells, register=self._report.register, known=self._known, today=self._today)

    def _reject(self, line: Line, reason: str) -> None:
        self._report.rejected[reason] += 1
        if self._writer:
            siret = self._siret_as_written(line)
            self._writer.writerow([line.number, _inert(siret), reason, REJECTIONS[reason], _inert(line.text)])

    def _siret_as_written(self, line: Line) -> str:
        fields, position = self._layout.split(line.text), self._layout.positions["siret"]
        return fields[position] if position < len(fields) else ""


def _inert(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
