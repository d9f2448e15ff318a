"""My space: what needs doing first, then the current order, the next order date, the last invoices."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import CustomerRequest, customer_required
from orders import availability
from orders.calendar import paris_date
from orders.models import Order
from shipping.models import Shipment

SHOWN_ORDERS, SHOWN_INVOICES = 10, 3


@customer_required
@require_safe
def space(request: CustomerRequest) -> HttpResponse:
    """Draw the page a customer lands on after signing in."""
    now = timezone.now()
    establishment = request.establishment
    orders = list(
        establishment.orders.select_related("invoice")
        .prefetch_related("shipments__events", "payments")
        .order_by("-created_at")[:SHOWN_ORDERS]
    )
    context = {
        "establishment": establishment,
        "draft": next((order for order in orders if order.status == Order.Status.DRAFT), None),
        "to_pay": [order for order in orders if order.is_payable(at=now)],
        "with_staff": [
            (payment, order) for order in orders for payment in order.payments.all() if payment.is_with_staff
        ],
        "to_collect": [
            shipment
            for order in orders
            for shipment in order.shipments.all()
            if shipment.status == Shipment.Status.READY_FOR_PICKUP
        ],
        "current": next((order for order in orders if order.status != Order.Status.DRAFT), None),
        "invoices": [order.invoice for order in orders if hasattr(order, "invoice")][:SHOWN_INVOICES],
        "availability": availability.of(establishment, at=now),
        "today": paris_date(now),
    }
    return render(request, "masques/space.html", context)
