"""What the shop writes to the customer about an order. Called by the verbs, inside their transaction.

An e-mail always; an SMS too for the kinds an operator names in SMS_ORDER_KINDS, to customers who want them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.urls import reverse

from notifications import outbox
from notifications.addresses import absolute

if TYPE_CHECKING:
    from .models import Order

NOTHING_CHARGED = "Rien n’a été débité et aucune facture n’est émise."


def order_confirmed(order: Order) -> None:
    """Acknowledge the order, with its price and the last day to pay."""
    _post(
        "order_confirmed",
        order,
        terms_url=absolute(reverse("pages:terms")),
        # A link opens a page, it never starts a payment: that takes the button on the order's page.
        pay_url=absolute(order.get_absolute_url()),
    )


def order_cancelled(order: Order, *, reason: str) -> None:
    """Tell that an unpaid order was cancelled, by the customer or (with a reason) by staff."""
    by_whom = f"par notre service client\u00a0: {reason}" if reason else "à votre demande"
    _post("order_cancelled", order, by_whom=by_whom, money_sentence=NOTHING_CHARGED)


def order_expired(order: Order) -> None:
    """Tell that an unpaid order lapsed, and how to order again."""
    _post("order_expired", order)


def _post(kind: str, order: Order, **context: Any) -> None:
    everything = {
        "order": order,
        "order_url": absolute(order.get_absolute_url()),
        "shop_url": absolute(reverse("orders:shop")),
        "link": settings.SMS_LINK_BASE + order.get_absolute_url(),
    } | context
    key = f"{kind}:{order.pk}"
    outbox.post(f"orders/{kind}", to=order.email, key=key, about=order.reference, context=everything)
    if kind in settings.SMS_ORDER_KINDS and order.sms_wanted and order.mobile:
        outbox.post_sms(f"orders/{kind}", to=order.mobile, key=key, about=order.reference, context=everything)
