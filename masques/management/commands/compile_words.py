"""Turn the French words of the desk's dress from the .po file that people edit into the .mo file that Django reads.

Django's own `compilemessages` needs the system's gettext, which a newcomer's machine and the image lack; both files are
in the repository, and a test compares them.
"""

import ast
import re
import struct
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand

MAGIC = 0x950412DE
ENTRY = re.compile(
    r'^(msgid|msgid_plural|msgstr(?:\[[0-9]\])?) ("(?:[^"\\]|\\.)*"(?:\n"(?:[^"\\]|\\.)*")*)', re.MULTILINE
)


def read_po(text: str) -> dict[str, str]:
    """The catalogue of a .po file as a .mo file holds it: the forms of a plural are joined by NUL."""
    words: dict[str, str] = {}
    key = ""
    for keyword, quoted in ENTRY.findall(text):
        said = "".join(ast.literal_eval(line) for line in quoted.splitlines())
        if keyword == "msgid":
            key = said
        elif keyword == "msgid_plural":
            key = f"{key}\0{said}"
        else:
            words[key] = f"{words[key]}\0{said}" if key in words else said
    return words


def as_mo(words: dict[str, str]) -> bytes:
    """The bytes of a .mo file: a head, two tables of lengths and places, the texts."""
    pairs = sorted((key.encode(), said.encode()) for key, said in words.items())
    texts = [key for key, _ in pairs] + [said for _, said in pairs]
    head = struct.pack("<7I", MAGIC, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, 0)
    place, tables = 28 + 16 * len(pairs), b""
    for text in texts:
        tables += struct.pack("<2I", len(text), place)
        place += len(text) + 1
    return head + tables + b"".join(text + b"\0" for text in texts)


class Command(BaseCommand):
    help = "Compile the French words of the staff desk's dress (locale/)."

    def handle(self, *args: object, **options: object) -> None:
        for folder in settings.LOCALE_PATHS:
            for source in sorted(Path(folder).rglob("*.po")):
                words = read_po(source.read_text("utf-8"))
                source.with_suffix(".mo").write_bytes(as_mo(words))
                self.stdout.write(f"{source}: {len(words) - 1} texts")
