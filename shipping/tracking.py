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

from . import laposte, notices
from .models import Shipment, TrackingEvent
from .steps import FINAL, MEANINGS, Step, notice_of, step_of

logger = logging.getLogger(__name__)
Status = Shipment.Status

FOLLOWED_FOR = timedelta(days=60)
YOUNG = timedelta(days=10)
OLD_IS_SLOWER_BY = 6
CALLS_PER_RUN = 40
RUN_BUDGET = 40.0  # seconds; the next run, a minute later, goes on with those unchecked longest
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
            return read
        except laposte.Unavailable as error:
            logger.warning("La Poste does not answer (%s): next round", error)
            return read
        for shipment in group:
            apply(shipment, envelopes.get(str(shipment.parcel_number), ()), at=at)
            read += 1
    return read


def _due(at: datetime) -> models.QuerySet[Shipment]:
    """Shipped, not final, younger than 60 days; a parcel of its first ten days is asked about more often."""
    followed = Shipment.objects.filter(is_final=False, shipped_at__isnull=False, shipped_at__gt=at - FOLLOWED_FOR)
    young, old = settings.TRACKING_PAUSE, settings.TRACKING_PAUSE * OLD_IS_SLOWER_BY
    is_due = Q(shipped_at__gt=at - YOUNG, checked_at__lte=at - young) | Q(checked_at__lte=at - old)
    return followed.filter(is_due | Q(checked_at=None)).select_related("order").order_by("checked_at")


def apply(shipment: Shipment, events: Iterable[laposte.Event], *, at: datetime) -> None:
    """Store what is new and draw the consequences. The same answer twice, or in two workers, changes nothing."""
    order = shipment.order
    with transaction.atomic():
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
    """The status is that of the newest event by date, however late or mixed up the events arrive."""
    newest = shipment.events.first()
    if newest is None:
        return
    step = step_of(newest.code)
    shipment.status = MEANINGS[step].status
    shipment.is_final = step in FINAL
    shipment.delivered_at = newest.at if step is Step.DELIVERED else None
