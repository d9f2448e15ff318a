"""Jobs of the accounts."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from . import audit
from .models import User

UNCONFIRMED_LIFE = timedelta(days=7)


@shared_task
def delete_stale_signups() -> None:
    """Forget who never typed the code: the data were kept for that alone."""
    User.objects.unconfirmed().joined_before(timezone.now() - UNCONFIRMED_LIFE).delete()


@shared_task
def delete_old_audit() -> None:
    """Forget what staff did three years ago."""
    audit.delete_old(timezone.now())
