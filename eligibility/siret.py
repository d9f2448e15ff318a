"""SIRET, SIREN and VAT numbers: what people type, what the key says, how it is stored.

A SIRET is fourteen characters of text: leading zeros are part of the number. Pure functions.
"""

import re

SIREN_LENGTH = 9
SIRET_LENGTH = 14
LA_POSTE = "356000000"
LA_POSTE_HEAD_OFFICE = "35600000000048"
# Passes the key, but was never given to anybody: spreadsheets and test scripts are full of it.
ALL_ZEROS = "0" * SIRET_LENGTH

# Every kind of blank, dots, all dashes, and the two invisible marks that a copy-paste brings along.
_SEPARATORS = re.compile(r"[\s.\-\u2010-\u2015\u200b\ufeff]+")
# [0-9] only: \d and str.isdigit() take Arabic and full-width digits too.
_DIGITS = re.compile(r"[0-9]+")
# Luhn, two digits at a time: the first of a pair counts double, a double above nine loses nine.
_PAIR_SUM = {f"{a}{b}": (2 * a - 9 if a > 4 else 2 * a) + b for a in range(10) for b in range(10)}


class SiretError(ValueError):
    """This text is no SIRET; `code` names the fault and str() is a French sentence for the person who typed it."""

    SENTENCES = {
        "required": "Indiquez votre numéro SIRET.",
        "bad_format": "Le SIRET ne comporte que des chiffres.",
        "siren_only": (
            "Vous avez saisi un SIREN (9\u00a0chiffres)\u00a0: ajoutez les 5\u00a0chiffres de votre établissement."
        ),
        "bad_length": "Le SIRET comporte 14\u00a0chiffres.",
        "bad_checksum": "Ce numéro SIRET n’existe pas\u00a0: vérifiez votre saisie.",
    }

    def __init__(self, code: str) -> None:
        super().__init__(self.SENTENCES[code])
        self.code = code


def strip_separators(text: str) -> str:
    """Drop blanks, dots, dashes and invisible marks: what is left should be the number."""
    return _SEPARATORS.sub("", text)


def parse(text: str) -> str:
    """Return the fourteen digits of a SIRET as typed by a person, or raise SiretError."""
    siret = strip_separators(text)
    if not siret:
        raise SiretError("required")
    if not _DIGITS.fullmatch(siret):
        raise SiretError("bad_format")
    if len(siret) == SIREN_LENGTH:
        raise SiretError("siren_only")
    if len(siret) != SIRET_LENGTH:
        raise SiretError("bad_length")
    if not has_valid_key(siret):
        raise SiretError("bad_checksum")
    return siret


def has_valid_key(siret: str) -> bool:
    """Check the key of fourteen digits.

    La Poste has more sites than Luhn keys: each of its SIRETs but the head office's has a digit sum that is a
    multiple of five instead.
    """
    if siret == ALL_ZEROS:
        return False
    if siret.startswith(LA_POSTE) and siret != LA_POSTE_HEAD_OFFICE:
        return sum(map(int, siret)) % 5 == 0
    return sum(_PAIR_SUM[siret[i : i + 2]] for i in range(0, SIRET_LENGTH, 2)) % 10 == 0


def siren_of(siret: str) -> str:
    """The company's number within the establishment's."""
    return siret[:SIREN_LENGTH]


def vat_number(siren: str) -> str:
    """Work out the usual VAT number of a company: a suggestion, never a proof (some keys hold letters)."""
    key = (12 + 3 * (int(siren) % 97)) % 97
    return f"FR{key:02d}{siren}"
