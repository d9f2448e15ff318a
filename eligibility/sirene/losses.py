"""Which customers could order before a load of Sirene and could not after it: the shop's own check, asked twice.

The second time, this session alone looks through a view that stands in front of the table in service.
"""

# ruff: noqa: S608 – names of tables and columns are constants of ours

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import connection

from eligibility.registers.losses import Customers, lost

from . import swap
from .layout import Layout


def losers(layout: Layout, customers: Customers, *, at: datetime) -> list[str]:
    """The SIRETs of the customers who would no longer be eligible, at most one of each company."""
    return lost(_touched(layout, [*customers()]), _as_if_in_service(layout), at=at)


def _touched(layout: Layout, sirets: list[str]) -> list[str]:
    """The customers whose row is new, gone, or different in what decides."""
    judged = f"SELECT row({', '.join(layout.judged)}) FROM"
    key = f"{layout.key} = left(customer.siret, {layout.key_digits})"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT customer.siret FROM unnest(%s::text[]) AS customer (siret) WHERE"
            f" ({judged} {swap.fresh_of(layout)} WHERE {key}) IS DISTINCT FROM"
            f" ({judged} {swap.table_of(layout)} WHERE {key}) ORDER BY 1",
            [sirets],
        )
        return [siret for (siret,) in cursor.fetchall()]


@contextmanager
def _as_if_in_service(layout: Layout) -> Iterator[None]:
    """Make this session read the table just built as if it were live."""
    table = swap.table_of(layout)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY VIEW {table} AS SELECT * FROM {swap.fresh_of(layout)}")
        yield
        cursor.execute(f"DROP VIEW pg_temp.{table}")
