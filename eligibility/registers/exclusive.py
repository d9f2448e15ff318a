"""One load at a time, whatever the register: two exchanges would wait for each other."""

import unicodedata
import zlib
from datetime import datetime

from django.db import connection

from notifications.wording import time_of_day

from .refusal import LoadRefused

LOCK = zlib.crc32(b"eligibility.registers")
# PostgreSQL keeps no more of a name.
_LONGEST, _LONGEST_AUTHOR = 63, 20
_BETWEEN = "|"


def claim(what: str, *, file: str = "", by: str) -> None:
    """Take the lock until the transaction ends, or refuse at once and say who holds it.

    `what` is "registre CCI" or the like; without a file it returns to the load before. The claim stands in
    pg_stat_activity for as long as the lock is held, so a killed load leaves neither.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('application_name', %s, true)", [_written(what, file, by)])
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            raise LoadRefused(f"Un autre chargement est en cours\u00a0: {_holder()}. Attendez qu’il se termine.")


def _written(what: str, file: str, by: str) -> str:
    """The claim in characters that PostgreSQL keeps, and no more of them: what is too long is the file's own name."""
    what, file, by = (
        unicodedata.normalize("NFKD", part).encode("ascii", "ignore").decode().replace(_BETWEEN, " ")
        for part in (what, file, by[:_LONGEST_AUTHOR])
    )
    room = _LONGEST - len(what) - len(by) - 2 * len(_BETWEEN)
    return _BETWEEN.join((what, file if len(file) <= room else f"{file[: room - 3]}...", by))


def _holder() -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT activity.application_name, activity.xact_start FROM pg_locks"
            " JOIN pg_stat_activity activity USING (pid)"
            " WHERE locktype = 'advisory' AND classid = 0 AND objid::bigint = %s AND objsubid = 1 AND granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            " AND xact_start IS NOT NULL",  # between the two views the load may have ended
            [LOCK],
        )
        row = cursor.fetchone()
    return _in_words(*row) if row else "il vient de se terminer"


def _in_words(claim: str, since: datetime) -> str:
    what, _, rest = claim.partition(_BETWEEN)
    file, _, by = rest.partition(_BETWEEN)
    work = f"chargement du {what}, fichier {file}" if file else f"retour au chargement précédent du {what}"
    author = f", par {by}" if by else ""
    return f"{work}{author}, depuis {time_of_day(since)}"
