"""Jobs of the house itself."""

from celery import shared_task
from django.core.cache import cache
from django.utils import timezone

HEARTBEAT = "heartbeat"


@shared_task
def heartbeat() -> None:
    """Prove that beat, broker and worker are alive: `/readyz` reads the age of this mark."""
    cache.set(HEARTBEAT, timezone.now().timestamp(), timeout=3600)
