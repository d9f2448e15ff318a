"""The payment deadline: what is still unpaid on the morning of D+8 lapses."""

import logging
from datetime import datetime, timedelta

from orders.errors import BusyError
from orders.models import Order

from . import gateway, payments
from .models import Payment

logger = logging.getLogger(__name__)
STUCK_AFTER = timedelta(hours=3)


def expire_overdue(*, at: datetime, limit: int = 500) -> int:
    """Expire the orders whose silent grace is over, oldest first; return how many lapsed."""
    overdue = Order.objects.awaiting_payment().due_before(at).order_by("due_at")[:limit]
    lapsed = 0
    for order in overdue:
        if order.expires_from > at:
            continue
        try:
            lapsed += expire(order, at=at)
        except BusyError:
            logger.warning("order %s is busy: it lapses in the next round", order.reference)
    return lapsed


def expire(order: Order, *, at: datetime) -> bool:
    """Close the order's payment page at the provider, then let it lapse; tell whether it did.

    The page is closed before the order is locked. Where closing says "paid", that is a payment, and it wins. Where
    the provider does not answer, nothing lapses: money might be on its way.
    """
    for payment in order.payments.open():
        if not _close(payment, at=at):
            if at - order.expires_from > STUCK_AFTER:
                logger.error("order %s cannot lapse: the provider does not close its page", order.reference)
            return False
    return order.expire(at=at)


def _close(payment: Payment, *, at: datetime) -> bool:
    if not payment.session_id:
        payments.ask(payment, at=at)
        return True
    try:
        payments.observe(gateway.close(payment.session_id), at=at)
    except gateway.GatewayError:
        return False
    return True
