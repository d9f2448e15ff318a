"""The help desk's mailbox in tests: a real IMAP server, filled and looked into over the wire."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from email.message import EmailMessage
from email.utils import make_msgid
from typing import Any

from django.utils import timezone
from imap_tools import BaseMailBox

from eligibility.cases import imap, mailbox
from tests.eligibility.files import pdf

SENDER = "marie@atelier.example"
SIRET = "73282932000074"
OTHER_SIRET = "06480230900019"
PDF = pdf(b"kbis")


class HelpDesk:
    """What a colleague with a mail program sees."""

    def __init__(self, url: str) -> None:
        self.url = url

    @contextmanager
    def opened(self) -> Iterator[BaseMailBox]:
        with imap.opened(self.url) as box:
            yield box

    def empty(self) -> None:
        with self.opened() as box:
            for folder in box.folder.list():
                if folder.name != "INBOX":
                    box.folder.delete(folder.name)
            box.delete(box.uids("ALL"))

    def put(self, message: EmailMessage | bytes) -> None:
        with self.opened() as box:
            box.append(message if isinstance(message, bytes) else message.as_bytes(), "INBOX")

    def subjects(self, folder: str) -> list[str]:
        """The subjects that lie in a folder, oldest first; nothing is marked as read by looking."""
        with self.opened() as box:
            if not box.folder.exists(folder):
                return []
            box.folder.set(folder)
            return [str(mail.subject) for mail in box.fetch(mark_seen=False)]

    def unread(self, folder: str) -> int:
        with self.opened() as box:
            box.folder.set(folder)
            return len(box.uids("UNSEEN"))

    def move_back(self, folder: str) -> None:
        with self.opened() as box:
            box.folder.set(folder)
            box.move(box.uids("ALL"), "INBOX")

    def poll(self, at: datetime | None = None) -> None:
        mailbox.poll(at=at or timezone.now())


def letter(
    text: str = f"Mon SIRET est {SIRET}.",
    *,
    subject: str = "Rejet SIRET",
    files: list[tuple[str, bytes]] | None = None,
    **headers: Any,
) -> EmailMessage:
    """An e-mail as an applicant's program makes it; headers with _ for -, None leaves one out."""
    message = EmailMessage()
    usual = {"From": f"Marie Dubois <{SENDER}>", "To": "aide@masques.example", "Message_ID": make_msgid(domain="a.b")}
    for name, value in (usual | {"Subject": subject} | headers).items():
        if value is not None:
            message[name.replace("_", "-")] = value
    message.set_content(text)
    for name, content in files or []:
        message.add_attachment(content, maintype="application", subtype="pdf", filename=name)
    return message
