"""The Celery application and, on one page, everything that happens by the clock (Paris time).

Each job is safe to run twice at once: its query is the queue, and the verbs it calls lock and look again.
None is placed between 02:00 and 03:00, which happen twice or never on the days the clock changes.
"""

import os
from typing import Any

from celery import Celery
from celery.schedules import crontab
from celery.signals import beat_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "masques.settings")

app = Celery("masques")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(["eligibility.cases"])

app.conf.beat_schedule = {
    # What a lost message left undone is found by the sweeper beside it.
    "heartbeat": {"task": "masques.tasks.heartbeat", "schedule": 5.0},
    "deliver due messages": {"task": "notifications.tasks.deliver_due", "schedule": 10.0},
    "settle payments left half-way": {"task": "billing.tasks.settle_payments", "schedule": 60.0},
    "make missing invoice PDFs": {"task": "billing.tasks.make_missing_pdfs", "schedule": 60.0},
    # From D+8 07:00 Paris; every five minutes, so that a stopped beat catches up by itself.
    "expire unpaid orders": {"task": "billing.tasks.expire_overdue", "schedule": crontab(minute="*/5")},
    "open missing shipments": {"task": "shipping.tasks.open_missing", "schedule": 20.0},
    "see to labels": {"task": "shipping.tasks.see_to_labels", "schedule": 60.0},
    "follow parcels": {"task": "shipping.tasks.follow_parcels", "schedule": 20.0},
    "read the help desk's mailbox": {"task": "eligibility.cases.tasks.read_mailbox", "schedule": 60.0},
    "tidy the help desk's mailbox": {"task": "eligibility.cases.tasks.tidy_mailbox", "schedule": crontab(minute=35)},
    "remind of cases due soon": {"task": "eligibility.cases.tasks.remind", "schedule": crontab(minute="*/10")},
    "clear the shelf of files": {"task": "eligibility.cases.tasks.clear_shelf", "schedule": crontab(minute="*/5")},
    "scan waiting documents": {"task": "eligibility.cases.tasks.scan_waiting", "schedule": 60.0},
    "delete stale sign-ups": {"task": "accounts.tasks.delete_stale_signups", "schedule": crontab(hour=4, minute=10)},
    "delete stale drafts": {"task": "orders.tasks.delete_stale_drafts", "schedule": crontab(hour=4, minute=20)},
    "warn of old registers": {
        "task": "eligibility.tasks.warn_of_old_registers",
        "schedule": crontab(hour=7, minute=40),
    },
    "forget old cases": {"task": "eligibility.cases.tasks.forget", "schedule": crontab(hour=4, minute=25)},
    "erase old messages": {"task": "notifications.tasks.erase_old", "schedule": crontab(hour=4, minute=30)},
    "delete old audit": {"task": "accounts.tasks.delete_old_audit", "schedule": crontab(hour=4, minute=40)},
}


@beat_init.connect
def mark_at_once(**_: Any) -> None:
    """Send the first heartbeat at beat's start: `/readyz` need not wait for the timetable."""
    app.send_task("masques.tasks.heartbeat")
