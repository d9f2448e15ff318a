"""What a load would change: the staged table beside the rows in service.

Two whole registers are compared by their fingerprints, in memory. Where the fingerprints cannot be compared, and for a
delta, which names few rows, the server compares the rows themselves.
"""

# ruff: noqa: S608 – names of tables and columns are constants of ours, values are parameters

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import polars as pl
from django.db import connection

from eligibility.models import RegisterEntry, RegisterLoad
from eligibility.siret import SIRET_LENGTH

from .fingerprints import COLUMN, lone, specimen
from .pairs import fetched, in_parts
from .staging import DATA, NUMBERS, PARENT, Staged, banded

EXAMPLES = 5
KINDS = ("added", "changed", "removed")
_ADDED, _CHANGED, _REMOVED = range(len(KINDS))
_KIND = pl.Enum(KINDS)
# Of a delta: the SIRETs that differ, each with the row it has in service; NULL where it has none.
REPLACED = "register_replaced"
# So many parts of a register are compared one after the other, by the last bits of the fingerprint: sixteen bytes a
# row arrive, and a part of them only is held.
_PARTS = 16
_PART = pl.col(COLUMN) & (_PARTS - 1)
# One side is hashed by its key, in memory if it can be, by as many processes as the server allows: it expects most
# rows to differ, and would shun the cost of handing them from process to process.
_READ_ALL = "SET LOCAL work_mem = '128MB'; SET LOCAL parallel_tuple_cost = 0"
_JOINS = ("enable_hashjoin", "enable_mergejoin")
# The fingerprint does not count here: another version writes another one of the same row.
_SAID = [column for column in DATA if column != COLUMN]
_FRESH, _SERVED = (", ".join(f"{side}.{column}" for column in _SAID) for side in ("fresh", "current"))
_DIFFER = f"({_FRESH}) IS DISTINCT FROM ({_SERVED})"


@dataclass
class Diff:
    """Counts, and a few SIRETs of each kind to look at; `changes` holds them all, as numbers, with their kind."""

    added: int = 0
    removed: int = 0
    changed: int = 0
    unchanged: int = 0
    examples: dict[str, list[str]] = field(default_factory=dict)
    changes: pl.DataFrame = field(default_factory=pl.DataFrame, repr=False)


def compare(staged: Staged, register: str, active: RegisterLoad | None) -> Diff:
    """Compare a staged table with the register in service; a delta says nothing of the rows it does not name."""
    with connection.cursor() as cursor:
        cursor.execute(_READ_ALL)
    if staged.is_delta:
        changes = _compare_delta(staged, register)
    elif not RegisterEntry.objects.filter(register=register).exists():
        changes = _changes(staged.fingerprints["siret"], pl.Series(dtype=pl.Int64))
    elif active and active.specimen == specimen():
        changes = _compare_fingerprints(staged, register)
    else:
        changes = _compare_rows(staged, register)
    counts = dict(changes.group_by("kind").len().iter_rows())
    diff = Diff(**counts, unchanged=staged.rows - counts.get("added", 0) - counts.get("changed", 0), changes=changes)
    diff.examples = {kind: as_sirets(changes.filter(kind=kind)["siret"].bottom_k(EXAMPLES).sort()) for kind in KINDS}
    if staged.is_delta and active:
        diff.removed = active.rows_total - diff.changed - diff.unchanged
    return diff


def as_sirets(numbers: pl.Series) -> list[str]:
    return numbers.cast(pl.String).str.zfill(SIRET_LENGTH).to_list()


def _compare_delta(staged: Staged, register: str) -> pl.DataFrame:
    """Look each row up, and keep what stands in its place."""
    columns = ", ".join(f"current.{column}" for column in ("register", *DATA))
    with by_key(), connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS pg_temp.{REPLACED}")
        cursor.execute(
            f"CREATE TEMPORARY TABLE {REPLACED} ON COMMIT DROP AS SELECT fresh.siret, {columns}"
            f" FROM {staged.table} fresh LEFT JOIN (SELECT * FROM {PARENT} WHERE register = %s) current USING (siret)"
            f" WHERE {_DIFFER}",
            [register],
        )
    return _told(f"SELECT siret, CASE WHEN register IS NULL THEN {_ADDED} ELSE {_CHANGED} END FROM {REPLACED}")


def _compare_rows(staged: Staged, register: str) -> pl.DataFrame:
    return _told(
        "SELECT coalesce(fresh.siret, current.siret),"
        f" CASE WHEN current.siret IS NULL THEN {_ADDED} WHEN fresh.siret IS NULL THEN {_REMOVED} ELSE {_CHANGED} END"
        f" FROM {staged.table} fresh FULL JOIN (SELECT * FROM {PARENT} WHERE register = '{register}') current"
        f" ON current.siret = fresh.siret WHERE {_DIFFER}"
    )


def _told(query: str) -> pl.DataFrame:
    """Changes as the server tells them: SIRET, and the place of the kind among all."""
    return fetched(query, "siret", "kind").with_columns(
        pl.col("kind").replace_strict(range(len(KINDS)), KINDS, return_dtype=_KIND)
    )


def _compare_fingerprints(staged: Staged, register: str) -> pl.DataFrame:
    """Find the rows whose number stands on one side only; a changed row has one on each."""
    ours, theirs = [], []
    waiting = set(range(_PARTS))
    for part, served in _in_service(register):
        fresh = staged.fingerprints.filter(_PART.eq(part))
        numbers = lone(fresh[COLUMN], served[COLUMN])
        ours.append(fresh.filter(pl.col(COLUMN).is_in(numbers.implode()))["siret"])
        theirs.append(served.filter(pl.col(COLUMN).is_in(numbers.implode()))["siret"])
        waiting.discard(part)
    ours.append(staged.fingerprints.filter(_PART.is_in(waiting))["siret"])
    return _changes(pl.concat(ours), pl.concat(theirs))


def _changes(ours: pl.Series, theirs: pl.Series) -> pl.DataFrame:
    """Name the kind of each change, by which side has the SIRET among those that differ."""
    is_known = ours.is_in(theirs.implode())
    changed = ours.filter(is_known)
    removed = theirs.filter(~theirs.is_in(changed.implode()))
    kinds = zip(KINDS, (ours.filter(~is_known), changed, removed), strict=True)
    return pl.concat(
        pl.DataFrame({"siret": sirets, "kind": pl.repeat(kind, len(sirets), dtype=_KIND, eager=True)})
        for kind, sirets in kinds
    )


def _in_service(register: str) -> Iterator[tuple[int, pl.DataFrame]]:
    """The numbers of a register, part by part.

    A row that no load has written gets a number that no other row has: what it says counts as changed.
    """
    numbers = f"SELECT siret, coalesce({COLUMN}, siret::bigint) FROM {PARENT} WHERE register = '{register}'"
    return in_parts(numbers, *NUMBERS, part=f"b & {_PARTS - 1}")


@contextmanager
def by_key() -> Iterator[None]:
    """Look rows up one by one: the server expects slow disks, and would rather read a whole register for a few."""
    with connection.cursor() as cursor:
        cursor.execute("; ".join(f"SET LOCAL {join} = off" for join in _JOINS))
    yield
    with connection.cursor() as cursor:
        cursor.execute("; ".join(f"SET LOCAL {join} TO DEFAULT" for join in _JOINS))


def current_bands(register: str) -> Counter[str]:
    """Rows in service by headcount code."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT headcount_code, headcount, count(*) FROM {PARENT} WHERE register = %s GROUP BY 1, 2", [register]
        )
        return banded(cursor.fetchall())
