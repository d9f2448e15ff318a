"""The table in which a load waits: a temporary one, gone with the transaction, so that a killed load leaves nothing."""

# ruff: noqa: S608 – names of tables and columns are constants of ours, values are parameters

from collections.abc import Iterable
from datetime import date

from django.db import connection

from eligibility.models import RegisterEntry

from .rows import Entry

TABLE = "register_staging"
COLUMNS = ", ".join(RegisterEntry.STORED)


def fill(rows: Iterable[tuple[int, Entry]]) -> None:
    """Stream cleaned rows with their line numbers into the staging table."""
    with connection.cursor() as cursor:
        # Two loads in one transaction, as in a test, share the name.
        cursor.execute(f"DROP TABLE IF EXISTS pg_temp.{TABLE}")
        cursor.execute(
            f"CREATE TEMPORARY TABLE {TABLE} (LIKE {RegisterEntry._meta.db_table}, line integer NOT NULL)"
            " ON COMMIT DROP"
        )
        with cursor.copy(f"COPY {TABLE} ({COLUMNS}, line) FROM STDIN") as copy:
            for line, entry in rows:
                copy.write_row((*entry, line))
        cursor.execute(f"ANALYZE {TABLE}")


def drop_duplicates() -> list[int]:
    """Of several rows of one SIRET keep the newest, then the last of the file; give the line numbers of the others."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM {TABLE} loser USING {TABLE} winner WHERE winner.siret = loser.siret"
            " AND (coalesce(winner.updated_on, '-infinity'), winner.line)"
            " > (coalesce(loser.updated_on, '-infinity'), loser.line) RETURNING loser.line"
        )
        return sorted(line for (line,) in cursor.fetchall())


def newest_on() -> date | None:
    """The newest date in the file, by which an older file is told."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT max(updated_on) FROM {TABLE}")
        return cursor.fetchone()[0]
