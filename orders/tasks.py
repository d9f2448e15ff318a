"""Jobs."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from . import checkout

DRAFT_LIFE = timedelta(days=30)


@shared_task
def delete_stale_drafts() -> None:
    """Delete drafts that nobody touched for thirty days."""
    checkout.delete_untouched(since=timezone.now() - DRAFT_LIFE)
