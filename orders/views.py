"""A customer's orders: choose, say where, check, confirm; then follow, cancel.

Paying is `billing`'s. Its one-click view calls `summary(request, reference, then=pay)`: confirmed here, paid there.
So does its view that cancels, which closes the card page first.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts import kept
from accounts.access import CustomerRequest, customer_required
from eligibility.zones import Zone
from notifications import phones
from notifications.wording import euros, long_date

from . import availability, checkout, pricing
from .calendar import last_payment_day, next_order_on, paris_date
from .errors import BusyError, NoSuchOrderError, OrderChangedError, OrderError
from .forms import DeliveryForm, LotsForm, SummaryForm
from .models import Order
from .timeline import last_parcel

STEPS = ["Votre demande", "Pièces justificatives", "Récapitulatif"]
KEPT = "Votre demande est gardée 30\u00a0jours. Elle ne réserve rien tant qu’elle n’est pas confirmée."


def own_order(request: CustomerRequest, reference: str, *, orders: QuerySet[Order] | None = None) -> Order:
    """The order of this reference inside the customer's establishment; a stranger's does not exist."""
    orders = request.establishment.orders.all() if orders is None else orders
    order = orders.filter(reference=reference).first()
    if order is None:
        raise NoSuchOrderError
    return order


def with_draft(view: Callable[[Any, Order], HttpResponse]) -> Callable[..., HttpResponseBase]:
    """Give the view the customer's draft; what is confirmed has a page of its own."""

    @customer_required
    @wraps(view)
    def guarded(request: CustomerRequest, reference: str) -> HttpResponse:
        order = own_order(request, reference)
        return view(request, order) if order.is_draft else redirect(order)

    return guarded


@kept.keeps_typed("orders:shop")
@customer_required
@require_http_methods(["GET", "HEAD", "POST"])
def shop(request: CustomerRequest) -> HttpResponse:
    """Choose how many lots; the offer follows from the company's size."""
    now = timezone.now()
    current = availability.of(request.establishment, at=now)
    if not current.can_order or current.verdict is None:
        return render(request, "orders/shop_closed.html", {"availability": current})
    draft, verdict = current.draft, current.verdict
    form = LotsForm(
        request.POST if request.method == "POST" else None,
        max_lots=current.max_lots,
        in_stock=current.lots_in_stock,
        initial={"lots": draft.lots if draft else min(current.max_lots, current.lots_in_stock)},
    )
    if form.is_valid():
        try:
            lots = form.cleaned_data["lots"]
            draft = checkout.open_draft(
                request.establishment, by=request.user, verdict=verdict, lots=lots, at=now, draft=draft
            )
            return redirect("orders:delivery", draft.reference)
        except OrderError as error:
            form.add_error("lots", str(error))
    if not form.is_bound:
        kept.refill(form, request)
    zone = Zone((draft and draft.zone) or verdict.zone or Zone.METRO)
    context = {"availability": current, "form": form, "zone": zone, "draft": draft}
    return render(request, "orders/shop.html", context | _offers(current, zone, form))


def _offers(current: availability.Availability, zone: Zone, form: LotsForm) -> dict[str, Any]:
    """The company's own offer and the other one, with prices; the total of what the form holds, if it can be had."""
    prices = pricing.offers(zone, on=paris_date(timezone.now()))
    lot_size = current.verdict.lot_size if current.verdict else None
    mine = next((price for price in prices.values() if price.lot_size == lot_size), None)
    return {
        "price": mine,
        "other_price": next((price for price in prices.values() if price.lot_size != lot_size), None),
        "total": mine.times(form.lots_to_show) if mine and form.lots_to_show else None,
    }


@kept.keeps_typed("orders:delivery")
@with_draft
@require_http_methods(["GET", "HEAD", "POST"])
def delivery(request: CustomerRequest, order: Order) -> HttpResponse:
    """Step 1: who receives the parcel, and where."""
    now = timezone.now()
    form = DeliveryForm(request.POST if request.method == "POST" else None, order=order, at=now)
    if form.is_valid() and not form.needs_another_look:
        zone_before = order.zone
        try:
            checkout.set_delivery(order, form.values, at=now)
            _tell_new_total(request, order, zone_before)
        except OrderError as error:
            messages.error(request, str(error))
            return redirect(order)
        if form.cleaned_data["save_address"]:
            checkout.save_address(order)
        return redirect("orders:summary", order.reference)
    if not form.is_bound:
        kept.refill(form, request)
    return _step(request, order, 1, "orders/delivery.html", {"form": form, "siret": request.establishment.siret})


def _tell_new_total(request: HttpRequest, order: Order, zone_before: str) -> None:
    """The price hangs on the place of delivery: say so when it moves."""
    if not zone_before or zone_before == order.zone:
        return
    now = timezone.now()
    after = checkout.todays_quote(order, at=now).total_incl_vat
    before = pricing.quote(zone_before, order.lot_size, order.lots, on=paris_date(now)).total_incl_vat
    messages.warning(
        request,
        f"Le tarif dépend du lieu de livraison\u00a0: le total passe de {euros(before)} à {euros(after)} TTC.",
    )


