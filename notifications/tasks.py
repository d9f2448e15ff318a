"""Jobs of the outbox."""

from celery import shared_task
from django.utils import timezone

from notifications import delivery, retention


@shared_task
def deliver_message(message_pk: int) -> None:
    """Send one message now, unless its relay is resting: the sweeper finds it then."""
    delivery.deliver_at_once(message_pk)


@shared_task
def deliver_due() -> None:
    """Send what waits: lost jobs, retries whose time has come, messages held overnight."""
    delivery.take_back_stuck()
    delivery.deliver_due()


@shared_task
def erase_old() -> None:
    """Forget to whom we wrote what more than 13 months ago."""
    retention.erase_old(timezone.now())
