"""Supporting documents: what is taken, what is refused in which words, and where the bytes lie."""

import os
import socket
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.utils import timezone
from PIL import ImageFile

from eligibility.cases import clamav, documents
from eligibility.cases.documents import MAX_SIZE, DocumentRefused, Upload, inspect
from eligibility.cases.models import Case, CaseMessage, Document
from eligibility.cases.verbs import receive
from tests.eligibility import clamd
from tests.eligibility.conftest import plain
from tests.eligibility.files import EICAR, HEIC, PDF, pdf, picture
from tests.factories import CaseFactory

JPEG, PNG = picture("JPEG"), picture("PNG")
PHOTO = picture("JPEG", (800, 600))


@pytest.fixture(autouse=True)
def rested() -> Iterator[None]:
    """A scanner that failed in one test is not left alone in the next."""
    yield
    clamav.pause.end()


@pytest.fixture
def scanner(settings: Any) -> Iterator[clamd.Clamd]:
    with clamd.running() as server:
        settings.CLAMAV_ADDRESS = server.address
        yield server


def send(case: Case, *uploads: Upload, **facts: Any) -> CaseMessage:
    return receive(
        case,
        **{"at": timezone.now(), "sender": case.email, "subject": "", "body": "", "uploads": list(uploads),
           "refused": [], "message_id": None} | facts,
    )  # fmt: skip


def private_files() -> set[str]:
    storage = storages["private"]
    return {f"cases/{name}" for name in storage.listdir("cases")[1]} if storage.exists("cases") else set()


# --- what a file is


