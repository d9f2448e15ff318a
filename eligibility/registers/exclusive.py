"""One load at a time, whatever the register: two exchanges would wait for each other."""

import zlib

from django.db import connection

from .refusal import LoadRefused

LOCK = zlib.crc32(b"eligibility.registers")


def claim(name: str) -> None:
    """Take the lock until the transaction ends, or refuse at once and name the load that holds it.

    The name stands in pg_stat_activity for as long as the lock is held, so a killed load leaves neither.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('application_name', %s, true)", [name.encode("ascii", "replace").decode()])
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            raise LoadRefused(f"Un autre chargement est en cours\u00a0: {_holder()}. Attendez qu’il se termine.")


def _holder() -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT activity.application_name FROM pg_locks JOIN pg_stat_activity activity USING (pid)"
            " WHERE locktype = 'advisory' AND classid = 0 AND objid::bigint = %s AND objsubid = 1 AND granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            [LOCK],
        )
        row = cursor.fetchone()
    return row[0] if row else "il vient de se terminer"
