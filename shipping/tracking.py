"""Following parcels: ask La Poste, store each event once, move the shipment, tell the customer each step once.

Pages read our tables and never La Poste's service; when it is slow or down, nothing but freshness suffers.
"""

import logging
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, models, transaction
from django.db.models import Q
from django.urls import reverse

from notifications import outbox
from notifications.addresses import absolute
from orders.calendar import paris_date
from orders.locks import impatient

from . import laposte, notices
from .models import Shipment, TrackingEvent
from .steps import FINAL, MEANINGS, Step, after, notice_of, step_of

logger = logging.getLogger(__name__)

FOLLOWED_FOR = timedelta(days=60)
YOUNG = timedelta(days=10)
OLD_IS_SLOWER_BY = 6
CALLS_PER_RUN = 40
RUN_BUDGET = 30.0  # seconds; with the last call's time-out a run ends before the job's limit, and the next goes on
SECONDS_BETWEEN_CALLS = 1.0  # La Poste's published quota is ten calls a second or a hundred a minute
POLL_LOCK = 0x50415243  # "PARC": any number that no other advisory lock of the shop uses
LABEL_MARGIN = timedelta(days=1)  # parcel numbers come back after some time: what is older is another parcel's


@contextmanager
def _alone() -> Iterator[bool]:
    """Tell whether no other worker is asking: two rounds at once would ask twice as often as La Poste allows."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [POLL_LOCK])
        is_alone = cursor.fetchone()[0]
        try:
            yield is_alone
        finally:
            if is_alone:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [POLL_LOCK])


def poll(*, at: datetime) -> int:
    """Ask about the parcels under way, longest unchecked first; return how many were read."""
    with _alone() as is_alone:
        return _round(at) if is_alone else 0


def _round(at: datetime) -> int:
    read = 0
    due = list(_due(at)[: CALLS_PER_RUN * laposte.GROUP])
    stop_at = time.monotonic() + RUN_BUDGET
    for start in range(0, len(due), laposte.GROUP):
        if start:
            time.sleep(SECONDS_BETWEEN_CALLS)
        if time.monotonic() > stop_at:
            break
        group = due[start : start + laposte.GROUP]
        try:
            envelopes = laposte.fetch([str(shipment.parcel_number) for shipment in group])
        except laposte.Unauthorised:
            logger.error("La Poste refuses our key: parcels are not followed")
            _alert_staff(at)
            return read
        except laposte.Unavailable as error:
            logger.warning("La Poste does not answer (%s): next round", error)
            return read
        for shipment in group:
            read += _apply_one(shipment, envelopes.get(str(shipment.parcel_number), ()), at=at)
    return read


def _apply_one(shipment: Shipment, events: Iterable[laposte.Event], *, at: datetime) -> bool:
    """Apply what was told of one parcel; one that cannot be is passed over, and goes to the end of the queue."""
    try:
        apply(shipment, events, at=at)
    except Exception:
        logger.exception("parcel %s cannot be followed", shipment.parcel_number)
        Shipment.objects.filter(pk=shipment.pk).update(checked_at=at)
        return False
    return True


def _alert_staff(at: datetime) -> None:
    """Write to staff, once a day, that La Poste lets us in no more: asking again changes nothing."""
    with transaction.atomic():
        outbox.post(
            "shipping/tracking_alert",
            to=settings.STAFF_ALERT_EMAIL,
            key=f"tracking_alert:{paris_date(at)}",
            context={"admin_url": absolute(reverse("admin:shipping_shipment_changelist"))},
        )


def _due(at: datetime) -> models.QuerySet[Shipment]:
    """Shipped, not final, younger than 60 days; a parcel of its first ten days is asked about more often."""
    followed = Shipment.objects.filter(is_final=False, shipped_at__isnull=False, shipped_at__gt=at - FOLLOWED_FOR)
    young, old = settings.TRACKING_PAUSE, settings.TRACKING_PAUSE * OLD_IS_SLOWER_BY
    is_due = Q(shipped_at__gt=at - YOUNG, checked_at__lte=at - young) | Q(checked_at__lte=at - old)
    return followed.filter(is_due | Q(checked_at=None)).select_related("order").order_by("checked_at")


def apply(shipment: Shipment, events: Iterable[laposte.Event], *, at: datetime) -> None:
    """Store what is new and draw the consequences. The same answer twice, or in two workers, changes nothing.

    Without the lock two workers would store the same events, and the one that read less would have the last word.
    """
    order = shipment.order
    with impatient():
        held = Shipment.objects.select_for_update(of=("self",), no_key=True)
        shipment.refresh_from_db(from_queryset=held)
        shipment.order = order
        shipment.checked_at = at
        since = (shipment.label_asked_at or shipment.created_at) - LABEL_MARGIN
        known = set(shipment.events.values_list("code", "at"))
        new = [
            TrackingEvent(shipment=shipment, code=event.code, label=event.label, at=event.at, point=event.point)
            for event in {(event.code, event.at): event for event in events}.values()
            if (event.code, event.at) not in known and event.at >= since
        ]
        new.sort(key=lambda event: event.at)
        TrackingEvent.objects.bulk_create(new)
        _move(shipment)
        shipment.save(update_fields=["status", "checked_at", "delivered_at", "is_final"])
        for event in new:
            if kind := notice_of(event.code):
                notices.post(shipment, kind, event=event, at=at)


def _move(shipment: Shipment) -> None:
    """The status follows from all events by date, however late or mixed up they arrive."""
    step, since = None, None
    for event in shipment.events.order_by("at", "pk"):
        step, before = after(step, step_of(event.code)), step
        since = since if step is before else event.at
    if step is None:
        return
    shipment.status = MEANINGS[step].status
    shipment.is_final = step in FINAL
    shipment.delivered_at = since if step is Step.DELIVERED else None
