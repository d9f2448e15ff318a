"""Claim a message, send it, write down how it ended.

Three steps, two short transactions, no lock held while the outside is spoken to. The claim is committed before the
call, so that a worker killed in the middle leaves a row that says "sending" and not one that looks untouched:
an e-mail is then sent again after an hour (at least once), an SMS or a code is not (at most once).
"""

import logging
import time
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from notifications import failures, mail, quiet_hours, sms
from notifications.failures import Undelivered
from notifications.models import Channel, Failure, Message, Status
from notifications.pause import Pause

log = logging.getLogger(__name__)

BATCH = 100  # messages a sweep takes from each channel
BUDGET = 40  # seconds a sweep may last; the tasks' own soft limit is 60
HEAD_START = timedelta(seconds=10)  # the job enqueued with a message goes first, the sweeper takes what it missed
STUCK_AFTER = timedelta(hours=1)

RELAY_DOWN = (Failure.CONNECTION, Failure.CONFIGURATION)
SENDERS = {Channel.EMAIL: mail.send, Channel.SMS: sms.send}
# A relay that does not answer would otherwise hold every worker for its time-out, message after message.
pauses = {channel: Pause(seconds=15) for channel in Channel}


def deliver(message_pk: int, *, now: datetime | None = None) -> Failure | None:
    """Send one message if it is due; harmless for one that is not. Return the class of failure, if any."""
    message = _claim(message_pk, now or timezone.now())
    if message is None:
        return None
    try:
        SENDERS[Channel(message.channel)](message)
    except Undelivered as error:
        _write_failure(message, error, now or timezone.now())
        return error.failure
    _write_success(message, now or timezone.now())
    return None


def deliver_at_once(message_pk: int) -> None:
    """Send one message for the job that was enqueued with it, unless its relay does not answer these days."""
    channel = Message.objects.filter(pk=message_pk).values_list("channel", flat=True).first()
    if channel is None or pauses[Channel(channel)].is_on():
        return
    if deliver(message_pk) in RELAY_DOWN:
        pauses[Channel(channel)].begin()


def deliver_due(limit: int = BATCH, *, now: datetime | None = None) -> int:
    """Send what is due, most urgent first; return how many rows were tried. Bounded in rows and seconds."""
    moment = now or timezone.now()
    stop_at = time.monotonic() + BUDGET
    tried = 0
    for channel in Channel:
        due = Message.objects.due(moment - HEAD_START).filter(channel=channel).most_urgent_first()
        for message_pk in due.values_list("pk", flat=True)[:limit]:
            if time.monotonic() > stop_at:
                return tried
            failure = deliver(message_pk, now=now)
            tried += 1
            if failure in RELAY_DOWN:
                pauses[channel].begin()
                break  # the others would fail the same way: their attempts are not spent on it
            pauses[channel].end()
    return tried


def take_back_stuck(limit: int = BATCH, *, now: datetime | None = None) -> int:
    """Decide about rows whose worker never came back; return how many."""
    moment = now or timezone.now()
    with transaction.atomic():
        # Another sweep may be deciding about the same rows.
        stuck = (
            Message.objects.select_for_update(of=("self",), skip_locked=True)
            .stuck(moment - STUCK_AFTER)
            .order_by("claimed_at")[:limit]
        )
        for message in stuck:
            _write_failure(message, Undelivered(Failure.UNCERTAIN, "L’envoi a été interrompu."), moment)
    return len(stuck)


def _claim(message_pk: int, now: datetime) -> Message | None:
    """Mark the row as being sent, unless another worker has it or it has no reason to leave now."""
    with transaction.atomic(durable=True):
        # The job, the sweeper and a second delivery of the same job may all be here: one gets the row.
        message = (
            Message.objects.due(now).select_for_update(of=("self",), skip_locked=True).filter(pk=message_pk).first()
        )
        if message is None:
            return None
        if _has_no_reason(message, now):
            Message.objects.filter(pk=message.pk).withdraw()
            return None
        morning = quiet_hours.earliest(message, now)
        if morning > now:
            Message.objects.filter(pk=message.pk).update(next_attempt_at=morning)
            return None
        message.status = Status.SENDING
        message.claimed_at = now
        message.attempts += 1
        message.save(update_fields=["status", "claimed_at", "attempts"])
    return message


def _has_no_reason(message: Message, now: datetime) -> bool:
    if message.channel == Channel.SMS and sms.is_off():
        return True
    return message.not_after is not None and message.not_after < now


def _write_success(message: Message, now: datetime) -> None:
    """Sent is the last word, even where the row was taken back meanwhile."""
    Message.objects.filter(pk=message.pk).update(
        status=Status.SENT, sent_at=now, failure="", last_error="", **_erased(message)
    )


def _write_failure(message: Message, error: Undelivered, now: datetime) -> None:
    """Plan the next attempt or give up; a row that another worker claimed since is left to it."""
    again_at = failures.next_attempt(
        error.failure, attempts=message.attempts, at_most_once=message.at_most_once, now=now
    )
    changes: dict[str, Any] = {"failure": error.failure, "last_error": str(error)[:500]}
    if again_at is None:
        log.error("message %s (%s) given up: %s %s", message.pk, message.kind, error.failure, error)
        changes |= {"status": Status.FAILED} | _erased(message)
    else:
        log.warning("message %s (%s) again at %s: %s", message.pk, message.kind, again_at, error)
        changes |= {"status": Status.PENDING, "next_attempt_at": again_at}
    claim = Message.objects.filter(pk=message.pk, status=Status.SENDING, claimed_at=message.claimed_at)
    claim.update(**changes)


def _erased(message: Message) -> dict[str, str]:
    """A code or link is of no use to anybody once the message has come to its end."""
    return dict.fromkeys(Message.TEXT, "") if message.is_secret else {}
