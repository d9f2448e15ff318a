"""Jobs of the money. Each fetches, calls one verb, ends."""

from celery import shared_task
from django.utils import timezone

from . import deadlines, pdf, sweeps


@shared_task
def settle_payments() -> None:
    sweeps.settle_all(at=timezone.now())


@shared_task
def make_missing_pdfs() -> None:
    pdf.make_missing()


@shared_task
def expire_overdue() -> None:
    deadlines.expire_overdue(at=timezone.now())
