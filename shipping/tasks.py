"""Jobs of the parcels. Each fetches, calls one verb, ends."""

from celery import shared_task
from django.utils import timezone

from . import preparation, tracking


@shared_task
def open_missing() -> None:
    preparation.open_missing()
    preparation.doubt_overdue_answers(at=timezone.now())


@shared_task
def follow_parcels() -> None:
    tracking.poll(at=timezone.now())