@with_draft
@require_safe
def documents(request: CustomerRequest, order: Order) -> HttpResponse:
    """Step 2: nothing is asked for in a normal order; the step is passed over and can be looked at."""
    return _step(request, order, 2, "orders/documents.html", {})


def to_order_page(request: HttpRequest, order: Order) -> HttpResponse:
    """Where an order to be paid later leads."""
    return redirect(order)


@customer_required
@require_http_methods(["GET", "HEAD", "POST"])
def summary(
    request: CustomerRequest, reference: str, then: Callable[..., HttpResponse] = to_order_page
) -> HttpResponse:
    """Step 3: everything on one page, then the commitment; `then` answers once the order is confirmed.

    A second click finds the order confirmed and goes the same way. A confirmed order shows its summary, to print.
    """
    order = own_order(request, reference)
    if not order.is_draft:
        if request.method == "POST":
            return then(request, order)
        return render(request, "orders/recap.html", {"order": order})
    now = timezone.now()
    form = SummaryForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            checkout.confirm(order, by=request.user, at=now, shown=form.shown)
        except OrderChangedError as change:
            messages.warning(request, str(change))
            form = SummaryForm()
        except (OrderError, BusyError) as refusal:
            messages.error(request, str(refusal))
        else:
            return then(request, order)
    return _show_summary(request, order, form)


def _show_summary(request: CustomerRequest, order: Order, form: SummaryForm) -> HttpResponse:
    now = timezone.now()
    if not order.has_delivery:
        return redirect("orders:delivery", order.reference)
    current = availability.of(request.establishment, at=now)
    if current.verdict and (change := checkout.adapt(order, current.verdict, at=now)):
        messages.warning(request, change)
    price = checkout.todays_quote(order, at=now)
    form.show(order, price)
    today = paris_date(now)
    context = {
        "form": form,
        "price": price,
        "availability": current,
        "mobile": phones.show(order.mobile),
        "last_payment_day": last_payment_day(today),
        "last_payment_day_in_short": long_date(last_payment_day(today)).rpartition(" ")[0],
        "next_order_on": next_order_on(today),
    }
    return _step(request, order, 3, "orders/summary.html", context)


def _step(request: CustomerRequest, order: Order, current: int, template: str, context: dict[str, Any]) -> HttpResponse:
    return render(request, template, {"order": order, "steps": STEPS, "current": current} | context)


@kept.keeps_typed("orders:delivery", with_field="postal_code")
@with_draft
@require_http_methods(["GET", "HEAD", "POST"])
def interrupt(request: CustomerRequest, order: Order) -> HttpResponse:
    """Leave and come back later: what is typed and well-formed is kept.

    A GET is somebody who had to sign in again on the way: the draft waits at its step.
    """
    if request.method != "POST":
        return redirect(order)
    now = timezone.now()
    if "postal_code" in request.POST:
        form = DeliveryForm(request.POST, order=order, at=now)
        form.full_clean()
        checkout.keep_typed(order, form.values, at=now)
    messages.success(request, KEPT)
    return redirect("accounts:space")


@customer_required
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: CustomerRequest, reference: str, how: Callable[..., None]) -> HttpResponse:
    """Ask, then delete a draft or cancel an unpaid order; `how` an order is cancelled is `billing`'s to say."""
    order = own_order(request, reference)
    if request.method != "POST":
        return render(request, "orders/cancel.html", {"order": order})
    was_draft = order.is_draft
    try:
        if was_draft:
            checkout.discard(order)
        else:
            how(order, at=timezone.now(), by=request.user)
    except (OrderError, BusyError) as refusal:
        messages.error(request, str(refusal))
        return redirect("orders:order", reference)
    messages.success(request, "La demande est supprimée." if was_draft else "La commande est annulée.")
    return redirect("accounts:space") if was_draft else redirect(order)


@customer_required
@require_safe
def order_list(request: CustomerRequest) -> HttpResponse:
    """All orders of the establishment, drafts included."""
    orders = request.establishment.orders.prefetch_related("shipments").order_by("-created_at", "-pk")
    return render(request, "orders/list.html", {"orders": orders})


@customer_required
@require_safe
def order_page(request: CustomerRequest, reference: str) -> HttpResponse:
    """One order: where it stands, what can be done now; a draft goes on at its next step."""
    orders = request.establishment.orders.select_related("invoice").prefetch_related("shipments__events", "payments")
    order = own_order(request, reference, orders=orders)
    if order.is_draft:
        return redirect("orders:summary" if order.has_delivery else "orders:delivery", reference)
    now = timezone.now()
    payments = order.payments.all()
    with_staff = [payment for payment in payments if payment.is_with_staff]
    context = {
        "order": order,
        "with_staff": with_staff,
        "begun": next((payment for payment in payments if payment.has_page), None),
        "parcel": last_parcel(order),
        "invoice": getattr(order, "invoice", None),
        "is_payable": order.is_payable(at=now) and not with_staff,
        "is_in_grace": order.status == Order.Status.AWAITING_PAYMENT and not order.is_payable(at=now),
        "is_last_day": order.last_payment_day == paris_date(now),
    }
    return render(request, "orders/order.html", context)
