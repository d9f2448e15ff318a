"""What other rooms' pages show of a parcel, without importing this one."""

from datetime import datetime

from django import template

from shipping.models import Shipment
from shipping.steps import passages

register = template.Library()


@register.filter
def on_the_way(parcel: Shipment | None) -> list[tuple[str, datetime]]:
    """The steps between dispatch and delivery; prefetch `shipments__events` where many orders are shown."""
    return passages(parcel.events.all()) if parcel else []
