"""The audit trail of the staff: Django's log of the desk, kept for three years and then deleted.

Every page of the desk that changes something writes a line: forms by themselves, actions beside the verb they call,
in its transaction.
"""

from datetime import datetime, timedelta

from django.contrib.admin.models import LogEntry

KEPT_FOR = timedelta(days=1096)  # 3 years


def delete_old(now: datetime) -> int:
    """Delete the lines past their time; return how many."""
    deleted, _ = LogEntry.objects.filter(action_time__lt=now - KEPT_FOR).delete()
    return deleted
