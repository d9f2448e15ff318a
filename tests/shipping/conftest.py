"""A paid order, and Colissimo and La Poste of the sandbox, reached by the real clients over the wire."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from billing import invoicing
from billing.models import Payment
from orders.models import Order
from sandbox.world import World
from shipping import preparation
from shipping.models import Shipment
from tests.journeys import an_order
from tests.sandbox.conftest import Http, served_world, world

__all__ = ["served_world", "world"]


def pay(order: Order) -> Order:
    """Mark an order paid and number its invoice, as the money's second transaction does."""
    now = timezone.now()
    with order.locked():
        payment = Payment.objects.create(
            order=order, amount_incl_vat=order.total_incl_vat, amount_received=order.total_incl_vat, status="succeeded",
            outcome="order_paid", succeeded_at=now, settled_at=now, session_expires_at=now + timedelta(hours=1),
        )  # fmt: skip
        order.mark_paid(at=now)
        invoicing.issue(order, payment)
    return order


def a_shipment(**choices: object) -> Shipment:
    """A paid order in the preparation queue."""
    order = pay(an_order(**choices))
    preparation.open_missing()
    return Shipment.objects.select_related("order").get(order=order)


@pytest.fixture
def outside(world: World, settings) -> Iterator[Http]:
    settings.COLISSIMO_API_BASE = f"{world.base_url}/colissimo/sls-ws/SlsServiceWSRest/2.0"
    settings.LAPOSTE_API_BASE = f"{world.base_url}/laposte/suivi/v2"
    with Http(world.base_url) as http:
        yield http
