"""Supporting documents: look at what was sent, keep it under a random name, delete it.

What a file is, its content says; its name and the type the browser states are not believed.
"""

import contextlib
import hashlib
import io
import logging
import secrets
import struct
import unicodedata
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from celery import shared_task
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.utils import timezone
from PIL import Image, ImageFile

from . import clamav, pdf_file
from .life import locked, write
from .models import Document

logger = logging.getLogger(__name__)

MAX_SIZE = 10 * 1024 * 1024
MAX_NAME = 150
FILES_PER_SENDING = 10
FILES_PER_CASE = 20
MAX_PIXELS = 50_000_000  # a scanner's A4 at 600 dpi has 35 million, a telephone's picture 48; 200 MB when unpacked
FOLDER = "cases"
KINDS = {"application/pdf": b"%PDF-", "image/jpeg": b"\xff\xd8\xff", "image/png": b"\x89PNG\r\n\x1a\n"}
PILLOW_FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG"}
ENDINGS = {"application/pdf": ".pdf", "image/jpeg": ".jpg", "image/png": ".png"}
HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
# What Pillow raises at an image that is none or was cut.
NO_IMAGE = (OSError, SyntaxError, ValueError, IndexError, EOFError, struct.error, zlib.error)
TOO_MANY_PIXELS = (Image.DecompressionBombError, Image.DecompressionBombWarning)
PDF_FAULTS = {
    pdf_file.Fault.CUT: "est incomplet\u00a0: la fin du fichier manque. Ouvrez-le pour le vérifier, "
    "puis envoyez-le de nouveau.",
    pdf_file.Fault.NO_PAGE: "ne contient aucune page. Ouvrez-le pour le vérifier, puis envoyez-le de nouveau.",
    pdf_file.Fault.LOCKED: "est protégé par un mot de passe. Enregistrez-le sans mot de passe, "
    "puis envoyez-le de nouveau.",
}
ORPHAN_AFTER = timedelta(days=1)


class DocumentRefused(Exception):
    """This file is not taken; the text is a French sentence for the applicant that names the file."""


@dataclass(frozen=True)
class Upload:
    """A file that was looked at and may be kept."""

    name: str
    content: bytes
    content_type: str
    scan: Document.Scan

    @property
    def size(self) -> int:
        return len(self.content)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def inspect(name: str, content: bytes) -> Upload:
    """Say what a file is and that it may be kept, or raise DocumentRefused.

    Where the scanner cannot be reached the file is kept as not scanned: `scan_waiting` comes back to it.
    """
    name = _usable(name)
    if not content:
        raise DocumentRefused(f"«\u00a0{name}\u00a0» est vide. Vérifiez le fichier et envoyez-le de nouveau.")
    if len(content) > MAX_SIZE:
        raise too_big(name)
    content_type = _kind(name, content)
    if content_type in PILLOW_FORMATS:
        _demand_whole_image(name, content, PILLOW_FORMATS[content_type])
    elif fault := pdf_file.fault(content):
        raise DocumentRefused(f"«\u00a0{name}\u00a0» {PDF_FAULTS[fault]}")
    return Upload(name, content, content_type, _scan(name, content))


def too_big(name: str) -> DocumentRefused:
    """The refusal of a file that need not even be read."""
    return DocumentRefused(
        f"«\u00a0{name[:MAX_NAME]}\u00a0» dépasse 10\u00a0Mo. Réduisez-le, ou envoyez-le en plusieurs parties."
    )


def _usable(name: str) -> str:
    """The name as staff will read it; a path, or a name that no screen can hold, is refused."""
    plain = "".join(letter for letter in name if unicodedata.category(letter)[0] != "C").strip()
    shown = f"{plain[:40]}…" if len(plain) > MAX_NAME else plain
    if len(plain) > MAX_NAME:
        raise DocumentRefused(
            f"Le nom du fichier «\u00a0{shown}\u00a0» est trop long\u00a0: {MAX_NAME}\u00a0caractères au maximum."
        )
    if "/" in plain or "\\" in plain or plain in (".", ".."):
        raise DocumentRefused(f"Le nom du fichier «\u00a0{shown}\u00a0» contient un chemin. Renommez-le.")
    return plain or "sans nom"


def _kind(name: str, content: bytes) -> str:
    for content_type, beginning in KINDS.items():
        if content.startswith(beginning):
            return content_type
    if content[4:8] == b"ftyp" and content[8:12] in HEIC_BRANDS:
        raise DocumentRefused(
            f"«\u00a0{name}\u00a0» est une photo au format HEIC, que nous ne pouvons pas lire. "
            "Envoyez-la au format JPEG, ou faites-en une capture d’écran."
        )
    raise DocumentRefused(
        f"«\u00a0{name}\u00a0»\u00a0: ce type de fichier n’est pas accepté. Envoyez un PDF, un JPG ou un PNG."
    )


