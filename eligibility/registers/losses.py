"""Which customers could order before a load and could not after it: the shop's own check, asked twice.

The second time, this session alone looks through a view that stands in front of the table of registers.
"""

# ruff: noqa: S608 – names of tables and columns are constants of ours, values are parameters

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import connection

from eligibility.check import check
from eligibility.siret import SIREN_LENGTH

from .diff import CHANGES
from .staging import COLUMNS, PARENT, Staged

# Gives the SIRETs of all customers; the command passes it, for this room does not know who is a customer.
Customers = Callable[[], Iterable[str]]
_CUSTOMERS = "register_customers"


def losers(staged: Staged, register: str, customers: Customers, *, at: datetime) -> list[str]:
    """The SIRETs of the customers who would no longer be eligible, at most one of each company."""
    touched = _touched([*customers()])  # all of them first: the connection cannot read and copy at once
    with _as_if_in_service(staged, register):
        refused = [siret for siret in touched if not check(siret, at=at).is_eligible]
    lost = (siret for siret in refused if check(siret, at=at).is_eligible)
    return list({siret[:SIREN_LENGTH]: siret for siret in lost}.values())


def _touched(sirets: list[str]) -> list[str]:
    """The customers of whose company a row is new, gone, or different in what decides: sites count together."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS pg_temp.{_CUSTOMERS}")
        cursor.execute(f'CREATE TEMPORARY TABLE {_CUSTOMERS} (siret varchar(14) COLLATE "C") ON COMMIT DROP')
        with cursor.copy(f"COPY {_CUSTOMERS} FROM STDIN") as copy:
            for siret in sirets:
                copy.write_row((siret,))
        cursor.execute(
            f"SELECT siret FROM {_CUSTOMERS} WHERE left(siret, {SIREN_LENGTH})"
            f" IN (SELECT left(siret, {SIREN_LENGTH}) FROM {CHANGES} WHERE is_judged) ORDER BY siret"
        )
        return [siret for (siret,) in cursor.fetchall()]


@contextmanager
def _as_if_in_service(staged: Staged, register: str) -> Iterator[None]:
    """Make this session read the staged rows as if they were live; a full file replaces all, a delta what it names."""
    replaced = f"register = '{register}'"
    if staged.is_delta:
        replaced += f" AND EXISTS (SELECT FROM {staged.table} staged WHERE staged.siret = entry.siret)"
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TEMPORARY VIEW {PARENT} AS SELECT {COLUMNS} FROM {PARENT} entry WHERE NOT ({replaced})"
            f" UNION ALL SELECT {COLUMNS} FROM {staged.table}"
        )
        yield
        cursor.execute(f"DROP VIEW pg_temp.{PARENT}")
