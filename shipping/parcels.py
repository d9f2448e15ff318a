"""Parcel numbers: format, key, link. Pure."""

import re

FORMAT = re.compile(r"[0-9A-Z]{11,15}")
_COLISSIMO = re.compile(r"[0-9A-Z]{2}([0-9]{10})([0-9])")


def normalise(text: str) -> str:
    """What is typed on a phone: capitals, no blanks."""
    return re.sub(r"\s", "", text).upper()


def is_well_formed(number: str) -> bool:
    """11 to 15 letters and digits, as on La Poste's site."""
    return FORMAT.fullmatch(number) is not None


def has_right_key(number: str) -> bool | None:
    """Whether a Colissimo number's key is right; None where the rule does not apply (other products exist).

    A wrong key is a warning to staff, never a refusal.
    """
    match = _COLISSIMO.fullmatch(number)
    if match is None:
        return None
    digits, key = match.groups()
    total = sum(int(digit) * (3, 1)[rank % 2] for rank, digit in enumerate(reversed(digits)))
    return (10 - total % 10) % 10 == int(key)
