"""The warehouse's verbs: open, prepare, label, dispatch. Each is safe to repeat and takes its author.

A paid order is looked at under its own lock before anything is packed or bought: a refund or cancellation that
staff write in the same second waits, or is seen.
"""

import hashlib
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import IntegrityError, connection, transaction

from accounts.models import User
from orders.calendar import paris_date
from orders.errors import BusyError
from orders.models import Order

from . import colissimo, notices
from .errors import ShippingError
from .models import Shipment

logger = logging.getLogger(__name__)
Status, LabelState = Shipment.Status, Shipment.LabelState

ANSWER_OVERDUE = timedelta(minutes=10)
JOB_OVERDUE = timedelta(minutes=1)
ROUND_BUDGET = 20.0  # seconds of a sweep; with the last call's time-outs it ends before the job's limit


def open_missing(*, limit: int = 500) -> int:
    """Put paid orders without a shipment into the preparation queue, oldest payment first; return how many."""
    missing = Order.objects.paid().filter(shipments=None).order_by("paid_at")[:limit]
    shipments = [Shipment(order=order, weight_kg=_weight(order)) for order in missing]
    # Another worker may have opened the same ones: its row is as good as ours.
    Shipment.objects.bulk_create(shipments, ignore_conflicts=True)
    return len(shipments)


def _weight(order: Order) -> Decimal:
    """Gross weight in kg; a quantity that nobody has weighed is its lots in parcels of their own, a little too much."""
    weights = settings.PARCEL_WEIGHTS
    return weights.get(order.masks, order.lots * weights[order.lot_size])


@contextmanager
def _locked(shipment: Shipment) -> Iterator[Shipment]:
    """Hold the company's and the order's rows, then the shipment's, all read afresh."""
    order = shipment.order
    with order.locked():
        held = Shipment.objects.select_for_update(of=("self",), no_key=True)
        shipment.refresh_from_db(from_queryset=held)
        shipment.order = order  # the row just read under lock
        yield shipment


@contextmanager
def _locked_alone(shipment: Shipment) -> Iterator[None]:
    """Hold the shipment's row only, and wait for it: what Colissimo answered is written down, whoever holds the order.

    Staff who release a doubt in the same moment wait in `_locked`, or are waited for.
    """
    order = shipment.order
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = 0")
        held = Shipment.objects.select_for_update(of=("self",), no_key=True)
        shipment.refresh_from_db(from_queryset=held)
        shipment.order = order
        yield


def _require_paid(order: Order) -> None:
    if order.status != Order.Status.PAID:
        raise ShippingError(f"La commande est «\u00a0{order.get_status_display()}\u00a0»\u00a0: rien à expédier.")


def prepare(shipment: Shipment, *, by: User | None, at: datetime) -> None:
    """Begin the preparation of a paid order and tell the customer."""
    with _locked(shipment):
        if shipment.prepared_at is not None or shipment.shipped_at is not None:
            return
        _require_paid(shipment.order)
        shipment.status = Status.PREPARING
        shipment.prepared_at, shipment.prepared_by = at, by
        shipment.save(update_fields=["status", "prepared_at", "prepared_by"])
        notices.post(shipment, "preparation_started")


def want_label(shipment: Shipment, *, at: datetime) -> None:
    """Note that staff want the label; a job buys it, because fifty calls do not fit into one page."""
    with _locked(shipment):
        if shipment.label_state in (LabelState.DONE, LabelState.WANTED):
            return
        _refuse_second_label(shipment)
        _require_paid(shipment.order)
        shipment.label_state, shipment.label_asked_at, shipment.label_message = LabelState.WANTED, at, ""
        shipment.save(update_fields=["label_state", "label_asked_at", "label_message"])


def buy_wanted(*, at: datetime, limit: int = 50) -> None:
    """The sweep: buy the labels whose job was lost, those wanted longest first."""
    wanted = Shipment.objects.filter(label_state=LabelState.WANTED, label_asked_at__lt=at - JOB_OVERDUE)
    stop_at = time.monotonic() + ROUND_BUDGET
    for shipment in wanted.select_related("order").order_by("label_asked_at")[:limit]:
        if time.monotonic() > stop_at:
            return
        try:
            buy(shipment, at=at)
        except Exception:
            logger.exception("no label for %s", shipment)


def buy(shipment: Shipment, *, at: datetime) -> None:
    """Buy one label in a job: a refusal stays on the shipment, where staff read it."""
    try:
        label(shipment, at=at)
    except BusyError:
        logger.warning("order %s is busy: its label is asked for in the next round", shipment.order.reference)
    except ShippingError as error:
        logger.warning("no label for order %s: %s", shipment.order.reference, error)
        with _locked_alone(shipment):
            # Refused before the call (refunded since, no invoice): it must not be tried again every minute.
            if shipment.label_state == LabelState.WANTED:
                _note(shipment, LabelState.REFUSED, str(error))


def _refuse_second_label(shipment: Shipment) -> None:
    if shipment.label_state in (LabelState.ASKED, LabelState.DOUBTFUL):
        raise ShippingError("Une étiquette a peut-être déjà été achetée\u00a0: vérifiez chez Colissimo.")


