"""Waiting for a lock, but not for long: a customer gets an answer within seconds, a web worker is never stuck."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction
from psycopg.errors import DeadlockDetected, LockNotAvailable

from .errors import BusyError

PATIENCE = "4s"


@contextmanager
def impatient() -> Iterator[None]:
    """A transaction in which a lock that does not come within `PATIENCE` raises BusyError, nothing written."""
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('lock_timeout', %s, true)", [PATIENCE])
            yield
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable | DeadlockDetected):
            raise BusyError from error
        raise
