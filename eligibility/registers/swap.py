"""Put a load into service: readers see the register before it or after it, never half of it, and do not wait.

A full load becomes the register's partition: built aside, then exchanged in milliseconds. The partition it replaces
is kept under another name. A delta is written into the partition in service.
"""

# ruff: noqa: S608 – names of tables and columns are constants of ours, values are parameters

import time

from django.db import OperationalError, connection, transaction
from psycopg.errors import LockNotAvailable

from eligibility.models import RegisterEntry

from .refusal import LoadRefused
from .staging import COLUMNS, TABLE

PARENT = RegisterEntry._meta.db_table
# While the exchange waits for a reader in a long transaction, other readers wait behind it: wait briefly, and often.
LOCK_TIMEOUT = "100ms"
ATTEMPTS = 100
PAUSE = 0.2


def replace(register: str) -> None:
    """Exchange the register's partition for the staged rows."""
    current, fresh, former = _partitions(register)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {former}")
        # The CHECK lets PostgreSQL attach the partition without reading it again.
        cursor.execute(
            f"CREATE TABLE {fresh}"
            f" (LIKE {PARENT} INCLUDING DEFAULTS INCLUDING CONSTRAINTS, CHECK (register = '{register}'))"
        )
        cursor.execute(f"INSERT INTO {fresh} ({COLUMNS}) SELECT {COLUMNS} FROM {TABLE} ORDER BY siret")
        cursor.execute(f"ALTER TABLE {fresh} ADD PRIMARY KEY (siret, register)")
        cursor.execute(f"ANALYZE {fresh}")
        lock_out_readers(PARENT)
        cursor.execute("SELECT to_regclass(%s)", [current])
        if cursor.fetchone()[0]:
            cursor.execute(f"ALTER TABLE {PARENT} DETACH PARTITION {current}")
            cursor.execute(f"ALTER TABLE {current} RENAME TO {former}")
        cursor.execute(f"ALTER TABLE {fresh} RENAME TO {current}")
        cursor.execute(f"ALTER TABLE {PARENT} ATTACH PARTITION {current} FOR VALUES IN ('{register}')")


def merge(register: str) -> None:
    """Add and change rows, remove none; rows that are the same are not written again."""
    data = [column for column in RegisterEntry.STORED if column not in ("siret", "register")]
    assignments = ", ".join(f"{column} = excluded.{column}" for column in data)
    before, after = (", ".join(f"{row}.{column}" for column in data) for row in ("entry", "excluded"))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {PARENT} AS entry ({COLUMNS}) SELECT {COLUMNS} FROM {TABLE} ORDER BY siret"
            f" ON CONFLICT (siret, register) DO UPDATE SET {assignments} WHERE ({before}) IS DISTINCT FROM ({after})"
        )


def _partitions(register: str) -> tuple[str, str, str]:
    """Names of the partition in service, the one being built, and the one kept; a code is capitals and figures."""
    current = f"{PARENT}_{register.lower()}"
    return current, f"{current}_fresh", f"{current}_former"


def lock_out_readers(table: str) -> None:
    """Take a table for the few milliseconds of the exchange, without ever making readers queue for long."""
    for _ in range(ATTEMPTS):
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
                cursor.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
                return
        except OperationalError as error:
            if not isinstance(error.__cause__, LockNotAvailable):
                raise
            time.sleep(PAUSE)
    raise LoadRefused(
        "Le registre est resté occupé par une longue lecture\u00a0: rien n’est changé, relancez le chargement."
    )
