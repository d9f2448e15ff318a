"""What was left undone: money without its consequences, pages whose end nobody told us.

A round has a budget of seconds: with the last question's two time-outs it ends before the job's limit.
"""

import logging
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from orders.errors import BusyError
from orders.models import Order

from . import gateway
from .models import Payment
from .payments import give_up, observe, settle

logger = logging.getLogger(__name__)


def settle_all(*, at: datetime, limit: int = 200) -> None:
    """Settle money left half-way, ask about open pages, close those of orders that wait no more."""
    payments = Payment.objects.select_related("order")
    one_by_one(payments.unsettled().order_by("succeeded_at")[:limit], settle, at=at, budget=10)
    one_by_one(payments.to_ask_about(at).order_by("checked_at")[:limit], ask, at=at, budget=20)


def one_by_one(rows: Iterable[Any], verb: Callable[..., object], *, at: datetime, budget: float) -> int:
    """Call a verb on each row while the budget lasts; return how often it answered yes.

    A row that fails keeps nobody else's waiting: it is logged, and comes again in the next round.
    """
    stop_at = time.monotonic() + budget
    answers = 0
    for row in rows:
        if time.monotonic() > stop_at:
            break
        try:
            answers += bool(verb(row, at=at))
        except (BusyError, gateway.GatewayError) as error:
            logger.warning("%s left to the next round: %s", row, error)
        except Exception:
            logger.exception("%s cannot be dealt with", row)
    return answers


def ask(payment: Payment, *, at: datetime) -> None:
    """Ask the provider about one open attempt; call it off where its order no longer waits for money.

    Raises GatewayError where there is no answer.
    """
    Payment.objects.filter(pk=payment.pk).update(checked_at=at)
    is_wanted = payment.order.status == Order.Status.AWAITING_PAYMENT
    _look(payment, gateway.retrieve if is_wanted else gateway.close, at=at)


def call_off(payment: Payment, *, at: datetime) -> None:
    """Close the page of an open attempt; the answer says whether money came first. Raises GatewayError."""
    _look(payment, gateway.close, at=at)


def _look(payment: Payment, question: Callable[[str], gateway.Session], *, at: datetime) -> None:
    if not payment.session_id:
        if payment.session_expires_at <= at:
            give_up(payment)  # the call timed out: its page was never shown, and cannot be open any more
        return
    try:
        session = question(payment.session_id)
    except gateway.Unknown:
        give_up(payment)
    else:
        observe(session, at=at)
