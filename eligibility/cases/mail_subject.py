"""What the subject and the words of an e-mail say: is it about a rejected SIRET, which one, which case? Pure."""

import re
import unicodedata

from eligibility.siret import has_valid_key, strip_separators

_ABOUT = re.compile(r"\brejets?\W+(?:\w+\W+){0,2}siret\b")
_CASE_NUMBER = re.compile(r"(?<![A-Z0-9])RS[ \u00a0-]?([0-9]{6,9})(?![0-9])", re.IGNORECASE)

# Blanks of all kinds, dots and dashes between the digits; a line may break there too.
_GAP = r"[\s.\-\u2010-\u2015\u200b\ufeff]{1,3}"
# 14 digits, 9 + 5, or 3 + 3 + 3 + 5. The lookahead lets candidates overlap: the first group may belong to a telephone.
_USUAL = re.compile(
    rf"(?<![0-9])(?=([0-9]{{14}}(?![0-9])|[0-9]{{9}}{_GAP}[0-9]{{5}}(?![0-9])"
    rf"|[0-9]{{3}}{_GAP}[0-9]{{3}}{_GAP}[0-9]{{3}}{_GAP}[0-9]{{5}}(?![0-9])))"
)
# Written in another rhythm: taken only where the digits of the line's run are fourteen and no more.
_RUN = re.compile(r"[0-9](?:[^\S\n]{0,2}[.\-\u2010-\u2015\u200b\ufeff]?[^\S\n]{0,2}[0-9])*")


def concerns_rejection(subject: str) -> bool:
    """Whether somebody writes about a rejected SIRET, or answers a letter of such a case."""
    return case_number(subject) is not None or _ABOUT.search(_plain(subject)) is not None


def case_number(subject: str) -> int | None:
    """The number of the case that the subject quotes, such as 42 for RS000042."""
    found = _CASE_NUMBER.search(subject)
    return int(found[1]) or None if found else None


def sirets(text: str) -> list[str]:
    """Every SIRET with a valid key in the order of the text, each once. A SIREN or a longer number is none."""
    found = [(match.start(), match[1]) for match in _USUAL.finditer(text)]
    found += [(match.start(), match[0]) for match in _RUN.finditer(text)]
    numbers = (strip_separators(written) for _, written in sorted(found))
    return list(dict.fromkeys(number for number in numbers if len(number) == 14 and has_valid_key(number)))


def _plain(text: str) -> str:
    """Small letters without accents."""
    return "".join(
        letter for letter in unicodedata.normalize("NFKD", text).casefold() if not unicodedata.combining(letter)
    )
