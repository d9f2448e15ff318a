"""Lots left to promise, counted in lots per size.

Call these as the last statement of a transaction: the row is everybody's, and locking it late doubles the rate.
"""

from django.db.models import F

from .errors import OrderError
from .models.catalogue import Stock


def reserve(lot_size: int, lots: int) -> None:
    """Take lots out of the stock, or raise OrderError: the guard in the statement never oversells."""
    correct(lot_size, -lots)


def correct(lot_size: int, lots: int) -> None:
    """Add lots, or take some away; never below nothing."""
    if not _add(lot_size, lots):
        raise OrderError("Le stock ne permet plus cette quantité.")


def release(lot_size: int, lots: int) -> None:
    """Give lots back after a cancellation or an expiry, which a size no longer kept in stock must not prevent."""
    _add(lot_size, lots)


def _add(lot_size: int, lots: int) -> bool:
    enough = Stock.objects.filter(lot_size=lot_size, available__gte=-lots)
    return bool(enough.update(available=F("available") + lots))
