"""The table in which a load waits, written once: of a full file it becomes the register's next partition.

It lives in the load's transaction, so that a killed load leaves nothing. Rows come by COPY, the key is built after.
"""

# ruff: noqa: S608 – names of tables and columns are constants of ours, values are parameters

import io
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

import polars as pl
from django.db import connection

from eligibility import headcount as bands
from eligibility.models import RegisterEntry
from eligibility.siret import SIRET_LENGTH

from . import fingerprints
from .ahead import ahead
from .pairs import fetched
from .progress import Silent

PARENT = RegisterEntry._meta.db_table
# All columns, and those that are not the key.
COLUMNS = (*RegisterEntry.STORED, fingerprints.COLUMN)
DATA = tuple(column for column in COLUMNS if column not in ("siret", "register"))
DELTA = "register_delta"
_REPEATS = "register_repeats"
_NOT_TEXTS = ("headcount", "opt_in", "updated_on", "is_open")
_TEXTS = ", ".join(name for name in RegisterEntry.STORED if name not in _NOT_TEXTS)
# A cleaned text holds no control character, so nothing needs to be quoted.
_SEPARATOR, _QUOTE = "\x1f", "\x1e"
_DIALECT = f"DELIMITER '{_SEPARATOR}', QUOTE '{_QUOTE}'"
# What is kept in memory of every row: its SIRET as a number, and its fingerprint.
NUMBERS = {"siret": pl.Int64(), fingerprints.COLUMN: pl.Int64()}
# Room in each page for a changed row, so that a delta touches neither other pages nor the key.
_FILLED = 96
# Sorting keys is quicker with more memory than the server gives by default; it is the server's, for one statement.
SORT_MEMORY = "256MB"


@dataclass
class Staged:
    """A filled table, and what is known of its rows."""

    table: str
    is_delta: bool
    rows: int = 0
    repeats: int = 0  # rows left out, because another one of the same SIRET was kept
    newest_on: date | None = None
    fingerprints: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=NUMBERS))
    bands: Counter[str] = field(default_factory=Counter)  # by headcount code


def partition(register: str, state: str = "") -> str:
    """The name of a register's partition in service or, with a state, of another one of its tables."""
    return "_".join(filter(None, (PARENT, register.lower(), state)))


def stage(
    register: str,
    frames: Iterable[pl.DataFrame],
    *,
    is_delta: bool,
    is_kept: bool,
    progress: Silent,
    today: date,
) -> Staged:
    """Write cleaned rows into a table of their own; of several rows of one SIRET one stays."""
    staged = Staged(DELTA if is_delta else partition(register, "fresh"), is_delta)
    with connection.cursor() as cursor:
        if is_delta:
            cursor.execute(f"DROP TABLE IF EXISTS pg_temp.{DELTA}")  # two loads in one transaction share the name
            cursor.execute(f"CREATE TEMPORARY TABLE {DELTA} (LIKE {PARENT}) ON COMMIT DROP")
        else:
            # The CHECK lets PostgreSQL attach the partition without reading it again. What is sure to be thrown
            # away is not worth a log.
            cursor.execute(
                f"CREATE {'' if is_kept else 'UNLOGGED'} TABLE {staged.table}"
                f" (LIKE {PARENT} INCLUDING DEFAULTS INCLUDING CONSTRAINTS, CHECK (register = '{register}'))"
                f" WITH (fillfactor = {_FILLED})"
            )
    _fill(staged, frames, today)
    _drop_repeats(staged)
    progress.step("Construction de la clé")
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL maintenance_work_mem = '{SORT_MEMORY}'")
        cursor.execute(f"ALTER TABLE {staged.table} ADD PRIMARY KEY (siret, register)")
        if not is_delta:  # readers will need the statistics; of a delta each row is looked up whatever they say
            cursor.execute(f"ANALYZE {staged.table}")
    return staged


