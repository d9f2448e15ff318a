"""Postal addresses: from a register's line to the lines of a label, 35 characters each. Pure."""

import re

LINE = 35
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
