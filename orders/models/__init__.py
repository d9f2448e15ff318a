"""What is sold and what was ordered."""

from orders.states import NEXT, Status

from .catalogue import Price, Stock, VatRate
from .event import OrderEvent
from .order import Order

__all__ = ["NEXT", "Order", "OrderEvent", "Price", "Status", "Stock", "VatRate"]