def label(shipment: Shipment, *, at: datetime) -> None:
    """Get the Colissimo label and parcel number; a label that exists is kept, a second one would cost money.

    The attempt is written down before the call. An answer that is doubtful (time-out, broken) leaves the shipment
    "to check": nothing is asked again by itself.
    """
    with _locked(shipment):
        if shipment.label_state == LabelState.DONE:
            return
        _refuse_second_label(shipment)
        _require_paid(shipment.order)
        body = colissimo.request_body(shipment, deposit_on=paris_date(at))
        shipment.label_state, shipment.label_asked_at, shipment.label_message = LabelState.ASKED, at, ""
        shipment.save(update_fields=["label_state", "label_asked_at", "label_message"])
    try:
        bought = colissimo.buy_label(body)
    except colissimo.Refused as error:
        with _locked_alone(shipment):
            _note(shipment, LabelState.REFUSED, str(error))
        raise ShippingError(f"Colissimo refuse l’étiquette\u00a0: {error}") from error
    except colissimo.Doubtful as error:
        with _locked_alone(shipment):
            _note(shipment, LabelState.DOUBTFUL, str(error))
        raise ShippingError(f"Réponse de Colissimo incertaine, à vérifier\u00a0: {error}") from error
    _keep(shipment, bought)


def _note(shipment: Shipment, state: Shipment.LabelState, message: str) -> None:
    shipment.label_state, shipment.label_message = state, message[:500]
    shipment.save(update_fields=["label_state", "label_message"])


def _keep(shipment: Shipment, bought: colissimo.Label) -> None:
    """Store the files, then number and fingerprints: a label we paid for is never lost.

    Where the files cannot be stored, the number still is: staff print the label on Colissimo's own pages.
    """
    number = bought.parcel_number
    logger.info("label %s bought for order %s", number, shipment.order.reference)
    facts: dict[str, str] = {"parcel_number": number, "partner_barcode": bought.partner_barcode}
    try:
        facts |= _stored(bought)
    except Exception:  # disk full, storage unreachable: whatever it is, the label is ours
        logger.exception("label %s of order %s is not stored", number, shipment.order.reference)
        state = LabelState.DOUBTFUL
        message = f"Étiquette {number} achetée mais non gardée\u00a0: imprimez-la sur le site de Colissimo."
    else:
        state, message = LabelState.DONE, bought.message
    try:
        _write(shipment, state, message, facts)
    except IntegrityError as error:
        with _locked_alone(shipment):
            _note(shipment, LabelState.DOUBTFUL, f"Le numéro {number} est déjà celui d’un autre colis.")
        raise ShippingError(f"Le numéro {number} est déjà celui d’un autre colis.") from error
    if state == LabelState.DOUBTFUL:
        raise ShippingError(message)


def _stored(bought: colissimo.Label) -> dict[str, str]:
    """Store label and customs form; paths and fingerprints by field."""
    facts: dict[str, str] = {}
    for name, prefix, pdf in (("etiquette", "label", bought.pdf), ("cn23", "customs", bought.customs_pdf)):
        if pdf:
            path = storages["private"].save(f"labels/{bought.parcel_number}/{name}.pdf", ContentFile(pdf))
            facts |= {f"{prefix}_path": path, f"{prefix}_sha256": hashlib.sha256(pdf).hexdigest()}
    return facts


def _write(shipment: Shipment, state: Shipment.LabelState, message: str, facts: dict[str, str]) -> None:
    with _locked_alone(shipment):
        for name, value in facts.items():
            setattr(shipment, name, value)
        shipment.label_state, shipment.label_message = state, message[:500]
        shipment.save(update_fields=["label_state", "label_message", *facts])


def release_doubt(shipment: Shipment, *, by: User) -> None:
    """Staff looked at Colissimo's own pages: no label was bought, it may be asked again."""
    with _locked(shipment):
        if shipment.label_state != LabelState.DOUBTFUL:  # one just asked for may still be answered
            raise ShippingError("Cette expédition n’a pas d’étiquette à vérifier.")
        shipment.label_state = LabelState.NONE
        shipment.label_message = f"Vérifié chez Colissimo par {by.get_username()}"
        shipment.save(update_fields=["label_state", "label_message"])


def doubt_overdue_answers(*, at: datetime) -> int:
    """The sweep: a label asked for long ago without an answer (the process died) is to be checked by staff."""
    overdue = Shipment.objects.filter(label_state=LabelState.ASKED, label_asked_at__lt=at - ANSWER_OVERDUE)
    return overdue.update(label_state=LabelState.DOUBTFUL, label_message="Aucune réponse reçue")


def dispatch(shipment: Shipment, *, by: User | None, at: datetime) -> None:
    """Record that the parcel left, and tell the customer its number by e-mail and SMS."""
    with _locked(shipment):
        if shipment.shipped_at is not None:
            return
        _require_paid(shipment.order)
        if not shipment.parcel_number:
            raise ShippingError("Demandez d’abord l’étiquette\u00a0: il n’y a pas encore de numéro de colis.")
        shipment.status = Status.SHIPPED
        shipment.shipped_at, shipment.shipped_by, shipment.checked_at = at, by, at
        if shipment.prepared_at is None:  # what left was prepared, whoever forgot to say so
            shipment.prepared_at, shipment.prepared_by = at, by
        facts = ["shipped_at", "shipped_by", "checked_at", "prepared_at", "prepared_by"]
        shipment.save(update_fields=["status", *facts])
        notices.post(shipment, "shipped")
