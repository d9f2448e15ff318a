"""What we tell the customer about a parcel: e-mail always, SMS where a mobile was given and steps are still wanted.

Each once per shipment, written in the transaction of the fact it tells.
"""

from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse

from accounts.models import DeliveryProfile
from notifications import outbox
from notifications.addresses import absolute
from orders.calendar import next_order_on, paris_date, paris_midnight
from orders.models import Order

from .models import Shipment, TrackingEvent

# Sent unless switched off (screens, SMS table); the other kinds go by e-mail only.
SMS_KINDS = frozenset(
    {"shipped", "step_picked_up", "step_eve", "step_today", "step_pickup_ready", "step_incident", "step_returning",
     "delivered"}
)  # fmt: skip
# The eve and the day itself tell one thing: only the first of the two that arrives is sent.
SHARED_KEYS = {"step_eve": "arrival", "step_today": "arrival"}
SMS_AGE_LIMIT = timedelta(days=3)


def post(shipment: Shipment, kind: str, *, event: TrackingEvent | None = None, at: datetime | None = None) -> None:
    """Post the e-mail, and the SMS, of this kind. News that has aged loses its SMS, then its reason."""
    order = shipment.order
    key = f"{SHARED_KEYS.get(kind, kind)}:{shipment.pk}"
    not_after = None
    if event is not None and at is not None and kind in SHARED_KEYS:
        kind = _as_of(kind, event, at)
        # "Tomorrow" and "today" are wrong once the day they are said is over.
        not_after = paris_midnight(max(paris_date(at), paris_date(event.at)) + timedelta(days=1))
    if not kind:
        return
    context = _context(shipment, event)
    sent: dict[str, Any] = {"key": key, "context": context, "about": order.reference, "not_after": not_after}
    outbox.post(f"shipping/{kind}", to=order.email, **sent)
    is_old = event is not None and at is not None and at - event.at > SMS_AGE_LIMIT
    if kind in SMS_KINDS and not is_old and _wants_sms(order):
        outbox.post_sms(f"shipping/{kind}", to=order.mobile, **sent)


def _as_of(kind: str, event: TrackingEvent, at: datetime) -> str:
    """The kind that is true on the day it is told: an eve heard of the next day is today; later there is nothing."""
    days_late = (paris_date(at) - paris_date(event.at)).days
    if kind == "step_eve" and days_late == 1:
        return "step_today"
    return kind if days_late <= 0 else ""


def _wants_sms(order: Order) -> bool:
    """Ticked with the order, and not switched off since in the customer's information."""
    if not order.mobile or not order.sms_wanted:
        return False
    return not DeliveryProfile.objects.filter(establishment=order.establishment_id, sms_wanted=False).exists()


def _context(shipment: Shipment, event: TrackingEvent | None) -> dict[str, Any]:
    order = shipment.order
    assert order.confirmed_at is not None
    return {
        "reference": order.reference,
        "lots": order.lots,
        "lot_size": order.lot_size,
        "parcel": shipment.parcel_number or "",
        "track_url": shipment.track_url,
        "delivery_lines": order.delivery_lines,
        "delivery_estimate": order.delivery_estimate,
        "shipped_date": shipment.shipped_at,
        "step_date": event.at if event else None,
        "delivery_day": paris_date(event.at) + timedelta(days=1) if event else None,
        "point": event.point if event else "",
        "label": event.label.rstrip(" .") if event else "",
        "next_order_day": order.next_order_on or next_order_on(paris_date(order.confirmed_at)),
        "leaflet_url": absolute(reverse("orders:leaflet")),
    }
