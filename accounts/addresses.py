"""Postal addresses: from a register's line to the lines of a label, 35 characters each. Pure."""

import re
import unicodedata

LINE = 35
# What the invoice's typeface has: Latin-1, but for a mark nobody sees and one nobody needs, and the letters and
# signs of European names.
PRINTED = frozenset(map(chr, (*range(0x20, 0x7F), *range(0xA0, 0x100)))) - {"\u00ad", "µ"} | frozenset(
    "ĀāĂăĄąĆćĊċČčĎďĐđĒēĖėĘęĚěĞğĠġĢģĦħĪīĮįİıĲĳĶķĹĺĻļĽľŁłŃńŅņŇňŐőŒœŔŕŘřŚśŞşŠšŢţŤťŪūŮůŰűŲųŴŵŶŷŸŹźŻżŽžȘșȚț‘’“”„–—…€"
)
# Colissimo takes Latin-1; these have no letter of it inside.
_ON_LABEL = str.maketrans(
    {"Đ": "D", "đ": "d", "Ħ": "H", "ħ": "h", "ı": "i", "Ł": "L", "ł": "l", "Œ": "OE", "œ": "oe", "€": "EUR"}
    | dict.fromkeys("‘’", "'") | dict.fromkeys("“”„", '"') | dict.fromkeys("–—", "-")
)  # fmt: skip
NOT_DISCLOSED = "[ND]"
_NUMBER = re.compile(
    r"(?P<number>[0-9]{1,4}(?:\s?(?:BIS|TER|QUATER|[A-H]))?(?![^\s,]))[\s,]+(?P<name>.+)", re.IGNORECASE
)
# The abbreviations of the postal service for the words that make a street's name too long.
SHORT = {
    "AVENUE": "AV", "BOULEVARD": "BD", "CHEMIN": "CHE", "COURS": "CRS", "IMPASSE": "IMP", "LIEU DIT": "LD",
    "LOTISSEMENT": "LOT", "PASSAGE": "PAS", "PLACE": "PL", "QUARTIER": "QUA", "RESIDENCE": "RES", "ROUTE": "RTE",
    "SQUARE": "SQ", "ZONE ARTISANALE": "ZA", "ZONE INDUSTRIELLE": "ZI", "GENERAL": "GAL",
    "SAINT": "ST", "SAINTE": "STE",
}  # fmt: skip


def split_number(street: str) -> tuple[str, str]:
    """Part "14 BIS RUE DES ARTS" into number and street name; no number gives an empty one."""
    found = _NUMBER.fullmatch(street.strip())
    return (found["number"], found["name"].strip()) if found else ("", street.strip())


def street_lines(street: str) -> dict[str, str]:
    """Number, street name and, where the line is too long even when abbreviated, the rest as hamlet line."""
    number, name = split_number(disclosed(street))
    room = LINE - len(number) - 1 if number else LINE
    if len(name) > room:
        name = _abbreviate(name)
    head, rest = _cut(name, room)
    return {"street_number": number, "street_name": head, "hamlet": rest[:LINE]}


def disclosed(text: str) -> str:
    """Nothing for a cell that INSEE masks: the mask is never shown."""
    return "" if NOT_DISCLOSED in text else text


def printed(text: str) -> str:
    """The text in letters that the typeface has, as far as it can be: ō becomes o, a full-width letter a plain one."""
    return "".join(each if each in PRINTED else _plain(each) for each in text)


def on_label(text: str) -> str:
    """A line as Colissimo takes it: Latin-1, "Łukasz" as "Lukasz", 35 characters at most."""
    letters = (each if each <= "\xff" else _plain(each) for each in text.translate(_ON_LABEL))
    return "".join(letters).encode("latin-1", "replace").decode("latin-1")[:LINE]


def _plain(letter: str) -> str:
    """A letter without what stands above or below it."""
    return "".join(each for each in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(each))


def _abbreviate(name: str) -> str:
    for word, short in SHORT.items():
        name = re.sub(rf"\b{word}\b", short, name, flags=re.IGNORECASE)
    return name


def _cut(text: str, room: int) -> tuple[str, str]:
    """Cut after the last word that fits; one endless word is cut through."""
    if len(text) <= room:
        return text, ""
    at = text.rfind(" ", 0, room + 1)
    return (text[:at], text[at + 1 :]) if at > 0 else (text[:room], text[room:])
