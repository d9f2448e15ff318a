"""The warehouse's verbs: open, prepare, label, dispatch. Each is safe to repeat and takes its author.

A paid order is looked at under its own lock before anything is packed or bought: a refund or cancellation that
staff write in the same second waits, or is seen.
"""

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import storages

from accounts.models import User
from orders.calendar import paris_date
from orders.models import Order

from . import colissimo, notices
from .errors import ShippingError
from .models import Shipment

logger = logging.getLogger(__name__)
Status, LabelState = Shipment.Status, Shipment.LabelState

ANSWER_OVERDUE = timedelta(minutes=10)
JOB_OVERDUE = timedelta(minutes=1)


def open_missing(*, limit: int = 500) -> int:
    """Put paid orders without a shipment into the preparation queue, oldest payment first; return how many."""
    missing = Order.objects.paid().filter(shipments=None).order_by("paid_at")[:limit]
    shipments = [Shipment(order=order, weight_kg=settings.PARCEL_WEIGHTS[order.masks]) for order in missing]
    # Another worker may have opened the same ones: its row is as good as ours.
    Shipment.objects.bulk_create(shipments, ignore_conflicts=True)
    return len(shipments)


@contextmanager
def _locked(shipment: Shipment) -> Iterator[Shipment]:
    """Hold the company's and the order's rows, then the shipment's, all read afresh."""
    order = shipment.order
    with order.locked():
        held = Shipment.objects.select_for_update(of=("self",), no_key=True)
        shipment.refresh_from_db(from_queryset=held)
        shipment.order = order  # the row just read under lock
        yield shipment


def _require_paid(order: Order) -> None:
    if order.status != Order.Status.PAID:
        raise ShippingError(f"La commande est « {order.get_status_display()} » : rien à expédier.")


def prepare(shipment: Shipment, *, by: User | None, at: datetime) -> None:
    """Begin the preparation of a paid order and tell the customer."""
    with _locked(shipment):
        if shipment.prepared_at is not None:
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
        shipment.label_state, shipment.label_asked_at = LabelState.WANTED, at
        shipment.save(update_fields=["label_state", "label_asked_at"])


def buy_wanted(*, at: datetime, limit: int = 50) -> None:
    """The sweep: buy the labels whose job was lost, those wanted longest first."""
    wanted = Shipment.objects.filter(label_state=LabelState.WANTED, label_asked_at__lt=at - JOB_OVERDUE)
    for shipment in wanted.select_related("order").order_by("label_asked_at")[:limit]:
        buy(shipment, at=at)


def buy(shipment: Shipment, *, at: datetime) -> None:
    """Buy one label in a job: a refusal stays on the shipment, where staff read it."""
    try:
        label(shipment, at=at)
    except ShippingError as error:
        logger.warning("no label for order %s: %s", shipment.order.reference, error)


def _refuse_second_label(shipment: Shipment) -> None:
    if shipment.label_state in (LabelState.ASKED, LabelState.DOUBTFUL):
        raise ShippingError("Une étiquette a peut-être déjà été achetée : vérifiez chez Colissimo.")


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
        _note(shipment, LabelState.REFUSED, str(error))
        raise ShippingError(f"Colissimo refuse l’étiquette : {error}") from error
    except colissimo.Doubtful as error:
        _note(shipment, LabelState.DOUBTFUL, str(error))
        raise ShippingError(f"Réponse de Colissimo incertaine, à vérifier : {error}") from error
    _keep(shipment, bought)


def _note(shipment: Shipment, state: Shipment.LabelState, message: str) -> None:
    with _locked(shipment):
        shipment.label_state, shipment.label_message = state, message[:500]
        shipment.save(update_fields=["label_state", "label_message"])


def _keep(shipment: Shipment, bought: colissimo.Label) -> None:
    """Store the files, then number and fingerprints: a label we paid for is never lost."""
    files = storages["private"]
    folder = f"labels/{bought.parcel_number}"
    label_path = files.save(f"{folder}/etiquette.pdf", ContentFile(bought.pdf))
    customs_path = files.save(f"{folder}/cn23.pdf", ContentFile(bought.customs_pdf)) if bought.customs_pdf else ""
    with _locked(shipment):
        shipment.label_state, shipment.label_message = LabelState.DONE, bought.message[:500]
        shipment.label_path, shipment.label_sha256 = label_path, hashlib.sha256(bought.pdf).hexdigest()
        shipment.customs_path = customs_path
        shipment.customs_sha256 = hashlib.sha256(bought.customs_pdf).hexdigest() if bought.customs_pdf else ""
        shipment.parcel_number, shipment.partner_barcode = bought.parcel_number, bought.partner_barcode
        shipment.save()


def release_doubt(shipment: Shipment, *, by: User) -> None:
    """Staff looked at Colissimo's own pages: no label was bought, it may be asked again."""
    with _locked(shipment):
        if shipment.label_state not in (LabelState.ASKED, LabelState.DOUBTFUL):
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
            raise ShippingError("Demandez d’abord l’étiquette : il n’y a pas encore de numéro de colis.")
        shipment.status = Status.SHIPPED
        shipment.shipped_at, shipment.shipped_by, shipment.checked_at = at, by, at
        shipment.save(update_fields=["status", "shipped_at", "shipped_by", "checked_at"])
        notices.post(shipment, "shipped")