def _demand_whole_image(name: str, content: bytes, kind: str) -> None:
    """Unpack the picture to its last line; a JPEG at an eighth of its size, which reads as much and takes less."""
    # WeasyPrint, where a process has loaded it, lets Pillow take cut pictures for whole ones.
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        with Image.open(io.BytesIO(content), formats=(kind,)) as image:
            if image.width * image.height > MAX_PIXELS:
                raise Image.DecompressionBombError
            image.draft("L", (1, 1))
            image.load()
    except TOO_MANY_PIXELS as error:
        raise DocumentRefused(f"«\u00a0{name}\u00a0»\u00a0: cette image est trop grande. Réduisez-la.") from error
    except NO_IMAGE as error:
        raise DocumentRefused(
            f"«\u00a0{name}\u00a0» est abîmé ou incomplet. Ouvrez-le pour le vérifier, puis envoyez-le de nouveau."
        ) from error


def _scan(name: str, content: bytes) -> Document.Scan:
    if not clamav.is_configured():
        return Document.Scan.NONE
    try:
        virus = clamav.find_virus(content)
    except clamav.ScannerUnreachable as error:
        logger.warning("ClamAV cannot be reached, a document is kept unscanned: %s", error)
        return Document.Scan.NONE
    if virus:
        logger.warning("ClamAV found %s in a document that was sent", virus)
        raise DocumentRefused(
            f"«\u00a0{name}\u00a0» contient un programme malveillant et n’a pas été conservé. "
            "Faites vérifier votre ordinateur."
        )
    return Document.Scan.CLEAN


# --- in the storage


def keep(upload: Upload, *, folder: str = FOLDER) -> str:
    """Write the bytes under a name nobody can guess; gives the path."""
    return storages["private"].save(f"{folder}/{secrets.token_hex(16)}", ContentFile(upload.content))


def drop(paths: Iterable[str]) -> None:
    """Delete files that no row will name."""
    for path in paths:
        storages["private"].delete(path)


@shared_task
def delete_files() -> int:
    """Delete the bytes of documents whose time is over; the query is the queue. Returns how many."""
    doomed = Document.objects.filter(deleted_at__isnull=False).exclude(path="").order_by("pk")
    done = 0
    for document in doomed.iterator():
        storages["private"].delete(document.path)
        done += Document.objects.filter(pk=document.pk).update(path="")
    return done


def delete_orphans(at: datetime) -> int:
    """Delete files that a process killed in between has written without a row. Returns how many."""
    known = set(Document.objects.exclude(path="").values_list("path", flat=True))
    return sweep(FOLDER, known, before=at - ORPHAN_AFTER)


def sweep(folder: str, known: set[str], *, before: datetime) -> int:
    """Delete the files of a folder that no row names and that were written before this moment. Returns how many."""
    storage = storages["private"]
    if not storage.exists(folder):
        return 0
    paths = [f"{folder}/{name}" for name in storage.listdir(folder)[1]]
    orphans = [path for path in paths if path not in known and storage.get_modified_time(path) < before]
    drop(orphans)
    return len(orphans)


def scan_waiting(*, limit: int = 20) -> None:
    """The sweep: scan what came while the scanner was away, oldest first; an infected file is deleted at once."""
    if not clamav.is_configured():
        return
    for document in Document.objects.kept().filter(scan=Document.Scan.NONE).order_by("received_at")[:limit]:
        with contextlib.ExitStack() as stack:
            try:
                file = stack.enter_context(storages["private"].open(document.path))
                virus = clamav.find_virus(file.read())
            except clamav.ScannerUnreachable as error:
                logger.warning("ClamAV cannot be reached, documents stay unscanned: %s", error)
                return
            except OSError:
                logger.exception("document %s cannot be read", document.pk)
                continue
        _tell_scan(document, virus)


def _tell_scan(document: Document, virus: str) -> None:
    waiting = Document.objects.kept().filter(pk=document.pk, scan=Document.Scan.NONE)
    if not virus:
        waiting.update(scan=Document.Scan.CLEAN)
        return
    logger.warning("ClamAV found %s in document %s", virus, document.pk)
    now = timezone.now()
    with locked(document.case):
        if waiting.update(scan=Document.Scan.INFECTED, deleted_at=now):
            write(document.case, at=now, note=f"document infecté, supprimé\u00a0: {document.name}", news_at=now)
    delete_files()