@pytest.mark.parametrize(
    ("name", "content", "content_type"),
    [
        ("kbis.pdf", PDF, "application/pdf"),
        ("photo.jpg", JPEG, "image/jpeg"),
        ("scan.png", PNG, "image/png"),
        ("sans extension", PDF, "application/pdf"),
        ("trompeur.exe", JPEG, "image/jpeg"),
        ("Pièce n° 2 – été.PDF", PDF, "application/pdf"),
        ("x" * 146 + ".pdf", PDF, "application/pdf"),
        ("juste.pdf", PDF + bytes(MAX_SIZE - len(PDF)), "application/pdf"),
    ],
)
def test_its_content_says_what_a_file_is(name: str, content: bytes, content_type: str) -> None:
    upload = inspect(name, content)
    assert (upload.name, upload.content_type, upload.size) == (name, content_type, len(content))
    assert upload.scan == Document.Scan.NONE


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("vide.pdf", b"", "est vide"),
        ("gros.pdf", PDF + bytes(MAX_SIZE - len(PDF) + 1), "dépasse 10 Mo"),
        ("lettre.docx", b"PK\x03\x04" + bytes(100), "ce type de fichier n’est pas accepté"),
        ("page.pdf", b"<html><script>alert(1)</script>", "ce type de fichier n’est pas accepté"),
        ("dessin.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "ce type de fichier n’est pas accepté"),
        ("derriere.pdf", b"\n" * 10 + PDF, "ce type de fichier n’est pas accepté"),
        ("photo.heic", HEIC, "format HEIC"),
        ("photo.jpg", HEIC, "format HEIC"),
        ("video.mp4", b"\x00\x00\x00\x18ftypmp42" + bytes(20), "ce type de fichier n’est pas accepté"),
        ("entete.pdf", b"%PDF-1.7\n", "est incomplet"),
        ("coupe.pdf", PDF[:-20], "est incomplet"),
        ("sans page.pdf", PDF.replace(b"/Page ", b"/Pige "), "ne contient aucune page"),
        ("coupee.png", PNG[: len(PNG) // 2], "abîmé ou incomplet"),
        ("coupee.jpg", PHOTO[: len(PHOTO) // 2], "abîmé ou incomplet"),
        ("presque.jpg", PHOTO[:-2], "abîmé ou incomplet"),
        ("entete.jpg", JPEG[:4], "abîmé ou incomplet"),
        ("faux.png", PNG[:8] + b"<script>", "abîmé ou incomplet"),
        ("../../etc/passwd.pdf", PDF, "contient un chemin"),
        (r"C:\Users\camille\kbis.pdf", PDF, "contient un chemin"),
        ("x" * 300 + ".pdf", PDF, "trop long"),
    ],
)
def test_each_file_that_is_not_taken_has_its_sentence(name: str, content: bytes, words: str) -> None:
    with pytest.raises(DocumentRefused) as refusal:
        inspect(name, content)
    sentence = plain(str(refusal.value))
    assert words in sentence
    assert name[:20] in sentence
    assert len(sentence) < 300


@pytest.mark.parametrize("content", [PNG[: len(PNG) // 2], PHOTO[:-2]])
def test_a_cut_picture_is_refused_where_invoices_are_made_too(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """WeasyPrint lets Pillow be content with the beginning of a picture; the worker makes invoices and reads mail."""
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    with pytest.raises(DocumentRefused, match="abîmé ou incomplet"):
        inspect("coupee.png", content)


def test_a_picture_that_unpacks_to_gigabytes_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "MAX_PIXELS", 1000)
    with pytest.raises(DocumentRefused, match="trop grande"):
        inspect("bombe.png", PNG)


def test_a_name_is_shown_without_control_characters() -> None:
    assert inspect("kbis\x00\r\n\u202efdp.pdf", PDF).name == "kbisfdp.pdf"
    assert inspect("\x01", PDF).name == "sans nom"


# --- the scanner


def test_a_scanned_file_is_said_to_be_clean(scanner: clamd.Clamd) -> None:
    content = pdf(os.urandom(200_000).replace(b"endstream", b""))
    assert inspect("kbis.pdf", content).scan == Document.Scan.CLEAN
    assert scanner.scanned == [content]


def test_an_infected_file_is_refused_in_words(scanner: clamd.Clamd) -> None:
    with pytest.raises(DocumentRefused, match="programme malveillant"):
        inspect("facture.pdf", pdf(EICAR))


def test_a_scanner_listening_on_a_unix_socket_is_found(settings: Any, tmp_path: Path) -> None:
    settings.CLAMAV_ADDRESS = str(tmp_path / "clamd.ctl")
    with pytest.raises(clamav.ScannerUnreachable):
        clamav.find_virus(PDF)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(settings.CLAMAV_ADDRESS)
        server.listen(1)
        # The whole stream fits into the socket's buffer: the answer may be written before it is read.
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(settings.CLAMAV_ADDRESS)
            peer, _ = server.accept()
            peer.sendall(b"stream: OK\0")
            assert clamav._read(client) == "stream: OK"
            peer.close()


@pytest.mark.parametrize("answer", [b"INSTREAM size limit exceeded. ERROR\0", b"\0", b"stream: \0"])
def test_an_answer_that_is_no_verdict_leaves_the_file_unscanned(scanner: clamd.Clamd, answer: bytes) -> None:
    scanner.answer = answer
    assert inspect("kbis.pdf", PDF).scan == Document.Scan.NONE


def test_without_a_scanner_to_reach_the_file_is_kept_as_not_scanned(settings: Any, monkeypatch: Any) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        settings.CLAMAV_ADDRESS = f"127.0.0.1:{nobody.getsockname()[1]}"
        assert inspect("kbis.pdf", PDF).scan == Document.Scan.NONE


def test_a_scanner_that_hangs_is_waited_for_a_moment_only(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clamav, "TIMEOUT", 0.1)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(1)
        settings.CLAMAV_ADDRESS = f"127.0.0.1:{silent.getsockname()[1]}"
        began = time.monotonic()
        for number in range(5):
            assert inspect(f"{number}.pdf", PDF).scan == Document.Scan.NONE
        assert time.monotonic() - began < 0.4, "ten files of a sending must not wait ten times"


@pytest.mark.django_db
def test_what_came_while_the_scanner_was_away_is_scanned_later(settings: Any) -> None:
    case = CaseFactory()
    send(case, inspect("bon.pdf", PDF), inspect("mauvais.pdf", pdf(EICAR)))
    good, bad = case.documents.order_by("name")
    path = bad.path
    documents.scan_waiting()  # not configured: nothing to do
    assert case.documents.filter(scan="none").count() == 2
    with clamd.running() as server:
        settings.CLAMAV_ADDRESS = server.address
        documents.scan_waiting()
        documents.scan_waiting()
        assert len(server.scanned) == 2
    good.refresh_from_db()
    bad.refresh_from_db()
    assert (good.scan, good.deleted_at) == ("clean", None)
    assert bad.scan == "infected"
    assert bad.deleted_at is not None
    case.refresh_from_db()
    assert case.news_at == bad.deleted_at  # staff must ask for another one
    assert [event.note for event in case.events.all()][1:] == ["document infecté, supprimé\u00a0: mauvais.pdf"]
    assert good.path in private_files()
    assert path not in private_files()


@pytest.mark.django_db
def test_a_scanner_that_is_still_away_is_asked_again_next_time(settings: Any) -> None:
    case = CaseFactory()
    send(case, inspect("kbis.pdf", PDF))
    settings.CLAMAV_ADDRESS = "/nowhere/clamd.ctl"
    documents.scan_waiting()
    assert case.documents.get().scan == "none"


# --- in the storage


@pytest.mark.django_db
def test_bytes_lie_under_a_random_name_and_are_known_by_their_digest() -> None:
    case = CaseFactory()
    send(case, inspect("kbis.pdf", PDF), inspect("photo.jpg", JPEG))
    stored = case.documents.get(name="kbis.pdf")
    assert stored.sha256 == Upload("", PDF, "", Document.Scan.NONE).sha256
    assert "kbis" not in stored.path
    assert len(Path(stored.path).name) == 32
    with storages["private"].open(stored.path) as file:
        assert file.read() == PDF


@pytest.mark.django_db
def test_a_sending_that_fails_leaves_no_file_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    case = CaseFactory()
    before = private_files()
    monkeypatch.setattr("eligibility.cases.verbs._take_note", lambda *args, **facts: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        send(case, inspect("kbis.pdf", PDF))
    assert private_files() == before
    assert not Document.objects.exists()


@pytest.mark.django_db
def test_a_file_without_a_row_is_deleted_after_a_day() -> None:
    case = CaseFactory()
    send(case, inspect("kbis.pdf", PDF))
    kept = case.documents.get().path
    orphan = storages["private"].save("cases/orphan", ContentFile(b"x"))
    now = timezone.now()
    documents.delete_orphans(now)
    assert private_files() >= {kept, orphan}
    documents.delete_orphans(now + timedelta(days=2))
    assert kept in private_files()
    assert orphan not in private_files()
