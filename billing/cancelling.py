"""Cancelling an unpaid order: its card page is closed before anybody is told that nothing was charged."""

from datetime import datetime

from accounts.models import User
from orders.errors import OrderError
from orders.models import Order

from . import gateway
from .payments import give_up
from .sweeps import call_off

UNKNOWN = (
    "Un paiement a été commencé et notre prestataire ne répond pas\u00a0: nous ne pouvons pas encore dire s’il a "
    "abouti. Votre commande est conservée, réessayez dans quelques minutes."
)
UNDER_WAY = "Un paiement est en cours sur cette commande\u00a0: attendez sa fin avant de l’annuler."


def cancel(order: Order, *, by: User, at: datetime, reason: str = "") -> None:
    """Close the order's card page, then cancel the order. Calling twice is harmless.

    Money that came first wins: the order is paid, and OrderError says so. OrderError too where the provider cannot
    be asked, because "nothing was charged" must be true when it is written. Another tab may open a new page between
    the closing and the lock: it is found under the lock, and is the customer's last word.
    """
    for payment in order.payments.open():
        if payment.session_id is None:
            give_up(payment)  # its page was never shown; a click that is opening it now finds the order cancelled
            continue
        try:
            call_off(payment, at=at)
        except gateway.GatewayError as error:
            raise OrderError(UNKNOWN) from error
    with order.locked():
        if order.payments.undecided().exists():
            raise OrderError(UNDER_WAY)
        order.cancel(at=at, by=by, reason=reason)
