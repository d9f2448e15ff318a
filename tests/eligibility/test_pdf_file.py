"""Which PDFs are whole and open without a password. Nothing is believed of a file but its bytes."""

import io
import re
import time
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfWriter

from eligibility.cases.pdf_file import Fault, fault
from tests.eligibility.files import PDF, pdf

WAYS = ("RC4-40", "RC4-128", "AES-128", "AES-256-R5", "AES-256")
TEN_MEGABYTES = 10 * 1024 * 1024


def written(*, pages: int = 1, password: str | None = None, way: str = "AES-256") -> bytes:
    """A document as another program writes it; with a password for changing it and perhaps one for reading it."""
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(200, 200)
    if password is not None:
        writer.encrypt(user_password=password, owner_password="greffe", algorithm=way)
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


def packed() -> bytes:
    """A document of today's kind: its page stands in a packed stream of objects."""
    objects = zlib.compress(b"2 0 3 40 << /Type /Pages /Kids [3 0 R] /Count 1 >>  << /Type /Page /Parent 2 0 R >>")
    stream = b"<< /Type /ObjStm /N 2 /First 9 /Filter /FlateDecode /Length %d >>\nstream\r\n%b\nendstream"
    return b"%%PDF-1.7\n1 0 obj\n%b\nendobj\nstartxref\n9\n%%%%EOF" % (stream % (len(objects), objects))


@pytest.mark.parametrize(
    "content",
    [PDF, pdf(b"endobj /Type /Catalog"), written(), packed(), PDF + b"\r\n\0\0\0", written() + written()],
    ids=["plain", "with text", "by another program", "packed", "padded", "saved twice"],
)
def test_a_whole_document_is_taken(content: bytes) -> None:
    assert fault(content) is None


@pytest.mark.parametrize("content", [b"%PDF-1.7\n", b"%PDF-1.7\n%%EOF", PDF + b"x" * 2000])
def test_a_document_without_its_end_is_cut(content: bytes) -> None:
    assert fault(content) is Fault.CUT


@pytest.mark.parametrize("content", [written(), packed(), pdf(bytes(3000))])
def test_a_document_cut_anywhere_is_told_from_a_whole_one(content: bytes) -> None:
    whole = content.rstrip()
    assert {fault(whole[:length]) for length in range(len(whole))} == {Fault.CUT}


@pytest.mark.parametrize(
    "content",
    [
        written(pages=0),
        PDF.replace(b"/Type /Page ", b"/Type /Pages "),
        pdf(b"/Type /Page ").replace(b"/Type /Page /Parent", b"/Parent"),
        packed().replace(b"/ObjStm", b"/Object"),
    ],
    ids=["of no page", "of lists of pages", "that draws the words", "in a stream that holds no objects"],
)
def test_a_document_without_a_page_is_no_paper(content: bytes) -> None:
    assert fault(content) is Fault.NO_PAGE


@pytest.mark.parametrize("way", WAYS)
def test_a_document_that_asks_for_a_password_is_locked_and_one_closed_to_changes_is_not(way: str) -> None:
    # Keys are random: now and then a byte of one must be escaped.
    for _ in range(10):
        assert fault(written(password="", way=way)) is None
        assert fault(written(password="1234", way=way)) is Fault.LOCKED


def test_a_document_for_the_holders_of_certificates_is_locked() -> None:
    content = re.sub(rb"/Filter\s*/Standard", b"/Filter /Adobe.PubSec", written(password=""))
    assert fault(content) is Fault.LOCKED


@pytest.mark.parametrize(
    "entry",
    [
        b"/Encrypt 99 0 R",
        b"/Encrypt << >>",
        b"/Encrypt << /Filter /Standard /R 3 /Length 9999 /U (\\8\\9) /O <A> /P 1 >>",
    ],
)
def test_an_encryption_that_nobody_understands_counts_as_locked(entry: bytes) -> None:
    assert fault(PDF.replace(b"/Root", entry + b" /Root")) is Fault.LOCKED


WORDS = (
    b"stream\n", b"endstream", b"/ObjStm", b"obj", b"1 0 obj", b"/Encrypt 1 0 R", b"/Encrypt<<", b"/Filter /Standard",
    b"/R 2", b"/R 3", b"/R 4", b"/R 6", b"/U (", b"/U <", b"/O (\\777", b"/ID[<", b"(", b")", b">", b"/Length -9",
    b"/P -1", b"/Type /Page ", zlib.compress(b"x")[:-3],
)  # fmt: skip
SCRAPS = st.lists(st.sampled_from(WORDS) | st.binary(max_size=60), max_size=30)


@given(SCRAPS)
def test_whatever_stands_in_a_file_is_no_error(scraps: list[bytes]) -> None:
    fault(b"%PDF-1.7\n" + b" ".join(scraps) + b"\nstartxref\n0\n%%EOF")


@pytest.mark.parametrize("scrap", [b"/Type", b"/Type ", b"startxref ", *WORDS[:7]])
def test_a_file_made_to_keep_us_busy_does_not(scrap: bytes) -> None:
    content = b"%PDF-1.7\n" + scrap * (TEN_MEGABYTES // len(scrap)) + b"\nstartxref\n0\n%%EOF"
    began = time.process_time()
    assert fault(content) in (Fault.NO_PAGE, Fault.LOCKED)
    assert time.process_time() - began < 5


def test_a_packed_bomb_is_not_unpacked() -> None:
    bomb = zlib.compress(bytes(300_000_000))
    assert len(bomb) < 400_000
    head = b"<< /Type /ObjStm /Filter /FlateDecode >>\nstream\n"
    content = b"%PDF-1.7\n" + (b"1 0 obj\n" + head + bomb + b"\nendstream\nendobj\n") * 20 + b"startxref\n0\n%%EOF"
    began = time.process_time()
    assert fault(content) is Fault.NO_PAGE
    assert time.process_time() - began < 2
