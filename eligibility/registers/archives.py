"""The bytes of a text inside what a chamber sends: the file itself, a gzip, or a ZIP that holds exactly one file.

Archives are read as a stream and never unpacked to disk. One that swells beyond reason, that is cut short, damaged
or locked by a password is refused.
"""

import gzip
import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from typing import BinaryIO, cast

from .refusal import LoadRefused

CHUNK = 1024 * 1024
# Tables of firms shrink to a tenth or a twentieth; a bomb of zeros to a thousandth.
LARGEST_RATIO = 100
# Below this size any ratio is harmless: a short file of equal lines is no bomb.
HARMLESS = 64 * CHUNK

_GZIP, _ZIP = b"\x1f\x8b", (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
# 7z, RAR, bzip2, xz, Zstandard: archives all the same, but none of ours.
_OTHERS = (b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd")
_OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# Members that only the files of Excel and of LibreOffice have: a workbook is a ZIP.
_OF_A_WORKBOOK = {"[Content_Types].xml", "META-INF/manifest.xml"}
_WORKBOOK = "C’est un classeur Excel ou LibreOffice\u00a0: enregistrez-le au format CSV."
_UNKNOWN_ARCHIVE = "L’archive est comprimée d’une façon que l’on ne sait pas lire\u00a0: utilisez ZIP ou gzip."
_DAMAGES = (EOFError, gzip.BadGzipFile, zlib.error, zipfile.BadZipFile)
_IS_ENCRYPTED = 0x1


def chunks(handle: BinaryIO) -> Generator[bytes, None, None]:
    """Give the content of a seekable file from its beginning, unpacked, piece by piece."""
    received = handle.seek(0, 2)
    with _understood(), ExitStack() as stack:
        content = stack.enter_context(_opened(handle))
        limit = received if content is handle else max(HARMLESS, LARGEST_RATIO * received)
        given = 0
        while chunk := content.read(CHUNK):
            if not given:
                _refuse_packed(chunk, is_inside=content is not handle)
            given += len(chunk)
            if given > limit:
                raise LoadRefused(
                    f"L’archive gonfle démesurément, à plus de {LARGEST_RATIO}\u00a0fois sa taille\u00a0: refusée."
                )
            yield chunk


@contextmanager
def _opened(handle: BinaryIO) -> Iterator[BinaryIO]:
    """Open what the first bytes announce; names and extensions say nothing."""
    handle.seek(0)
    start = handle.read(4)
    handle.seek(0)
    if start.startswith(_GZIP):
        with gzip.GzipFile(fileobj=handle) as content:
            yield cast(BinaryIO, content)
    elif start.startswith(_ZIP):
        with zipfile.ZipFile(handle) as archive, archive.open(_only_member(archive)) as member:
            yield cast(BinaryIO, member)
    else:
        yield handle


def _refuse_packed(start: bytes, *, is_inside: bool) -> None:
    """Refuse what is no text yet: an archive inside an archive, or one that cannot be read."""
    if start.startswith(_OLD_EXCEL):
        raise LoadRefused(_WORKBOOK)
    if is_inside and start.startswith((_GZIP, *_ZIP, *_OTHERS)):
        raise LoadRefused("L’archive en contient une autre\u00a0: décompressez-la une fois, puis recommencez.")
    if start.startswith(_OTHERS):
        raise LoadRefused(_UNKNOWN_ARCHIVE)


def _only_member(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    """The one file of a ZIP; folders, and the notes that macOS adds, are no files of the sender's."""
    if _OF_A_WORKBOOK & {*archive.namelist()}:
        raise LoadRefused(_WORKBOOK)
    members = [info for info in archive.infolist() if not info.is_dir() and not info.filename.startswith("__MACOSX/")]
    if len(members) != 1:
        names = f"\u00a0: {', '.join(info.filename for info in members[:3])}" if members else ""
        raise LoadRefused(f"L’archive doit contenir exactement un fichier, elle en contient {len(members)}{names}.")
    if members[0].flag_bits & _IS_ENCRYPTED:
        raise LoadRefused("L’archive est protégée par un mot de passe\u00a0: elle ne peut pas être lue.")
    return members[0]


@contextmanager
def _understood() -> Iterator[None]:
    """Tell what is wrong with an archive in a sentence."""
    try:
        yield
    except _DAMAGES:
        raise LoadRefused("L’archive est incomplète ou abîmée\u00a0: demandez un nouvel envoi du fichier.")
    except NotImplementedError:
        raise LoadRefused(_UNKNOWN_ARCHIVE)
