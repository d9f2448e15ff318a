"""Waiting for a lock, but not for long: a customer gets an answer within seconds, a web worker is never stuck."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, transaction
from psycopg.errors import DeadlockDetected, LockNotAvailable

from .errors import BusyError


@contextmanager
def impatient() -> Iterator[None]:
    """A transaction in which a lock that does not come (settings.LOCK_PATIENCE) raises BusyError, nothing written."""
    try:
        with transaction.atomic():
            yield
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable | DeadlockDetected):
            raise BusyError from error
        raise
