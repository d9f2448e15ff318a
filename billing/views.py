"""Paying, coming back from the payment page, invoices."""

from django.contrib import messages
from django.core.files.storage import storages
from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import CustomerRequest, customer_required
from orders.errors import BusyError, OrderError
from orders.models import Order
from orders.views import own_order, summary

from . import gateway, payments
from .models import Invoice, Payment


@customer_required
@require_http_methods(["GET", "HEAD", "POST"])
def pay(request: CustomerRequest, reference: str) -> HttpResponseBase:
    """Leave for the provider's page. The summary's button comes here too: its draft is confirmed first.

    A GET is somebody who had to sign in again on the way: the order's own page has the button.
    """
    if request.method != "POST":
        return redirect(own_order(request, reference))
    return summary(request, reference, then=_to_provider)


def _to_provider(request: CustomerRequest, reference: str) -> HttpResponse:
    """Open the payment page of a confirmed order, or say on the order's page why it cannot be paid."""
    order = own_order(request, reference)
    try:
        return redirect(payments.start(order, by=request.user, at=timezone.now()))
    except payments.AlreadyPaid as error:
        messages.info(request, str(error))
    except (OrderError, BusyError) as error:
        messages.error(request, str(error))
    return redirect(order)


@customer_required
@never_cache
@require_safe
def payment_return(request: CustomerRequest, reference: str) -> HttpResponse:
    """Say what is true, whoever came first: this page asks the provider itself and confirms, as the webhook does."""
    order = own_order(request, reference)
    if order.is_draft:
        return redirect(order)
    payment = _returning_payment(request, order)
    if payment is not None and payment.succeeded_at is None and payment.session_id:
        try:
            session = gateway.retrieve(payment.session_id)
            payment = payments.observe(session, at=timezone.now(), order=order) or payment
        except (gateway.GatewayError, BusyError):
            messages.warning(request, "La confirmation tarde à arriver.")
    if payment is not None and payment.settled_at is not None and order.paid_at is None:
        order.refresh_from_db()  # the webhook settled it between our two looks
    context = {"order": order, "payment": payment, "state": _state(request, order, payment)}
    return render(request, "billing/return.html", context)


def _returning_payment(request: CustomerRequest, order: Order) -> Payment | None:
    session_id = request.GET.get("session_id", "")
    if session_id:
        return get_object_or_404(order.payments, session_id=session_id)
    return order.payments.first()


def _state(request: CustomerRequest, order: Order, payment: Payment | None) -> str:
    """Which of the page's texts is true now."""
    if payment is not None and payment.outcome and payment.outcome != Payment.Outcome.ORDER_PAID:
        return "with_staff"
    if order.paid_at is not None:
        return "paid"
    if order.status != Order.Status.AWAITING_PAYMENT:
        return "over"
    has_left = "session_id" not in request.GET or payment is None or payment.status == Payment.Status.CLOSED
    if not has_left:
        return "waiting"
    return "left" if order.is_payable(at=timezone.now()) else "grace"


@customer_required
@require_safe
def invoices(request: CustomerRequest) -> HttpResponse:
    """What is to be paid, then every invoice of this establishment, newest first."""
    establishment = request.establishment
    context = {
        "unpaid": establishment.orders.payable(timezone.now()),
        "invoices": Invoice.objects.filter(order__establishment=establishment).select_related("order"),
    }
    return render(request, "billing/invoices.html", context)


@customer_required
@require_safe
def invoice_pdf(request: CustomerRequest, number: str) -> HttpResponseBase:
    """The stored bytes of an invoice, as a download."""
    invoice = get_object_or_404(Invoice, number=number, order__establishment=request.establishment)
    if not invoice.pdf_path:
        messages.info(request, "Le PDF est en cours de préparation, revenez dans une minute.")
        return redirect("billing:invoices")
    response = FileResponse(
        storages["private"].open(invoice.pdf_path), as_attachment=True, filename=f"facture-{invoice.number}.pdf"
    )
    response["Cache-Control"] = "private, no-store"
    return response
