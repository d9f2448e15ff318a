"""What chambers send: text in any dress, archives, halves of files and traps. Memory stays the same."""

import bz2
import gzip
import hashlib
import lzma
import os
import struct
import subprocess
import sys
import zipfile
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eligibility.registers import files
from eligibility.registers.files import LONGEST_LINE, UTF_8, WINDOWS, opened
from eligibility.registers.refusal import LoadRefused
from tests.eligibility.archives import zipped

TEXT = "siret;registre;opt_in\nCAFÉ;CCI;O\n"
MEGABYTE = 1024 * 1024


def write(tmp_path: Path, data: bytes, name: str = "cci.csv") -> str:
    (tmp_path / name).write_bytes(data)
    return str(tmp_path / name)


def content(path: str, size: int = files.BLOCK) -> str:
    with opened(path) as file:
        return b"".join(block.data for block in file.blocks(size)).decode()


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        TEXT.encode("utf-8-sig"),
        TEXT.encode("cp1252"),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.replace("\n", "\r").encode(),
        TEXT.rstrip("\n").encode(),
        gzip.compress(TEXT.encode("cp1252")),
        gzip.compress(TEXT[:10].encode()) + gzip.compress(TEXT[10:].encode()),
        zipped(("cci.csv", TEXT.encode("utf-8-sig"))),
        zipped(("dossier/", b""), ("dossier/cci.csv", TEXT.encode()), ("__MACOSX/dossier/._cci.csv", b"\0")),
        zipped(("cci.csv", TEXT.encode()), method=zipfile.ZIP_STORED),
    ],
    ids=range(11),
)
def test_every_dress_holds_the_same_text(data: bytes, tmp_path: Path) -> None:
    path = write(tmp_path, data)
    assert content(path) == TEXT
    with opened(path) as file:
        assert file.sha256 == hashlib.sha256(data).hexdigest()  # of the bytes received


def test_the_encoding_is_that_of_the_whole_file(tmp_path: Path) -> None:
    late = b"a;b\n" * MEGABYTE
    for ending, encoding in (("É;".encode(), UTF_8), ("É;".encode("cp1252"), WINDOWS)):
        with opened(write(tmp_path, late + ending)) as file:
            assert file.encoding == encoding


@settings(deadline=None)
@given(st.text(alphabet="aé\n\r;", max_size=60), st.integers(1, 20), st.integers(1, 9))
def test_blocks_hold_every_line_once_and_count_them(text: str, size: int, piece: int) -> None:
    """Cut anywhere, in whatever pieces the disk gives them."""
    data = text.encode()
    pieces = (data[at : at + piece] for at in range(0, len(data), piece))
    blocks = [*files._whole_lines(files._with_line_feeds(iter(pieces)), size)]
    expected = text.replace("\r\n", "\n").replace("\r", "\n")
    assert b"".join(blocks).decode() == expected + ("" if not expected or expected.endswith("\n") else "\n")
    assert all(block.endswith(b"\n") for block in blocks)


def test_blocks_know_the_number_of_their_first_line(tmp_path: Path) -> None:
    with opened(write(tmp_path, b"0123456789\n" * 500_000)) as file:
        blocks = [(block.number, len(block)) for block in file.blocks(MEGABYTE)]
    assert len(blocks) == 3
    assert blocks[0][0] == 1
    assert all(number + lines == following for (number, lines), (following, _) in pairwise(blocks))
    assert sum(lines for _, lines in blocks) == 500_000


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (zipped(("a.csv", b"1"), ("b.csv", b"2")), r"exactement un fichier, elle en contient 2\u00a0: a.csv, b.csv"),
        (zipped(), "elle en contient 0"),
        (zipped(("dossier/", b"")), "elle en contient 0"),
        (zipped(("cci.csv", TEXT.encode() * 500))[:-200], "incomplète ou abîmée"),
        (zipped(("cci.csv", TEXT.encode() * 500))[:60], "incomplète ou abîmée"),
        (gzip.compress(TEXT.encode() * 500)[:-5], "incomplète ou abîmée"),
        (gzip.compress(TEXT.encode() * 500)[:40], "incomplète ou abîmée"),
        (gzip.compress(TEXT.encode())[:-8] + b"\1" * 8, "incomplète ou abîmée"),
        (b"\x1f\x8bnothing of the sort", "incomplète ou abîmée"),
        (b"PK\x03\x04nothing of the sort", "incomplète ou abîmée"),
        (zipped(("cci.zip", zipped(("cci.csv", b"1")))), "en contient une autre"),
        (gzip.compress(zipped(("cci.csv", b"1"))), "en contient une autre"),
        (zipped(("cci.csv.gz", gzip.compress(b"1"))), "en contient une autre"),
        (gzip.compress(gzip.compress(b"1")), "en contient une autre"),
        (bz2.compress(b"1"), "pas lire\u00a0: utilisez ZIP ou gzip"),
        (lzma.compress(b"1"), "pas lire\u00a0: utilisez ZIP ou gzip"),
        (zipped(("[Content_Types].xml", b"1"), ("xl/workbook.xml", b"2")), "classeur"),
        (zipped(("mimetype", b"1"), ("META-INF/manifest.xml", b"2")), "classeur"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504), "classeur"),
        (b"", "Le fichier est vide"),
        (gzip.compress(b""), "Le fichier est vide"),
        (b"\xef\xbb\xbf\r\n", "Le fichier est vide"),
        (TEXT.encode() + b"CAF", "paraît coupé"),
        (gzip.compress(TEXT.encode() + b"\nCAF;CCI"), "paraît coupé"),
        (zipped(("cci.csv", TEXT.encode()[:40] + b'\r\n"CAF;CCI;O')), "paraît coupé"),
        ((TEXT * 90_000 + "CAFÉ;CCI").encode("cp1252"), "paraît coupé"),
        (TEXT.encode() + b"\0", "octets nuls"),
        (TEXT.encode("utf-16"), "en UTF-16"),
        (TEXT.encode("utf-16-le"), "octets nuls"),
        (b"\x81\x8d\xff", "octets illisibles"),
    ],
    ids=range(30),
)
def test_what_cannot_be_read_to_its_end_is_refused_with_a_sentence(data: bytes, words: str, tmp_path: Path) -> None:
    with pytest.raises(LoadRefused, match=words), opened(write(tmp_path, data)):
        raise AssertionError("it was opened")


