"""Put a stock into service: readers see the table before it or after it, never half of it, and do not wait.

The new table is built aside, then takes the name of the one in service, which is kept under another name for one
rollback.
"""

from collections.abc import Iterable

from django.db import IntegrityError, connection

from eligibility.registers.progress import Silent
from eligibility.registers.refusal import LoadRefused
from eligibility.registers.staging import SORT_MEMORY
from eligibility.registers.swap import forget, lock_out_readers

from .layout import Layout


def build(layout: Layout, batches: Iterable[bytes], *, is_kept: bool, progress: Silent) -> None:
    """Fill a new table from batches of CSV. It was made in this transaction: COPY may freeze its rows at once."""
    fresh = fresh_of(layout)
    # What is sure to be thrown away is not worth a log.
    unlogged = "" if is_kept else "UNLOGGED"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE {unlogged} TABLE {fresh} (LIKE {table_of(layout)} INCLUDING CONSTRAINTS)")
        with cursor.copy(f"COPY {fresh} ({', '.join(layout.stored)}) FROM STDIN (FORMAT csv, FREEZE)") as copy:
            for batch in batches:
                copy.write(batch)
        progress.step("Construction de la clé")
        cursor.execute(f"SET LOCAL maintenance_work_mem = '{SORT_MEMORY}'")
        try:
            cursor.execute(f"ALTER TABLE {fresh} ADD PRIMARY KEY ({layout.key})")
        except IntegrityError:
            raise LoadRefused(f"Un même {layout.key.upper()} figure deux fois dans le fichier.")
        cursor.execute(f"ANALYZE {fresh}")


def replace(layout: Layout) -> None:
    """Let the table just built take the place of the one in service."""
    table, former = table_of(layout), _former(layout)
    with connection.cursor() as cursor:
        forget(former)
        lock_out_readers(table)
        cursor.execute(f"ALTER TABLE {table} RENAME TO {former}")
        cursor.execute(f"ALTER TABLE {fresh_of(layout)} RENAME TO {table}")


def restore(layout: Layout) -> None:
    """Exchange the table in service and the one kept."""
    table, former, fresh = table_of(layout), _former(layout), fresh_of(layout)
    with connection.cursor() as cursor:
        lock_out_readers(former, table)
        cursor.execute(f"ALTER TABLE {table} RENAME TO {fresh}")
        cursor.execute(f"ALTER TABLE {former} RENAME TO {table}")
        cursor.execute(f"ALTER TABLE {fresh} RENAME TO {former}")


def table_of(layout: Layout) -> str:
    return layout.model._meta.db_table


def fresh_of(layout: Layout) -> str:
    return f"{table_of(layout)}_fresh"


def _former(layout: Layout) -> str:
    return f"{table_of(layout)}_former"
