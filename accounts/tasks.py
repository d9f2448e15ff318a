"""Jobs of the accounts."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from .models import User

UNCONFIRMED_LIFE = timedelta(days=7)


@shared_task
def delete_stale_signups() -> None:
    """Forget who never typed the code: the data were kept for that alone."""
    User.objects.unconfirmed().joined_before(timezone.now() - UNCONFIRMED_LIFE).delete()
