"""Which load of a stock is in service, which came before it, and the way back."""

from datetime import datetime
from typing import Any

from django.db import transaction

from eligibility.registers.exclusive import claim
from eligibility.registers.refusal import LoadRefused

from . import swap
from .layout import LAYOUTS
from .models import SireneLoad, Stock


def enter(stock: Stock, **facts: Any) -> SireneLoad:
    """Write down a load that goes live; the one it follows becomes the one to return to."""
    loads = SireneLoad.objects.filter(stock=stock)
    loads.filter(is_former=True).update(is_former=False)
    loads.filter(is_active=True).update(is_active=False, is_former=True)
    return SireneLoad.objects.create(stock=stock, **facts)


def roll_back(stock: Stock, *, by: str, at: datetime) -> SireneLoad:
    """Return to the load before the last one, at once; a second return undoes the first."""
    with transaction.atomic():
        claim(f"stock Sirene {stock}", by=by)
        loads = SireneLoad.objects.filter(stock=stock)
        withdrawn, restored = (loads.filter(**{flag: True}).first() for flag in ("is_active", "is_former"))
        if not withdrawn or not restored:
            raise LoadRefused(f"Aucun chargement précédent n’est conservé\u00a0: {stock.label}.")
        loads.filter(pk=withdrawn.pk).update(is_active=False)
        loads.filter(pk=restored.pk).update(is_active=True, is_former=False, restored_at=at, restored_by=by[:150])
        loads.filter(pk=withdrawn.pk).update(is_former=True)
        swap.restore(LAYOUTS[stock])
        return restored
