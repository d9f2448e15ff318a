"""The help desk's mailbox, read every minute: what is about a rejected SIRET goes into the cases, the rest stays.

An e-mail is first written into the database, in one transaction under its Message-ID, then moved. Whoever is killed
in between leaves it in its place, and the next poll only moves it. What cannot be dealt with is moved to a folder for
a person to look at, so that it holds up nothing.

Where the poll has got to stands in the cache, as a help only: without it all headers are read again.
"""

import logging
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from imap_tools import AND, BaseMailBox, H

from notifications.wording import paris_date

from . import imap, intake, intake_letters, mail, mail_headers
from .imap import Envelope
from .intake import SetAside
from .mail_headers import Headers
from .mail_subject import concerns_rejection
from .models import CaseMessage
from .states import State
from .waiting import WaitingMails

log = logging.getLogger(__name__)

DONE, TO_SEE = "Traités", "À voir"
HEADERS_PER_RUN = 300
MAILS_PER_RUN = 20
BUDGET = 40  # seconds that a run may last; the tasks' own soft limit is 60
MAX_SIZE = 30 * 1024 * 1024
MAX_TRIES = 3
KEPT = timedelta(days=30)  # how long an e-mail that is dealt with stays in the mailbox
PATIENCE = timedelta(minutes=30)  # how long the mailbox may be out of reach before the operator is told
DAY = 24 * 3600  # seconds
TROUBLE = "mailbox:trouble"  # the cache's key for the time when it began


@dataclass(frozen=True)
class Found:
    """An e-mail that is ours to deal with; `tries` names the count of how often that was begun."""

    envelope: Envelope
    headers: Headers
    tries: str


def poll(*, at: datetime) -> None:
    """Deal with what is new, as far as time allows; a mailbox out of reach is tried again by the next poll."""
    if not settings.IMAP_URL:
        return
    try:
        with imap.opened(settings.IMAP_URL) as box:
            _deal(box, at)
            waiting = imap.count(box, TO_SEE)
    except imap.TROUBLE as error:
        _note_trouble(error, at)
        return
    cache.delete(TROUBLE)
    WaitingMails.objects.update_or_create(pk=1, defaults={"to_see": waiting, "counted_at": at})
    if waiting and cache.add(f"mailbox:waiting:{paris_date(at)}", True, DAY):
        with transaction.atomic():
            intake_letters.waiting(waiting, folder=TO_SEE, at=at)


def _deal(box: BaseMailBox, at: datetime) -> None:
    """Deal with the new e-mails; those that were begun before and not ended come last."""
    numbering = imap.validity(box)
    mark, stop_at = f"mailbox:mark:{numbering}", time.monotonic() + BUDGET
    uids = imap.numbers_after(box, cache.get(mark, 0))[:HEADERS_PER_RUN]
    found = [ours for envelope in imap.envelopes(box, uids) if (ours := _recognised(envelope, numbering))]
    left = {ours.envelope.uid for ours in found}
    for ours in sorted(found, key=lambda ours: cache.get(ours.tries, 0))[:MAILS_PER_RUN]:
        if time.monotonic() > stop_at:
            break
        if _settle(box, ours, at):
            left.discard(ours.envelope.uid)
    if uids:
        # Whatever lies below is dealt with, or not ours.
        cache.set(mark, min(left) - 1 if left else uids[-1], None)


def _recognised(envelope: Envelope, numbering: str) -> Found | None:
    """Recognise an e-mail about a rejected SIRET. What the shop itself writes to its help desk is for people."""
    try:
        headers = mail_headers.read(envelope.header)
    except mail.FAULTS as error:
        log.warning("e-mail %s: its header cannot be read: %s", envelope.uid, error)
        return None
    own = {parseaddr(text)[1].lower() for text in (settings.SUPPORT_EMAIL, settings.DEFAULT_FROM_EMAIL)}
    if headers.sender in own or not concerns_rejection(headers.subject):
        return None
    return Found(envelope, headers, f"mailbox:tries:{numbering}:{envelope.uid}")


def _settle(box: BaseMailBox, found: Found, at: datetime) -> bool:
    """Take one e-mail and file it away; say whether it is out of the way."""
    envelope = found.envelope
    # Counted before anything can go wrong, a killed worker included.
    cache.add(found.tries, 0, DAY)
    is_hopeless = cache.incr(found.tries) > MAX_TRIES
    raw = b"" if is_hopeless or envelope.size > MAX_SIZE else imap.raw(box, envelope.uid)
    if raw is None:
        return True
    folder = TO_SEE if is_hopeless else _take(found, raw, at)
    if folder:
        imap.file_away(box, envelope.uid, folder, is_read=folder == DONE)
    return bool(folder)


def _take(found: Found, raw: bytes, at: datetime) -> str:
    """Take one e-mail into the cases; gives the folder where it belongs now, none if it must be tried again."""
    name = f"e-mail {found.envelope.uid} ({found.headers.message_id})"
    try:
        if found.envelope.size > MAX_SIZE:
            intake.refuse_size(found.headers, at=at)
            raise SetAside(f"{found.envelope.size} bytes are too many")
        intake.take(mail.read(raw), at=at)
    except (SetAside, mail.Unreadable) as reason:
        log.warning("%s is left to a person: %s", name, reason)
        return TO_SEE
    except Exception:
        log.exception("%s could not be taken", name)
        return ""
    return DONE


def tidy(*, at: datetime) -> None:
    """Delete the copies of e-mails whose case is accepted, as the letter says, and of those dealt with long ago.

    Their text and documents are in the case, and are kept there no longer than the law wants.
    """
    if not settings.IMAP_URL:
        return
    accepted = CaseMessage.objects.filter(
        case__state=State.ACCEPTED, case__decided_at__gte=at - timedelta(days=3), message_id__startswith="<"
    )
    names = map(str, accepted.order_by("pk").values_list("message_id", flat=True))
    criteria = [AND(header=H("Message-ID", name)) for name in names]
    criteria.append(AND(date_lt=paris_date(at - KEPT)))
    try:
        with imap.opened(settings.IMAP_URL) as box:
            imap.delete(box, DONE, map(str, criteria))
    except imap.TROUBLE as error:
        log.warning("the help desk's mailbox cannot be tidied: %s", error)


def _note_trouble(error: Exception, at: datetime) -> None:
    """Tell the operator once the mailbox has been out of reach for a while."""
    log.warning("the help desk's mailbox cannot be read: %s", error)
    cache.add(TROUBLE, at.timestamp(), 7 * DAY)
    since = datetime.fromtimestamp(cache.get(TROUBLE, at.timestamp()), tz=UTC)
    if at - since >= PATIENCE:
        with transaction.atomic():
            intake_letters.unreachable(str(error)[:200], since=since, at=at)
