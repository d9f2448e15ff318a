"""Jobs of the Rejet SIRET desk. Each fetches, calls one verb, ends."""

from celery import shared_task
from django.utils import timezone

from . import documents, mailbox, reminders, retention, shelf


@shared_task
def scan_waiting() -> None:
    """Scan what came while ClamAV was away."""
    documents.scan_waiting()


@shared_task
def remind() -> None:
    """Tell staff of cases that are due soon."""
    reminders.remind(timezone.now())


@shared_task
def forget() -> None:
    """The night's work: close the silent ones, delete what has served, make the old ones anonymous."""
    retention.forget(timezone.now())


@shared_task
def clear_shelf() -> None:
    """Delete files whose form did not come again."""
    shelf.clear(timezone.now())


@shared_task
def read_mailbox() -> None:
    """Take what has come into the help desk's mailbox."""
    mailbox.poll(at=timezone.now())


@shared_task
def tidy_mailbox() -> None:
    """Delete e-mails whose text and documents the cases have."""
    mailbox.tidy(at=timezone.now())
