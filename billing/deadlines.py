"""The payment deadline: what is still unpaid on the morning of D+8 lapses."""

import logging
from datetime import datetime, timedelta

from orders.models import Order

from . import gateway
from .sweeps import call_off, one_by_one

logger = logging.getLogger(__name__)
STUCK_AFTER = timedelta(hours=3)


def expire_overdue(*, at: datetime, limit: int = 500) -> int:
    """Expire the orders whose silent grace is over, oldest first; return how many lapsed."""
    overdue = Order.objects.awaiting_payment().due_before(at).order_by("due_at")[:limit]
    return one_by_one((order for order in overdue if order.expires_from <= at), expire, at=at, budget=30)


def expire(order: Order, *, at: datetime) -> bool:
    """Close the order's payment page at the provider, then let it lapse; tell whether it did.

    The page is closed before the order is locked. Where closing says "paid", that is a payment, and it wins. Where
    the provider does not answer, or money that came is not accounted for yet, nothing lapses.
    """
    for payment in order.payments.open():
        try:
            call_off(payment, at=at)
        except gateway.GatewayError:
            logger.warning("order %s does not lapse yet: its page is not closed", order.reference)
    if order.payments.undecided().exists():
        if at - order.expires_from > STUCK_AFTER:
            logger.error("order %s cannot lapse: what became of its payment is not known", order.reference)
        return False
    return order.expire(at=at)
