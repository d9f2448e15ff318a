"""Paying an order: open the provider's page, hear what became of it, draw the consequences – each once.

Two transactions. The first writes the provider's fact on the payment, alone: money that arrived is never
forgotten, whatever fails next. The second locks company → order → payment → counter and writes what follows from
it; a sweep repeats it for payments that lack it. No lock is held while the provider is asked.
"""

import logging
import time
from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse

from accounts.models import User
from notifications import outbox
from notifications.addresses import absolute
from notifications.models import Urgency
from notifications.queue import enqueue
from notifications.wording import long_date
from orders.errors import OrderError
from orders.locks import impatient
from orders.models import Order

from . import gateway, invoicing, pdf
from .models import Payment

logger = logging.getLogger(__name__)

PAGE_LIFE = timedelta(hours=12)  # the provider allows 30 minutes to 24 hours
PAGE_MARGIN = timedelta(minutes=2)  # a page about to close is not offered any more
TRIES = 3
OTHER_CLICK = 1.0  # seconds until the answer to another click's request is there
OBSERVED = [
    "status", "succeeded_at", "amount_received", "intent_id", "livemode", "session_id", "outcome", "checked_at",
]  # fmt: skip
Outcome = Payment.Outcome
# Why money is kept without paying its order, as the end of a sentence for the customer.
WHY_KEPT = {
    Outcome.LATE: "le délai de règlement était dépassé et la commande est annulée",
    Outcome.CANCELLED: "cette commande avait été annulée",
    Outcome.OVERPAID: "cette commande était déjà réglée",
    Outcome.MISMATCH: "ce montant n’est pas celui que nous attendions",
}


class AlreadyPaid(OrderError):
    """The order has been paid: there is nothing left to charge."""


def start(order: Order, *, by: User, at: datetime) -> str:
    """The address of the provider's payment page for this order.

    A page that is still open is offered again, so that two clicks or two tabs cannot pay twice. Raises AlreadyPaid,
    or OrderError with a sentence for the customer (deadline past, provider down).
    """
    for _ in range(TRIES):
        payment = _open_attempt(order, at=at)
        try:
            session = _page_of(payment, email=order.email or by.email, at=at)
        except gateway.InUse:
            time.sleep(OTHER_CLICK)
            continue
        except gateway.Unknown:
            give_up(payment)
            continue
        except gateway.GatewayError as error:
            raise _unavailable(order) from error
        if session.is_open:
            return session.url
        observe(session, at=at)  # paid or closed under our hands: look again
    raise _unavailable(order)


def _unavailable(order: Order) -> OrderError:
    assert order.last_payment_day is not None
    until = long_date(order.last_payment_day)
    return OrderError(
        f"Le paiement est momentanément indisponible. Votre commande est conservée jusqu’au {until} inclus."
    )


def _open_attempt(order: Order, *, at: datetime) -> Payment:
    """The one open attempt of an order, made if there is none, under the order's lock (the other tab waits here)."""
    with order.locked():
        if order.paid_at is not None:
            raise AlreadyPaid("Cette commande est déjà réglée.")
        if order.status == Order.Status.EXPIRED:
            raise OrderError(
                f"Le délai de règlement de la commande {order.reference} est dépassé\u00a0: elle est annulée. "
                "Vous pouvez en passer une nouvelle."
            )
        if order.status != Order.Status.AWAITING_PAYMENT:
            raise OrderError("Cette commande n’attend plus de règlement.")
        assert order.due_at is not None
        assert order.total_incl_vat is not None
        if at >= order.due_at:
            raise OrderError(f"Le délai de règlement de la commande {order.reference} est dépassé.")
        payment = order.payments.open().first()
        if payment is not None and payment.session_expires_at - PAGE_MARGIN <= at and not payment.session_id:
            give_up(payment)  # its page, if there is one, was never shown to anybody
            payment = None
        if payment is None:
            payment = order.payments.create(
                order=order,
                amount_incl_vat=order.total_incl_vat,
                # A page never outlives the silent grace: what could be paid later would only have to be paid back.
                session_expires_at=min(at + PAGE_LIFE, order.expires_from),
                checked_at=at,
            )
        payment.order = order
        return payment


def _page_of(payment: Payment, *, email: str, at: datetime) -> gateway.Session:
    """The attempt's page at the provider: the one it has, unless that is about to close, or a new one."""
    if payment.session_id:
        session = gateway.retrieve(payment.session_id)
        is_lasting = session.expires_at - PAGE_MARGIN > at
        return session if is_lasting or not session.is_open else gateway.close(session.id)
    return_url = absolute(reverse("billing:return", args=[payment.order.reference]))
    try:
        session = gateway.open_checkout(payment, return_url=return_url, email=email)
    except (gateway.Refused, gateway.Spent):
        give_up(payment)  # this key will never get another answer, and a page that it made was shown to nobody
        raise
    unseen = Payment.objects.filter(pk=payment.pk, session_id=None, status=Payment.Status.CREATED)
    is_kept = unseen.update(
        session_id=session.id, checkout_url=session.url, livemode=session.livemode, status=Payment.Status.OPEN
    )
    if not is_kept and not Payment.objects.filter(pk=payment.pk, session_id=session.id).exists():
        raise gateway.InUse("another click has given this attempt up: look again")
    return session


