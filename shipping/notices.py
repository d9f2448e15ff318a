"""What we tell the customer about a parcel: e-mail always, SMS where a mobile was given and steps are wanted.

Each once per shipment, written in the transaction of the fact it tells.
"""

from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse

from eligibility.zones import Zone
from notifications import outbox
from notifications.addresses import absolute
from orders.calendar import next_order_on, paris_date, paris_midnight

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
    context = _context(shipment, event)
    not_after = _not_after(kind, event)
    if not_after is not None and at is not None and at >= not_after:
        return
    sent: dict[str, Any] = {"key": key, "context": context, "about": order.reference, "not_after": not_after}
    outbox.post(f"shipping/{kind}", to=order.email, **sent)
    is_old = event is not None and at is not None and at - event.at > SMS_AGE_LIMIT
    if kind in SMS_KINDS and order.mobile and order.sms_wanted and not is_old:
        outbox.post_sms(f"shipping/{kind}", to=order.mobile, **sent)


def _not_after(kind: str, event: TrackingEvent | None) -> datetime | None:
    """ "Tomorrow" and "today" are wrong once that day is over."""
    if event is None or kind not in SHARED_KEYS:
        return None
    days = 2 if kind == "step_eve" else 1
    return paris_midnight(paris_date(event.at) + timedelta(days=days))


def _context(shipment: Shipment, event: TrackingEvent | None) -> dict[str, Any]:
    order = shipment.order
    is_mainland = order.zone == Zone.METRO
    assert order.confirmed_at is not None
    return {
        "reference": order.reference,
        "lots": order.lots,
        "lot_size": order.lot_size,
        "parcel": shipment.parcel_number or "",
        "track_url": shipment.track_url,
        "delivery_lines": order.delivery_lines,
        "delivery_estimate": "5 à 7 jours" if is_mainland else "1 à 2 semaines",
        "shipped_date": shipment.shipped_at,
        "step_date": event.at if event else None,
        "delivery_day": paris_date(event.at) + timedelta(days=1) if event else None,
        "point": event.point if event else "",
        "label": event.label if event else "",
        "next_order_day": order.next_order_on or next_order_on(paris_date(order.confirmed_at)),
        "leaflet_url": absolute(reverse("orders:leaflet")),
    }
