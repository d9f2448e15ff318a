"""Paying, coming back from the payment page, invoices."""

import logging

from django.contrib import messages
from django.core.files.storage import storages
from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import CustomerRequest, customer_required
from orders import views
from orders.errors import BusyError, OrderError
from orders.models import Order

from . import cancelling, gateway, payments
from .models import Invoice, Payment

logger = logging.getLogger(__name__)


@customer_required
@require_http_methods(["GET", "HEAD", "POST"])
def pay(request: CustomerRequest, reference: str) -> HttpResponseBase:
    """Leave for the provider's page. The summary's button comes here too: its draft is confirmed first.

    A GET is somebody who had to sign in again on the way: the order's own page has the button.
    """
    if request.method != "POST":
        return redirect(views.own_order(request, reference))
    return views.summary(request, reference, then=_to_provider)


def cancel(request: CustomerRequest, reference: str) -> HttpResponseBase:
    """Ask, then delete a draft or cancel an unpaid order, its card page closed first."""
    return views.cancel(request, reference, how=cancelling.cancel)


def _to_provider(request: CustomerRequest, order: Order) -> HttpResponse:
    """Open the payment page of a confirmed order, or say on the order's page why it cannot be paid."""
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
    order = views.own_order(request, reference)
    if order.is_draft or order.status == Order.Status.REFUNDED:
        return redirect(order)
    payment = _returning_payment(request, order)
    session = None
    if payment is not None and payment.succeeded_at is None and payment.session_id:
        try:
            session = gateway.retrieve(payment.session_id)
            payment = payments.observe(session, at=timezone.now(), order=order) or payment
        except (gateway.GatewayError, BusyError) as error:
            logger.warning("return of order %s: %s", order.reference, error)
            _forget_what_was_undone(order, payment)
        except Exception:  # the money is written down; a sweep draws its consequences within a minute
            logger.exception("return of order %s", order.reference)
            _forget_what_was_undone(order, payment)
    if payment is not None and payment.settled_at is not None and order.paid_at is None:
        order.refresh_from_db()  # the webhook settled it between our two looks
    context = {"order": order, "payment": payment, "state": _state(request, order, payment, session)}
    return render(request, "billing/return.html", context)


def _forget_what_was_undone(order: Order, payment: Payment) -> None:
    """A transaction that failed has left its wishes on our objects: read again what is true."""
    order.refresh_from_db()
    payment.refresh_from_db()


def _returning_payment(request: CustomerRequest, order: Order) -> Payment | None:
    session_id = request.GET.get("session_id", "")
    if session_id:
        return get_object_or_404(order.payments, session_id=session_id)
    return order.payments.first()


def _state(request: CustomerRequest, order: Order, payment: Payment | None, session: gateway.Session | None) -> str:
    """Which of the page's texts is true now. "Nothing was charged" is said only where the provider said so."""
    if payment is not None and payment.is_with_staff:
        return "with_staff"
    if order.paid_at is not None:
        return "paid"
    is_payable, has_returned = order.is_payable(at=timezone.now()), "session_id" in request.GET
    if payment is not None and payment.status in (Payment.Status.OPEN, Payment.Status.SUCCEEDED):
        if session is None and payment.succeeded_at is None and is_payable and not has_returned:
            return "down"
        if session is None or not session.is_open or (has_returned and not session.is_declined):
            return "waiting"
    if order.status != Order.Status.AWAITING_PAYMENT:
        return "over"
    if not is_payable:
        return "grace"
    return "refused" if session is not None and session.is_declined else "left"


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
    try:
        file = storages["private"].open(invoice.pdf_path)
    except OSError:
        logger.exception("the PDF of invoice %s cannot be read", invoice)
        messages.error(request, "Le PDF est momentanément indisponible. Réessayez plus tard, ou écrivez-nous.")
        return redirect("billing:invoices")
    response = FileResponse(file, as_attachment=True, filename=f"facture-{invoice.number}.pdf")
    response["Cache-Control"] = "private, no-store"
    return response
