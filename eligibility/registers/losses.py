"""Which customers could order before a load and could not after it: the shop's own check, asked twice.

The second time, this session alone looks through a view that stands in front of the table of registers.
"""

# ruff: noqa: S608 – names of tables and columns are constants of ours, values are parameters

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime

from django.db import connection

from eligibility.check import check
from eligibility.siret import SIREN_LENGTH

from .diff import CHANGES
from .staging import COLUMNS, PARENT, Staged

# Gives the SIRETs of all customers; the command passes it, for this room does not know who is a customer.
Customers = Callable[[], Iterable[str]]
CUSTOMERS = "register_customers"


def losers(staged: Staged, register: str, customers: Customers, *, at: datetime) -> list[str]:
    """The SIRETs of the customers who would no longer be eligible, at most one of each company."""
    note(customers)
    return lost(_touched(), _as_if_in_service(staged, register), at=at)


def lost(sirets: list[str], as_if_in_service: AbstractContextManager[None], *, at: datetime) -> list[str]:
    """Of these, one SIRET of each company that is eligible now and would not be then."""
    with as_if_in_service:
        refused = [siret for siret in sirets if not check(siret, at=at).is_eligible]
    found = (siret for siret in refused if check(siret, at=at).is_eligible)
    return list({siret[:SIREN_LENGTH]: siret for siret in found}.values())


def note(customers: Customers) -> None:
    """Write the customers into a table of this transaction's own."""
    sirets = [*customers()]  # all of them first: the connection cannot read and copy at once
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS pg_temp.{CUSTOMERS}")
        cursor.execute(f'CREATE TEMPORARY TABLE {CUSTOMERS} (siret varchar(14) COLLATE "C") ON COMMIT DROP')
        with cursor.copy(f"COPY {CUSTOMERS} FROM STDIN") as copy:
            for siret in sirets:
                copy.write_row((siret,))


def _touched() -> list[str]:
    """The customers of whose company a row is new, gone, or different in what decides: sites count together."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT siret FROM {CUSTOMERS} WHERE left(siret, {SIREN_LENGTH})"
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
