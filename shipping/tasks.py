"""Jobs of the parcels. Each fetches, calls one verb, ends."""

from celery import shared_task
from django.utils import timezone

from . import preparation, tracking
from .models import Shipment


@shared_task
def open_missing() -> None:
    preparation.open_missing()


@shared_task
def buy_label(shipment_pk: int) -> None:
    preparation.buy(Shipment.objects.select_related("order").get(pk=shipment_pk), at=timezone.now())


@shared_task
def see_to_labels() -> None:
    preparation.doubt_overdue_answers(at=timezone.now())
    preparation.buy_wanted(at=timezone.now())


@shared_task
def follow_parcels() -> None:
    tracking.poll(at=timezone.now())
