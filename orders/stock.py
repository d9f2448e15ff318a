"""Lots left to promise, counted in lots per size.

Call these as the last statement of a transaction: the row is everybody's, and locking it late doubles the rate.
"""

from django.db import connection

from .errors import OrderError


def reserve(lot_size: int, lots: int) -> None:
    """Take lots out of the stock, or raise OrderError: the guard in the statement never oversells."""
    if not _add(lot_size, -lots):
        raise OrderError("Le stock ne permet plus cette quantité.")


def release(lot_size: int, lots: int) -> None:
    """Give lots back after a cancellation or an expiry."""
    _add(lot_size, lots)


def _add(lot_size: int, lots: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE orders_stock SET available = available + %s WHERE lot_size = %s AND available + %s >= 0",
            [lots, lot_size, lots],
        )
        return cursor.rowcount == 1
