"""Jobs of the outbox."""

from celery import shared_task

from notifications import delivery


@shared_task
def deliver_message(message_pk: int) -> None:
    """Send one message now, unless its relay is resting: the sweeper finds it then."""
    delivery.deliver_at_once(message_pk)


@shared_task
def deliver_due() -> None:
    """Send what waits: lost jobs, retries whose time has come, messages held overnight."""
    delivery.take_back_stuck()
    delivery.deliver_due()
