"""Put a load into service, or back: readers see the register before it or after it, never half of it, and do not wait.

A full load becomes the register's partition: written aside, then exchanged in milliseconds; the partition it replaces
is kept under another name, and a return is the same exchange again. A delta is written into the partition in
service; the rows it replaces are kept, and a return writes them back. One step back is kept, never two.
"""

# ruff: noqa: S608 – names of tables and columns are constants of ours, values are parameters

import time

from django.db import OperationalError, connection, transaction
from psycopg.errors import LockNotAvailable

from .diff import REPLACED, by_key
from .refusal import LoadRefused
from .staging import COLUMNS, DATA, DELTA, PARENT, partition

# While the exchange waits for a reader in a long transaction, other readers wait behind it: wait briefly, and often.
LOCK_TIMEOUT = "15ms"
ATTEMPTS = 600
PAUSE = 0.1
_COLUMNS = ", ".join(COLUMNS)


def replace(register: str) -> None:
    """Exchange the register's partition for the one a full load has written; the other is kept."""
    _forget_the_former(register)
    _exchange(register, partition(register, "fresh"))


def restore(register: str) -> None:
    """Exchange the register's partition for the one that was kept; asked again, it comes back."""
    _exchange(register, partition(register, "former"))


def merge(register: str) -> None:
    """Write a delta's new and changed rows; what the comparison found in their place is kept."""
    _forget_the_former(register)
    replaced = partition(register, "replaced")
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {replaced} AS SELECT {_COLUMNS} FROM {REPLACED}")
    _write(f"SELECT fresh.* FROM {DELTA} fresh WHERE siret IN (SELECT siret FROM {REPLACED})")


def unmerge(register: str) -> None:
    """Write back the rows that a delta replaced, and take out those it added; asked again, they come back.

    Of a row that was added, and so has nothing in its place, only the SIRET is kept.
    """
    replaced, in_hand = partition(register, "replaced"), partition(register, "in_hand")
    with by_key(), connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {replaced} RENAME TO {in_hand}")
        cursor.execute(
            f"CREATE TABLE {replaced} AS SELECT rows.siret, current.register,"
            f" {', '.join(f'current.{column}' for column in DATA)} FROM {in_hand} rows"
            f" LEFT JOIN (SELECT * FROM {PARENT} WHERE register = %s) current USING (siret)",
            [register],
        )
        cursor.execute(
            f"DELETE FROM {PARENT} entry USING {in_hand} rows"
            " WHERE rows.register IS NULL AND entry.siret = rows.siret AND entry.register = %s",
            [register],
        )
    _write(f"SELECT * FROM {in_hand} WHERE register IS NOT NULL")
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {in_hand}")


def _forget_the_former(register: str) -> None:
    for state in ("former", "replaced"):
        forget(partition(register, state))


def _exchange(register: str, incoming: str) -> None:
    current, former, leaving = (partition(register, state) for state in ("", "former", "leaving"))
    with connection.cursor() as cursor:
        lock_out_readers(incoming, PARENT)
        cursor.execute("SELECT to_regclass(%s)", [current])
        has_current = cursor.fetchone()[0]
        if has_current:
            cursor.execute(f"ALTER TABLE {PARENT} DETACH PARTITION {current}")
            cursor.execute(f"ALTER TABLE {current} RENAME TO {leaving}")
        cursor.execute(f"ALTER TABLE {incoming} RENAME TO {current}")
        cursor.execute(f"ALTER TABLE {PARENT} ATTACH PARTITION {current} FOR VALUES IN ('{register}')")
        if has_current:
            cursor.execute(f"ALTER TABLE {leaving} RENAME TO {former}")


def _write(rows: str) -> None:
    assignments = ", ".join(f"{column} = excluded.{column}" for column in DATA)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {PARENT} ({_COLUMNS}) SELECT {_COLUMNS} FROM ({rows}) rows"
            f" ON CONFLICT (siret, register) DO UPDATE SET {assignments}"
        )


def forget(kept: str) -> None:
    """Drop a table that was kept for a return, if there is one: a backup or vacuum may be at work in it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", [kept])
        if cursor.fetchone()[0]:
            lock_out_readers(kept)
            cursor.execute(f"DROP TABLE {kept}")


def lock_out_readers(*tables: str) -> None:
    """Take the tables for the few milliseconds of the exchange, without ever making readers queue for long.

    Those that nobody reads come first: vacuum may be at work in them, and is waited for before readers are.
    """
    for _ in range(ATTEMPTS):
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
                cursor.execute(f"LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE")
                return
        except OperationalError as error:
            if not isinstance(error.__cause__, LockNotAvailable):
                raise
            time.sleep(PAUSE)
    raise LoadRefused("Le registre est resté occupé par une longue lecture\u00a0: rien n’est changé, recommencez.")
