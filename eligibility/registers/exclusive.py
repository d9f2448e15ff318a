"""One load at a time, whatever the register: two exchanges would wait for each other."""

import re
import unicodedata
import zlib
from datetime import datetime

from django.db import connection

from notifications.wording import time_of_day

from .refusal import LoadRefused

LOCK = zlib.crc32(b"eligibility.registers")
# What stands where a load has its file.
RETURN = "retour"
SIRENE = "SIRENE"
# PostgreSQL keeps no more of a name.
_LONGEST = 63
_CLAIM = re.compile(rf"(?P<what>{SIRENE} \w+|\S+) (?P<file>.+) (?P<by>\S+)")


def claim(name: str) -> None:
    """Take the lock until the transaction ends, or refuse at once and say who holds it.

    The name tells what is loaded, from which file, and by whom, in this order. It stands in pg_stat_activity for as
    long as the lock is held, so a killed load leaves neither.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('application_name', %s, true)", [_fitted(name)])
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            raise LoadRefused(f"Un autre chargement est en cours\u00a0: {_holder()}. Attendez qu’il se termine.")


def _fitted(name: str) -> str:
    """The name in characters that PostgreSQL keeps, and no more of them: what is too long is the file's own name."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    excess = len(plain) - _LONGEST
    if excess <= 0 or not (found := _CLAIM.fullmatch(plain)):
        return plain
    return f"{found['what']} {found['file'][: -excess - 3]}... {found['by']}"


def _holder() -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT activity.application_name, activity.xact_start FROM pg_locks"
            " JOIN pg_stat_activity activity USING (pid)"
            " WHERE locktype = 'advisory' AND classid = 0 AND objid::bigint = %s AND objsubid = 1 AND granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            [LOCK],
        )
        row = cursor.fetchone()
    return described(*row) if row else "il vient de se terminer"


def described(name: str, since: datetime) -> str:
    """A claim in words."""
    found = _CLAIM.fullmatch(name)
    if not found:
        return f"{name}, depuis {time_of_day(since)}"
    register = found["what"]
    what = f"du registre {register}"
    if register.startswith(SIRENE):
        what = f"du stock Sirene «\u00a0{register.removeprefix(SIRENE).strip()}\u00a0»"
    work = f"chargement {what}, fichier {found['file']}"
    if found["file"] == RETURN:
        work = f"retour au chargement précédent {what}"
    return f"{work}, par {found['by']}, depuis {time_of_day(since)}"
