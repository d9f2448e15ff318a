"""References such as ECTZ326: dictated on the phone, telling nothing of how many orders there are.

Knowing one opens nothing: orders are looked up inside the customer's establishment.
"""

import re
import secrets

# No vowel but E, no L or Q: no look-alikes, few words.
LETTERS = "BCDEFGHJKMNPRSTVWXZ"
DIGITS = "0123456789"
LENGTH = 7
# What four of these letters can still spell and nobody wants to read out.
RUDE = ("FDP", "KKK", "MERD", "NEGR", "NTM", "PD", "PEDE", "PTN", "SEXE", "SS", "TG")
_WELL_FORMED = re.compile(rf"[{LETTERS}]{{4}}[{DIGITS}]{{3}}")


def draw() -> str:
    """Draw a reference, one of 130 million. It may be taken: the database's unique key decides."""
    while True:
        letters = "".join(secrets.choice(LETTERS) for _ in range(4))
        if not any(word in letters for word in RUDE):
            return letters + "".join(secrets.choice(DIGITS) for _ in range(3))


def parse(text: str) -> str:
    """Read a reference as people type it (lower case, blanks, dashes); ValueError for anything else."""
    reference = re.sub(r"[\s\u200b\ufeff.–—-]", "", text).upper()
    if not _WELL_FORMED.fullmatch(reference):
        raise ValueError("not an order reference")
    return reference


class ReferenceConverter:
    """`<reference:reference>` in an address."""

    regex = "[^/]{7,40}"

    def to_python(self, value: str) -> str:
        return parse(value)

    def to_url(self, value: str) -> str:
        return value
