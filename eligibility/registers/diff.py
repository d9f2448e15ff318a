"""What a load would change: the staged table beside the rows in service."""

# ruff: noqa: S608 – names of tables and columns are constants of ours, values are parameters

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field

from django.db import connection

from eligibility import headcount as bands
from eligibility.models import RegisterEntry

from .staging import PARENT, Staged

EXAMPLES = 5
# SIRETs that differ: added, changed or removed, and whether the difference may touch a verdict.
CHANGES = "register_changes"
KINDS = ("added", "changed", "removed")
_DATA = [column for column in RegisterEntry.STORED if column not in ("siret", "register")]
_JUDGED = ("opt_in", "is_open", "headcount", "headcount_code", "postal_code")
# One side is hashed by its key, in memory if it can be, by as many processes as the server allows: it expects most
# rows to differ, and would shun the cost of handing them from process to process.
_JOIN_ALL = "SET LOCAL work_mem = '128MB'; SET LOCAL parallel_tuple_cost = 0"
_JOINS = ("enable_hashjoin", "enable_mergejoin")


@dataclass
class Diff:
    """Counts, and a few SIRETs of each kind to look at."""

    added: int = 0
    removed: int = 0
    changed: int = 0
    unchanged: int = 0
    examples: dict[str, list[str]] = field(default_factory=dict)


def compare(staged: Staged, register: str, *, rows_in_service: int) -> Diff:
    """Compare a staged table with the register in service; a delta says nothing of the rows it does not name."""
    with connection.cursor() as cursor:
        cursor.execute(_JOIN_ALL)
        cursor.execute(f"DROP TABLE IF EXISTS pg_temp.{CHANGES}")
    with by_key() if staged.is_delta else nullcontext(), connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TEMPORARY TABLE {CHANGES} ON COMMIT DROP AS"
            " SELECT coalesce(fresh.siret, current.siret) AS siret, CASE WHEN current.siret IS NULL THEN 'added'"
            f" WHEN fresh.siret IS NULL THEN 'removed' ELSE 'changed' END AS kind, {_differ(_JUDGED)} AS is_judged"
            f" FROM {staged.table} fresh {'LEFT' if staged.is_delta else 'FULL'} JOIN"
            f" (SELECT * FROM {PARENT} WHERE register = %s) current ON current.siret = fresh.siret"
            f" WHERE {_differ(_DATA)}",
            [register],
        )
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT kind, count(*) FROM {CHANGES} GROUP BY kind")
        counts = dict(cursor.fetchall())
        diff = Diff(**counts, unchanged=staged.rows - counts.get("added", 0) - counts.get("changed", 0))
        for kind in KINDS:
            cursor.execute(f"SELECT siret FROM {CHANGES} WHERE kind = %s ORDER BY siret LIMIT %s", [kind, EXAMPLES])
            diff.examples[kind] = [siret for (siret,) in cursor.fetchall()]
    if staged.is_delta:
        diff.removed = rows_in_service - diff.changed - diff.unchanged
    return diff


@contextmanager
def by_key() -> Iterator[None]:
    """Look rows up one by one: the server expects slow disks, and would rather read a whole register for a few."""
    with connection.cursor() as cursor:
        cursor.execute("; ".join(f"SET LOCAL {join} = off" for join in _JOINS))
    yield
    with connection.cursor() as cursor:
        cursor.execute("; ".join(f"SET LOCAL {join} TO DEFAULT" for join in _JOINS))


def current_bands(register: str) -> Counter[str]:
    """Rows in service by the headcount code that counts: an exact number is put into its code."""
    counts: Counter[str] = Counter()
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT headcount_code, headcount, count(*) FROM {PARENT} WHERE register = %s GROUP BY 1, 2", [register]
        )
        for code, headcount, rows in cursor.fetchall():
            counts[code if headcount is None else bands.code_of(headcount)] += rows
    return counts


def _differ(columns: tuple[str, ...] | list[str]) -> str:
    fresh, current = (", ".join(f"{side}.{column}" for column in columns) for side in ("fresh", "current"))
    return f"({fresh}) IS DISTINCT FROM ({current})"