def give_up(payment: Payment) -> None:
    """Close an attempt that can bring no money, unless some came meanwhile.

    Where a page the provider does not know is paid all the same – our keys were of another account for an hour –
    the webhook still finds the row.
    """
    if payment.session_id:
        logger.error("the processor does not know the page of payment %s", payment.uuid)
    Payment.objects.open().filter(pk=payment.pk, session_id=payment.session_id).update(status=Payment.Status.CLOSED)


def observe(session: gateway.Session, *, at: datetime, order: Order | None = None) -> Payment | None:
    """Write down what the provider says of a page, then draw the consequences. Safe to repeat, in any order.

    Returns the payment, or None for a session that is not ours (another shop on the same account). A caller that
    holds the order's object gives it, and finds it brought up to date.

    Raises BusyError where a row stays locked; what was already written then is kept.
    """
    with impatient():
        payment = _lock_payment_of(session)
        if payment is None:
            if session.is_paid and session.payment_uuid is not None:
                logger.error("money for payment %s, which we do not know: %s", session.payment_uuid, session.id)
            return None
        if order is not None and order.pk == payment.order_id:
            payment.order = order
        if session.is_paid and payment.succeeded_at is None:
            payment.status = Payment.Status.SUCCEEDED
            payment.succeeded_at = session.paid_at or at
            payment.amount_received = session.amount
            payment.intent_id = session.intent_id
            payment.livemode = session.livemode
            payment.session_id = session.id
            payment.outcome = _mismatch(payment, session)
        elif session.is_over and payment.succeeded_at is None:
            payment.status = Payment.Status.CLOSED
        payment.checked_at = at
        payment.save(update_fields=OBSERVED)
    if payment.succeeded_at is not None and payment.settled_at is None:
        settle(payment, at=at)
    return payment


def _lock_payment_of(session: gateway.Session) -> Payment | None:
    """Lock the payment row alone: webhook and return page may tell the same news in the same moment, and the one
    that asked the provider first would overwrite the other's "paid" with its "open"."""
    locked = Payment.objects.select_for_update(of=("self",), no_key=True)
    payment = locked.filter(session_id=session.id).first()
    if payment is None and session.payment_uuid is not None:
        # The webhook may overtake the answer that would have told us the session's id.
        payment = locked.filter(uuid=session.payment_uuid, session_id=None).first()
    return payment


def _mismatch(payment: Payment, session: gateway.Session) -> str:
    """What the provider took must be what we asked: amount, currency, real or test money."""
    is_expected = (
        session.amount == payment.amount_incl_vat
        and session.currency == "eur"
        and session.livemode == gateway.is_live()
    )
    return Outcome.NONE if is_expected else Outcome.MISMATCH


def settle(payment: Payment, *, at: datetime) -> None:
    """Draw the consequences of money that arrived: order paid, invoice numbered, receipt posted, together and once.

    Money that does not fit its order (late, cancelled, twice, another amount) is kept and shown to staff.
    """
    order = payment.order
    with order.locked():
        payment.refresh_from_db(from_queryset=Payment.objects.select_for_update(of=("self",), no_key=True))
        payment.order = order
        if payment.settled_at is not None:
            return
        assert payment.succeeded_at is not None
        payment.outcome = payment.outcome or _outcome(order)
        payment.settled_at = at
        payment.save(update_fields=["outcome", "settled_at"])
        if payment.outcome == Outcome.ORDER_PAID:
            order.mark_paid(at=payment.succeeded_at)
            invoice = invoicing.issue(order, payment)
            _post_receipt(order, payment, invoice.number)
            enqueue(pdf.make_pdf, invoice.pk)
        else:
            _alert_staff(order, payment)
            _tell_customer(order, payment)


def _outcome(order: Order) -> Outcome:
    if order.paid_at is not None:
        return Outcome.OVERPAID
    if order.status == Order.Status.AWAITING_PAYMENT:
        return Outcome.ORDER_PAID
    return Outcome.CANCELLED if order.status == Order.Status.CANCELLED else Outcome.LATE


def _post_receipt(order: Order, payment: Payment, invoice_number: str) -> None:
    outbox.post(
        "billing/payment_receipt",
        to=order.email,
        key=f"payment_receipt:{payment.pk}",
        about=order.reference,
        urgency=Urgency.RECEIPT,
        context={
            "reference": order.reference,
            "total_incl_vat": order.total_incl_vat,
            "payment_date": payment.succeeded_at,
            "by_means": "par carte bancaire",
            "invoice_number": invoice_number,
            "invoices_url": absolute(reverse("billing:invoices")),
        },
    )


def _alert_staff(order: Order, payment: Payment) -> None:
    logger.error("payment %s of order %s needs staff: %s", payment.uuid, order.reference, payment.outcome)
    outbox.post(
        "billing/payment_alert",
        to=settings.STAFF_ALERT_EMAIL,
        key=f"payment_alert:{payment.pk}",
        about=order.reference,
        context={
            "order": order,
            "payment": payment,
            "admin_url": absolute(reverse("admin:billing_payment_change", args=[payment.pk])),
        },
    )


def _tell_customer(order: Order, payment: Payment) -> None:
    outbox.post(
        "billing/payment_kept",
        to=order.email,
        key=f"payment_kept:{payment.pk}",
        about=order.reference,
        urgency=Urgency.RECEIPT,
        context={
            "order": order,
            "payment": payment,
            "why": WHY_KEPT[Outcome(payment.outcome)],
            "order_url": absolute(order.get_absolute_url()),
        },
    )
