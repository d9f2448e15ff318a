"""Jobs of eligibility."""

from celery import shared_task
from django.utils import timezone

from . import ages


@shared_task
def warn_of_old_registers() -> None:
    """Tell staff of registers that are, or soon will be, too old to be trusted."""
    ages.warn(timezone.now())
