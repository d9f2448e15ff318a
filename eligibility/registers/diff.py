"""What a load would change: staging beside the rows in service."""

# ruff: noqa: S608 – names of tables and columns are constants of ours, values are parameters

from collections import Counter
from dataclasses import dataclass, field

from django.db import connection

from eligibility import headcount as bands
from eligibility.models import RegisterEntry

from .staging import COLUMNS, TABLE

EXAMPLES = 5
_DATA_COLUMNS = [column for column in RegisterEntry.STORED if column not in ("siret", "register")]
_SIDES = (
    f"FROM (SELECT * FROM {TABLE}) fresh FULL JOIN"
    f" (SELECT {COLUMNS} FROM {RegisterEntry._meta.db_table} WHERE register = %s) current USING (siret)"
)
_IS_CHANGED = (
    f"({', '.join(f'fresh.{column}' for column in _DATA_COLUMNS)})"
    f" IS DISTINCT FROM ({', '.join(f'current.{column}' for column in _DATA_COLUMNS)})"
)
_CONDITIONS = {
    "added": "current.register IS NULL",
    "removed": "fresh.register IS NULL",
    "changed": f"fresh.register IS NOT NULL AND current.register IS NOT NULL AND {_IS_CHANGED}",
    "unchanged": f"fresh.register IS NOT NULL AND current.register IS NOT NULL AND NOT ({_IS_CHANGED})",
}


@dataclass
class Diff:
    """Counts, and a few SIRETs of each kind to look at."""

    added: int = 0
    removed: int = 0
    changed: int = 0
    unchanged: int = 0
    examples: dict[str, list[str]] = field(default_factory=dict)


def compare(register: str) -> Diff:
    """Compare the staging table with the register in service."""
    counts = ", ".join(f"count(*) FILTER (WHERE {_CONDITIONS[kind]})" for kind in _CONDITIONS)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {counts} {_SIDES}", [register])
        diff = Diff(**dict(zip(_CONDITIONS, cursor.fetchone(), strict=True)))
        for kind in ("added", "changed", "removed"):
            cursor.execute(
                f"SELECT siret {_SIDES} WHERE {_CONDITIONS[kind]} ORDER BY siret LIMIT %s", [register, EXAMPLES]
            )
            diff.examples[kind] = [siret for (siret,) in cursor.fetchall()]
    return diff


def staged_bands() -> Counter[str]:
    """Rows by headcount code in the file."""
    return _bands(f"SELECT headcount_code, headcount, count(*) FROM {TABLE} GROUP BY 1, 2", [])


def current_bands(register: str) -> Counter[str]:
    """Rows by headcount code in the register in service."""
    table = RegisterEntry._meta.db_table
    return _bands(
        f"SELECT headcount_code, headcount, count(*) FROM {table} WHERE register = %s GROUP BY 1, 2", [register]
    )


def _bands(query: str, params: list[str]) -> Counter[str]:
    """Count by the code that counts: an exact number is put into its code."""
    counts: Counter[str] = Counter()
    with connection.cursor() as cursor:
        cursor.execute(query, params)
        for code, headcount, rows in cursor.fetchall():
            counts[code if headcount is None else bands.code_of(headcount)] += rows
    return counts
