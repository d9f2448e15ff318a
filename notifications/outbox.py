"""Post a message: a row written inside the caller's transaction, delivered after it.

A transaction that is rolled back leaves no message; one that commits and crashes leaves a row the sweeper finds.
Texts are rendered here and now, so that a message says what was true when the business fact was written.

    outbox.post("orders/order_confirmed", to=user.email, key=f"order_confirmed:{order.pk}", context={…})

uses `orders/email/order_confirmed.subject.txt` and `.txt`; `post_sms` uses `orders/sms/order_confirmed.txt`.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import connection, transaction
from django.utils import timezone

from notifications import quiet_hours, rendering, tasks
from notifications.models import Channel, Message, Status, Urgency
from notifications.queue import enqueue
from notifications.sms import gsm7


def post(
    kind: str,
    *,
    to: str,
    key: str,
    context: Mapping[str, Any],
    about: str = "",
    secret: bool = False,
    not_after: datetime | None = None,
    urgency: Urgency = Urgency.NOTICE,
) -> Message:
    """Post an e-mail; a second call with the same key returns the first row and sends nothing more.

    `about` is what a caller on the phone dictates (order reference, SIRET, case number). A `secret` message
    carries a code or a link: it goes first, at most once, and its text is erased afterwards. After `not_after`
    the message has lost its reason and is withdrawn instead of sent.
    """
    letter = rendering.email(kind, context)
    return _store(
        Message(
            channel=Channel.EMAIL,
            kind=kind,
            recipient=to.strip(),
            subject=letter.subject,
            body_text=letter.text,
            body_html=letter.html,
            about=about,
            dedupe_key=_key(key, Channel.EMAIL),
            is_secret=secret,
            not_after=not_after,
            urgency=Urgency.CODE if secret else urgency,
        )
    )


def post_sms(
    kind: str,
    *,
    to: str,
    key: str,
    context: Mapping[str, Any],
    about: str = "",
    secret: bool = False,
    not_after: datetime | None = None,
    urgency: Urgency = Urgency.NOTICE,
) -> Message:
    """Post an SMS to an E.164 number; same promises as `post`. Only a code may ring at night."""
    message = Message(
        channel=Channel.SMS,
        kind=kind,
        recipient=to.strip(),
        body_text=gsm7(rendering.sms(kind, context)),
        about=about,
        dedupe_key=_key(key, Channel.SMS),
        is_secret=secret,
        not_after=not_after,
        urgency=Urgency.CODE if secret else urgency,
    )
    message.next_attempt_at = quiet_hours.earliest(message, message.created_at)
    return _store(message)


def withdraw(key: str) -> bool:
    """Take back what was posted under this key and has not left yet, on both channels; say whether there was any."""
    keys = [_key(key, channel) for channel in Channel]
    return Message.objects.filter(dedupe_key__in=keys).withdraw() > 0


def withdraw_series(beginning: str) -> bool:
    """Take back everything whose key begins so and that has not left yet; say whether there was any."""
    return Message.objects.filter(dedupe_key__startswith=beginning).withdraw() > 0


def was_posted(key: str) -> bool:
    """Whether a message was posted under this key, on either channel, whatever has become of it."""
    return Message.objects.filter(dedupe_key__in=[_key(key, channel) for channel in Channel]).exists()


class ResendRefused(Exception):
    """This message cannot go out again; the text is a French sentence for staff."""


@transaction.atomic
def resend(message: Message, *, by: AbstractBaseUser) -> Message:
    """Post a new row with the same text, its author and a link to the first one, or raise ResendRefused."""
    # A second click, or a colleague's, waits here and then finds the copy of the first.
    original = Message.objects.select_for_update(of=("self",)).get(pk=message.pk)
    _refuse_resend(original)
    first = original.resend_of or original
    return _store(
        Message(
            **{name: getattr(original, name) for name in ("channel", "kind", "recipient", "about", *Message.TEXT)},
            urgency=original.urgency,
            not_after=original.not_after,
            dedupe_key=f"resend:{first.pk}:{first.resends.count() + 1}",
            resend_of=first,
            resent_by_id=by.pk,
        )
    )


def _refuse_resend(message: Message) -> None:
    if message.is_secret:
        raise ResendRefused("un code ou un lien personnel n’est jamais renvoyé")
    if not message.body_text:
        raise ResendRefused("le texte a été effacé")
    if message.status not in (Status.SENT, Status.FAILED):
        raise ResendRefused(f"le message n’est pas parti (état\u00a0: {message.get_status_display()})")
    if message.not_after and message.not_after < timezone.now():
        raise ResendRefused("le message n’a plus d’objet")
    if message.resends.filter(status__in=(Status.PENDING, Status.SENDING)).exists():
        raise ResendRefused("un renvoi est déjà en cours")


def _key(key: str, channel: Channel) -> str:
    return f"{key}:{channel.value}"


def _store(message: Message) -> Message:
    """Insert the row unless its key exists, without breaking the caller's transaction either way.

    ON CONFLICT DO NOTHING waits for another transaction that is inserting the same key: where that one commits
    we see its row, where it rolls back ours goes in. A caught IntegrityError would have aborted the caller's
    transaction, or cost a savepoint for each message.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError(
            f"Post {message.kind} inside the transaction that gives the reason for it"
        )
    Message.objects.bulk_create([message], ignore_conflicts=True)
    stored = Message.objects.get(dedupe_key=message.dedupe_key)
    if stored.status == Status.PENDING and stored.attempts == 0:
        enqueue(tasks.deliver_message, stored.pk)
    return stored
