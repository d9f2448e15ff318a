"""Put a load into service: readers see the register before it or after it, never half of it, and do not wait.

A full load becomes the register's partition: built aside, then exchanged in milliseconds. The partition it replaces
is kept under another name. A delta is written into the partition in service.
"""

# ruff: noqa: S608 – names of tables and columns are constants of ours, values are parameters

import time

from django.db import OperationalError, connection, transaction
from psycopg.errors import LockNotAvailable

from eligibility.models import RegisterEntry

from .diff import CHANGES
from .refusal import LoadRefused
from .staging import COLUMNS, DELTA, PARENT, partition

# While the exchange waits for a reader in a long transaction, other readers wait behind it: wait briefly, and often.
LOCK_TIMEOUT = "100ms"
ATTEMPTS = 100
PAUSE = 0.2


def replace(register: str) -> None:
    """Exchange the register's partition for the staged one; the other is kept."""
    current, fresh, former = (partition(register, state) for state in ("", "fresh", "former"))
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {former}")
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
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {PARENT} ({COLUMNS}) SELECT {COLUMNS} FROM {DELTA} JOIN {CHANGES} USING (siret)"
            f" ORDER BY siret ON CONFLICT (siret, register) DO UPDATE SET {assignments}"
        )


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
