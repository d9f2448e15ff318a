"""The help desk's mailbox over IMAP: the few things that the poller does with it.

No e-mail is marked or moved but those that the poller has dealt with, and none deleted but in the folder of these.
"""

import imaplib
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import Message
from urllib.parse import unquote, urlsplit

from django.conf import settings
from imap_tools import BaseMailBox, MailBox, MailBoxUnencrypted, MailMessageFlags
from imap_tools.errors import ImapToolsError

from notifications.safety import is_local

PORTS = {"imap": 143, "imaps": 993}
TIMEOUT = 15  # seconds that each answer may take
# Whatever goes wrong on the line or at the server: the next poll tries again.
TROUBLE = (OSError, imaplib.IMAP4.error, ImapToolsError)


@dataclass(frozen=True)
class Address:
    """Where the mailbox is, read from imaps://user:password@host:port/folder."""

    is_encrypted: bool
    host: str
    port: int
    user: str
    password: str
    folder: str


@dataclass(frozen=True)
class Envelope:
    """What is known of an e-mail before it is read: its number in the folder, its size in bytes, its header."""

    uid: int
    size: int
    header: Message


def address(url: str) -> Address:
    """Read the address, or raise ValueError."""
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname or not parts.username or parts.password is None:
        raise ValueError("IMAP_URL must be imaps://user:password@host:port/folder")
    return Address(
        is_encrypted=parts.scheme == "imaps",
        host=parts.hostname,
        port=parts.port or PORTS[parts.scheme],
        user=unquote(parts.username),
        password=unquote(parts.password),
        folder=unquote(parts.path.strip("/")) or "INBOX",
    )


@contextmanager
def opened(url: str) -> Iterator[BaseMailBox]:
    """Sign in and open the folder; the line is closed whatever happens. A demo reads no mailbox but this machine's."""
    where = address(url)
    if settings.DEMO and not is_local(where.host):
        raise ConnectionError(f"a demo does not read the mailbox of {where.host}")
    if where.is_encrypted:
        # The library's own default would take any certificate.
        context = ssl.create_default_context()
        box: BaseMailBox = MailBox(where.host, where.port, timeout=TIMEOUT, ssl_context=context)
    else:
        box = MailBoxUnencrypted(where.host, where.port, timeout=TIMEOUT)
    try:
        box.login(where.user, where.password, initial_folder=where.folder)
        # Many servers offer MOVE only now. Without it the library copies, deletes and expunges the whole folder: what
        # a colleague has marked as deleted would go for good.
        _, answer = box.client.capability()
        box.client.capabilities = tuple(answer[-1].decode().upper().split())
        yield box
        # What the server answers to a goodbye changes nothing: the work is done.
        with suppress(*TROUBLE):
            box.logout()
    finally:
        with suppress(OSError):  # closed already
            box.client.shutdown()


def validity(box: BaseMailBox) -> str:
    """The age of the folder's numbers: they mean something only while this stays the same."""
    _, answer = box.client.response("UIDVALIDITY")
    return answer[0].decode() if answer and isinstance(answer[0], bytes) else ""


def numbers_after(box: BaseMailBox, uid: int) -> list[int]:
    """The numbers of the e-mails that came after this one, oldest first."""
    # "7:*" names the last e-mail even where its number is below 7.
    return sorted(number for number in map(int, box.uids(f"UID {uid + 1}:*")) if number > uid)


def envelopes(box: BaseMailBox, uids: list[int]) -> Iterator[Envelope]:
    """Read the headers of some e-mails, which stay unread to their owners.

    One at a time: in bulk, the library confuses them as soon as a colleague reads one of them meanwhile.
    """
    named = [str(uid) for uid in uids]
    for found in box.fetch(uid_list=named, headers_only=True, mark_seen=False) if named else ():
        if found.uid is not None:
            yield Envelope(int(found.uid), found.size_rfc822, found.obj)


def raw(box: BaseMailBox, uid: int) -> bytes | None:
    """Read a whole e-mail; None where somebody has moved or deleted it meanwhile."""
    status, answer = box.client.uid("FETCH", str(uid), "(BODY.PEEK[])")
    if status != "OK":
        raise imaplib.IMAP4.error(f"FETCH {uid}: {answer!r}")
    return next((item[1] for item in answer if isinstance(item, tuple)), None)


def file_away(box: BaseMailBox, uid: int, folder: str, *, is_read: bool) -> None:
    """Move an e-mail into a folder, made where it is missing. One that is gone by now is left gone."""
    if not box.folder.exists(folder):
        box.folder.create(folder)
    if is_read:
        # Not by the library's flag(), which ends with EXPUNGE: a colleague's deleted mails would go for good.
        box.client.uid("STORE", str(uid), "+FLAGS.SILENT", f"({MailMessageFlags.SEEN})")
    box.move(str(uid), folder)


def delete(box: BaseMailBox, folder: str, criteria: Iterable[str]) -> int:
    """Delete for good the e-mails of a folder that meet one of these search criteria; returns how many."""
    if not box.folder.exists(folder):
        return 0
    box.folder.set(folder)
    doomed = sorted({uid for criterion in criteria for uid in box.uids(criterion)})
    box.delete(doomed)
    return len(doomed)


def count(box: BaseMailBox, folder: str) -> int:
    """How many e-mails lie in a folder; none where there is no such folder."""
    return box.folder.status(folder, ["MESSAGES"])["MESSAGES"] if box.folder.exists(folder) else 0
