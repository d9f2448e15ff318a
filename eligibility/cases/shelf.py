"""The shelf: good files of a form that was sent with mistakes wait here until the form comes again.

A browser forgets the files of a form that is shown again. They are kept privately for an hour, for one form of one
browser: both the secret in its session and the form's own number are needed to come back to them.
"""

import logging
import secrets
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.contrib.sessions.backends.base import SessionBase
from django.core.files.storage import storages
from django.db.models import Sum

from . import documents
from .documents import Upload
from .models import Document
from .waiting import WaitingFile

log = logging.getLogger(__name__)

KEPT = timedelta(hours=1)
FOLDER = "waiting"
SECRET = "case_files"  # noqa: S105 - the session's key for it
# Bytes of everybody together: strangers fill no disk. Beyond, files must be chosen again.
ROOM = 2 * 1024**3


class Shelf:
    """The place of one form of one browser."""

    def __init__(self, session: SessionBase, sending: uuid.UUID, *, at: datetime) -> None:
        self.session, self.sending, self.at = session, sending, at

    def files(self) -> list[WaitingFile]:
        """What lies here and has not had its time."""
        owner = self.session.get(SECRET)
        if not owner:
            return []
        return list(WaitingFile.objects.filter(owner=owner, sending=self.sending, kept_at__gt=self.at - KEPT))

    def put(self, uploads: Sequence[Upload]) -> bool:
        """Keep these files; tell whether that could be done."""
        taken = WaitingFile.objects.aggregate(size=Sum("size", default=0))["size"]
        if taken + sum(upload.size for upload in uploads) > ROOM:
            return False
        owner = self.session.setdefault(SECRET, secrets.token_urlsafe(32))
        try:
            paths = [documents.keep(upload, folder=FOLDER) for upload in uploads]
        except OSError:
            # A form with a mistake and without its files is better than no form at all.
            log.exception("files cannot be kept")
            return False
        WaitingFile.objects.bulk_create(
            WaitingFile(
                owner=owner, sending=self.sending, name=upload.name, content_type=upload.content_type,
                size=upload.size, sha256=upload.sha256, path=path, scan=upload.scan, kept_at=self.at,
            )
            for upload, path in zip(uploads, paths, strict=True)
        )  # fmt: skip
        return True


def read(waiting: WaitingFile) -> Upload:
    """A file as it came; OSError where its bytes are gone."""
    with storages["private"].open(waiting.path) as file:
        return Upload(waiting.name, file.read(), waiting.content_type, Document.Scan(waiting.scan))


def remove(files: Sequence[WaitingFile]) -> None:
    """Take files off the shelf, rows first: bytes without a row are swept away, a row without its bytes would lie."""
    WaitingFile.objects.filter(pk__in=[waiting.pk for waiting in files]).delete()
    documents.drop(waiting.path for waiting in files)


def clear(at: datetime) -> int:
    """Delete what has had its time, and bytes that a process killed in between has left; returns how many files."""
    old = list(WaitingFile.objects.filter(kept_at__lte=at - KEPT))
    remove(old)
    known = set(WaitingFile.objects.values_list("path", flat=True))
    return len(old) + documents.sweep(FOLDER, known, before=at - KEPT)