def _fill(staged: Staged, frames: Iterable[pl.DataFrame], today: date) -> None:
    """Stream the rows in, each with its fingerprint; sixteen bytes of each are kept in memory.

    A date in the future is a mistake in one row: it must not make every later file look old.
    """
    # FREEZE: nobody sees the table before the load ends, so its rows need no second visit by vacuum.
    how = f"FORMAT csv, {_DIALECT}, FREEZE, FORCE_NOT_NULL ({_TEXTS})"
    into = f"COPY {staged.table} ({', '.join(COLUMNS)}) FROM STDIN ({how})"
    marked = (frame.with_columns(fingerprints.fingerprints(frame)) for frame in frames)
    with connection.cursor() as cursor, cursor.copy(into) as copy:
        for frame, data in ahead((frame, _as_csv(frame)) for frame in marked):
            copy.write(data)
            staged.fingerprints.vstack(frame.select(pl.col("siret").cast(pl.Int64), fingerprints.COLUMN), in_place=True)
            staged.rows += frame.height
            staged.bands.update(banded(frame.group_by("headcount_code", "headcount").len().rows()))
            newest = frame["updated_on"].filter(frame["updated_on"] <= today).max()
            staged.newest_on = max(filter(None, (newest, staged.newest_on)), default=None)


def _as_csv(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_csv(buffer, separator=_SEPARATOR, quote_style="never", include_header=False)
    return buffer.getvalue()


def banded(groups: Iterable[tuple[str, int | None, int]]) -> Counter[str]:
    """Rows by the headcount code that counts, from groups of one code and one number: a number is put into its code."""
    counts: Counter[str] = Counter()
    for code, headcount, rows in groups:
        counts[code if headcount is None else bands.code_of(headcount)] += rows
    return counts


def _drop_repeats(staged: Staged) -> None:
    """Of several rows of one SIRET keep the newest, then the last of the file."""
    ordered = staged.fingerprints["siret"].sort()
    repeated = ordered.filter(ordered == ordered.shift(1)).unique()
    if repeated.is_empty():
        return
    dropped, kept = _settled(staged.table, repeated)
    others = staged.fingerprints.filter(~pl.col("siret").is_in(repeated.implode()))
    staged.fingerprints = others.vstack(kept)
    staged.bands -= dropped
    staged.repeats = dropped.total()
    staged.rows -= staged.repeats


def _settled(table: str, repeated: pl.Series) -> tuple[Counter[str], pl.DataFrame]:
    """Delete the rows that give way; tell their headcount codes, and the numbers of those that stay.

    A table that was created for it is filled from front to back: `ctid` is the order of the file. A file may hold
    everything twice: no row becomes an object here.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS pg_temp.{_REPEATS}")
        cursor.execute(f'CREATE TEMPORARY TABLE {_REPEATS} (siret varchar(14) COLLATE "C" NOT NULL) ON COMMIT DROP')
        with cursor.copy(f"COPY {_REPEATS} FROM STDIN") as copy:
            copy.write(repeated.cast(pl.String).str.zfill(SIRET_LENGTH).to_frame().write_csv(include_header=False))
        cursor.execute(f"ANALYZE {_REPEATS}")
        cursor.execute(
            f"WITH dropped AS (DELETE FROM {table} loser USING (SELECT staged.ctid AS spot, row_number() OVER"
            " (PARTITION BY staged.siret ORDER BY coalesce(staged.updated_on, '-infinity') DESC, staged.ctid DESC)"
            f" AS place FROM {table} staged JOIN {_REPEATS} USING (siret)) ranked"
            " WHERE loser.ctid = ranked.spot AND ranked.place > 1"
            " RETURNING headcount_code, headcount)"
            " SELECT headcount_code, headcount, count(*) FROM dropped GROUP BY 1, 2"
        )
        dropped = banded(cursor.fetchall())
    kept = f"SELECT siret, {fingerprints.COLUMN} FROM {table} JOIN {_REPEATS} USING (siret)"
    return dropped, fetched(kept, *NUMBERS)