def test_an_archive_with_a_password_is_refused(tmp_path: Path) -> None:
    data = bytearray(zipped(("cci.csv", TEXT.encode())))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.index(signature) + offset
        data[at : at + 2] = struct.pack("<H", 1)
    with pytest.raises(LoadRefused, match="mot de passe"), opened(write(tmp_path, bytes(data))):
        raise AssertionError("it was opened")


@pytest.mark.parametrize("pack", [gzip.compress, lambda data: zipped(("cci.csv", data))], ids=["gzip", "zip"])
def test_a_bomb_is_refused_before_it_goes_off(pack: object, tmp_path: Path) -> None:
    bomb = pack(b"a" * (100 * MEGABYTE))  # type: ignore[operator]
    assert len(bomb) < MEGABYTE
    with pytest.raises(LoadRefused, match="gonfle démesurément"), opened(write(tmp_path, bomb)):
        raise AssertionError("it was opened")


@pytest.mark.parametrize(
    ("line", "lines_after"), [(b"x" * (100 * MEGABYTE), 1), ("é".encode() * (30 * MEGABYTE), 3), (b"y" * 9999, 1)]
)
def test_a_line_without_end_is_cut_and_stays_one_line(line: bytes, lines_after: int, tmp_path: Path) -> None:
    lines = content(write(tmp_path, b"before\n" + line + b"\n" + b"after\n" * lines_after)).split("\n")
    assert (lines[0], lines[2:]) == ("before", ["after"] * lines_after + [""])
    assert len(lines[1]) >= min(len(line.decode()), LONGEST_LINE)
    assert len(lines[1]) < 12 * MEGABYTE


def test_a_hundred_megabytes_in_one_line_or_in_many_take_little_memory(tmp_path: Path) -> None:
    """Measured in a process of its own: the peak is the process's, not the test's."""
    program = (
        "import resource, sys\n"
        "from eligibility.registers.files import opened\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "with opened(sys.argv[1]) as file:\n"
        "    assert sum(len(block) for block in file.blocks())\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    for data in (b"x" * (100 * MEGABYTE), b"0123456789\n" * (10 * MEGABYTE)):
        path = write(tmp_path, data)
        done = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True, check=True)
        assert int(done.stdout) < 60 * 1024, "kilobytes"


def test_a_pipe_is_read_like_a_file(tmp_path: Path) -> None:
    """As a shell gives the output of a command in the place of a file."""
    reading, writing = os.pipe()
    os.write(writing, TEXT.encode())
    os.close(writing)
    assert content(f"/dev/fd/{reading}") == TEXT
    os.close(reading)


@pytest.mark.parametrize("stdin", [None, SimpleNamespace(isatty=lambda: True)], ids=["closed", "terminal"])
def test_standard_input_that_nobody_fills_is_not_waited_for(stdin: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", stdin)
    with pytest.raises(LoadRefused, match="Rien n’arrive sur l’entrée standard"), opened("-"):
        raise AssertionError("it was opened")


def test_what_ends_a_text_of_dos_is_no_row_cut_short(tmp_path: Path) -> None:
    with opened(write(tmp_path, TEXT.encode() + b"\x1a")) as file:
        assert file.encoding == UTF_8
