"""Which customers could order before a load and could not after it: the shop's own check, asked twice.

The second time, this session alone looks through a view that stands in front of the table of registers.
"""

# ruff: noqa: S608 – names of tables and columns are constants of ours, values are parameters

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime

import polars as pl
from django.db import connection

from eligibility.check import check
from eligibility.siret import SIREN_LENGTH, SIRET_LENGTH

from .diff import as_sirets
from .staging import COLUMNS, PARENT, Staged

# Gives the SIRETs of all customers; the command passes it, for this room does not know who is a customer.
Customers = Callable[[], Iterable[str]]
_JUDGED = ("opt_in", "is_open", "headcount", "headcount_code", "postal_code")


def losers(staged: Staged, register: str, changes: pl.DataFrame, customers: Customers, *, at: datetime) -> list[str]:
    """The SIRETs of the customers who would no longer be eligible, at most one of each company."""
    touched = _touched(staged, register, changes, [*customers()])
    return lost(touched, _as_if_in_service(staged, register), at=at)


def lost(sirets: list[str], as_if_in_service: AbstractContextManager[None], *, at: datetime) -> list[str]:
    """Of these, one SIRET of each company that is eligible now and would not be then."""
    with as_if_in_service:
        refused = [siret for siret in sirets if not check(siret, at=at).is_eligible]
    found = (siret for siret in refused if check(siret, at=at).is_eligible)
    return list({siret[:SIREN_LENGTH]: siret for siret in found}.values())


def _touched(staged: Staged, register: str, changes: pl.DataFrame, sirets: list[str]) -> list[str]:
    """The customers of whose company a row is new, gone, or different in what decides: sites count together.

    Only the changed rows of their companies are looked up, however many others there are. The date decides where
    another register has the establishment too: the newest row gives the address.
    """
    company = pl.col("siret") // 10 ** (SIRET_LENGTH - SIREN_LENGTH)
    companies = pl.DataFrame({"siret": sirets}).select(pl.col("siret").cast(pl.Int64)).select(company)
    near = as_sirets(changes.filter(company.is_in(companies["siret"].implode()))["siret"])
    judged = f"SELECT row({', '.join(_JUDGED)}, CASE WHEN near.is_shared THEN updated_on END) FROM"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT DISTINCT left(siret, {SIREN_LENGTH}) FROM (SELECT siret, EXISTS (SELECT FROM {PARENT} other"
            " WHERE other.siret = named.siret AND register <> %s) AS is_shared FROM unnest(%s::text[]) AS named (siret)"
            ") near WHERE"
            f" ({judged} {staged.table} fresh WHERE fresh.siret = near.siret) IS DISTINCT FROM"
            f" ({judged} {PARENT} current WHERE current.siret = near.siret AND register = %s)",
            [register, near, register],
        )
        touched = {siren for (siren,) in cursor.fetchall()}
    return sorted(siret for siret in sirets if siret[:SIREN_LENGTH] in touched)


@contextmanager
def _as_if_in_service(staged: Staged, register: str) -> Iterator[None]:
    """Make this session read the staged rows as if they were live; a full file replaces all, a delta what it names."""
    replaced = f"register = '{register}'"
    if staged.is_delta:
        replaced += f" AND EXISTS (SELECT FROM {staged.table} staged WHERE staged.siret = entry.siret)"
    columns = ", ".join(COLUMNS)
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TEMPORARY VIEW {PARENT} AS SELECT {columns} FROM {PARENT} entry WHERE NOT ({replaced})"
            f" UNION ALL SELECT {columns} FROM {staged.table}"
        )
        yield
        cursor.execute(f"DROP VIEW pg_temp.{PARENT}")
