"""What is sold and what was ordered."""

from orders.states import NEXT, Status

from .catalogue import Price, Stock, VatRate
from .order import Order, OrderEvent

__all__ = ["NEXT", "Order", "OrderEvent", "Price", "Status", "Stock", "VatRate"]
