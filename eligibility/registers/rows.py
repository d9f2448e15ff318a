"""Clean one row of a CCI/CMA file: keep it, keep it with remarks, or leave it out with a reason. Pure functions.

Dates and other rows are not this drawer's business: `today` is given, and duplicates are settled in `staging`.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from eligibility import headcount as bands
from eligibility.siret import SIREN_LENGTH, SIRET_LENGTH, has_valid_key, strip_separators

MASKED = "[ND]"
YES, NO = {"O", "OUI", "1"}, {"N", "NON", "0"}
# Texts are cut at the width of their column.
LONGEST = {"raison_sociale": 160, "chambre": 100, "adresse": 120, "commune": 80}
_DIGITS = re.compile(r"[0-9]+")
_SCIENTIFIC = re.compile(r"[0-9]+([.,][0-9]+)?[eE]\+?[0-9]+")
_HEADCOUNT = re.compile(r"[0-9]{1,6}")
_NAF = re.compile(r"([0-9]{2})\.?([0-9]{2}[A-Z])")
_APRM = re.compile(r"[0-9]{4}[0-9A-Z]{2}")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_DATES = (
    re.compile(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"),
    re.compile(r"(?P<day>[0-9]{2})/(?P<month>[0-9]{2})/(?P<year>[0-9]{4})"),
)


class Entry(NamedTuple):
    """The columns of `RegisterEntry`, in the order of its `STORED`."""

    siret: str
    register: str
    legal_name: str
    chamber: str
    headcount: int | None
    headcount_code: str
    street: str
    postal_code: str
    city: str
    naf: str
    aprm: str
    opt_in: bool
    updated_on: date | None
    is_open: bool


@dataclass(frozen=True)
class Accepted:
    entry: Entry
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Rejected:
    reason: str


class _Reject(Exception):
    """Carry the reason out of the cleaning of one field."""


def clean(cells: Mapping[str, str], *, register: str, known: Collection[str], today: date) -> Accepted | Rejected:
    """Clean the cells of one row of the register being loaded; `known` are the codes of all registers."""
    warnings: list[str] = []
    try:
        siret = _siret(cells["siret"], warnings)
        _register(cells["registre"], register, known)
        headcount, headcount_code = _headcount(cells["effectif"].strip(), cells["tranche"].strip().upper(), warnings)
        is_open = _is_open(cells["etat"])
    except _Reject as rejection:
        return Rejected(str(rejection))
    entry = Entry(
        siret=siret,
        register=register,
        legal_name=_legal_name(cells["raison_sociale"], warnings),
        chamber=_text(cells["chambre"], LONGEST["chambre"]),
        headcount=headcount,
        headcount_code=headcount_code,
        street=_text(cells["adresse"], LONGEST["adresse"]),
        postal_code=_postal_code(_text(cells["code_postal"], 20), warnings),
        city=_text(cells["commune"], LONGEST["commune"]),
        naf=_naf(_text(cells["code_naf"], 20).upper(), warnings),
        aprm=_aprm(_text(cells["aprm"], 20).upper(), warnings),
        opt_in=_opt_in(cells["opt_in"].strip().upper(), warnings),
        updated_on=_updated_on(cells["date_maj"].strip(), today, warnings),
        is_open=is_open,
    )
    if any("\ufffd" in cell for cell in cells.values()):
        warnings.append("encoding_suspect")
    return Accepted(entry, tuple(warnings))


def _siret(cell: str, warnings: list[str]) -> str:
    if _SCIENTIFIC.fullmatch(cell.strip()):
        raise _Reject("siret_scientific")
    siret = strip_separators(cell)
    if not siret:
        raise _Reject("siret_missing")
    if not _DIGITS.fullmatch(siret):
        raise _Reject("siret_format")
    if len(siret) == SIREN_LENGTH:
        raise _Reject("siret_is_siren")
    # Spreadsheets drop leading zeros; they are given back only where the key then proves it.
    if len(siret) in (12, 13) and has_valid_key(siret.zfill(SIRET_LENGTH)):
        warnings.append("siret_padded")
        return siret.zfill(SIRET_LENGTH)
    if len(siret) != SIRET_LENGTH:
        raise _Reject("siret_length")
    if not has_valid_key(siret):
        raise _Reject("siret_checksum")
    return siret


def _register(cell: str, register: str, known: Collection[str]) -> None:
    code = cell.strip().upper()
    if code not in known:
        raise _Reject("register_unknown")
    if code != register:
        raise _Reject("register_other")


def _headcount(exact: str, code: str, warnings: list[str]) -> tuple[int | None, str]:
    """The exact number, if it is one, and the code, if it is one; an unusable pair rejects the row."""
    if not exact and not code:
        warnings.append("headcount_missing")
        return None, ""  # Sirene's code counts then, and without it the company employs nobody
    if code in ("0", "1", "2", "3"):
        warnings.append("band_padded")
        code = f"0{code}"
    is_number, is_code = bool(_HEADCOUNT.fullmatch(exact)), code in bands.BANDS
    if exact and not is_number:
        warnings.append("headcount_invalid")
    if not is_number:
        if not is_code:
            raise _Reject("headcount_unusable")
        return None, code
    number = int(exact)
    if code and not is_code:
        warnings.append("band_unknown")
    elif code and not bands.is_within(number, code):
        warnings.append("headcount_mismatch")
    return number, code if is_code else ""


def _is_open(cell: str) -> bool:
    state = cell.strip().upper()
    if state not in ("", "A", "F"):
        raise _Reject("state_unknown")
    return state != "F"


def _text(cell: str, longest: int) -> str:
    """Plain text without control characters; a masked cell of a partly confidential company is empty."""
    text = _CONTROLS.sub("", cell).strip()
    return "" if text == MASKED else text[:longest].rstrip()


def _legal_name(cell: str, warnings: list[str]) -> str:
    name = _text(cell, LONGEST["raison_sociale"])
    if not name:
        warnings.append("name_missing")
    return name


def _postal_code(cell: str, warnings: list[str]) -> str:
    if not cell or (len(cell) == 5 and _DIGITS.fullmatch(cell)):
        return cell
    if len(cell) == 4 and _DIGITS.fullmatch(cell):
        warnings.append("postcode_padded")
        return f"0{cell}"
    warnings.append("postcode_invalid")
    return ""


def _naf(cell: str, warnings: list[str]) -> str:
    if not cell:
        return ""
    if match := _NAF.fullmatch(cell):
        return ".".join(match.groups())
    warnings.append("naf_invalid")
    return ""


def _aprm(cell: str, warnings: list[str]) -> str:
    if not cell or _APRM.fullmatch(cell):
        return cell
    warnings.append("aprm_invalid")
    return ""


def _opt_in(cell: str, warnings: list[str]) -> bool:
    """Whatever is not a clear yes is a no."""
    if cell not in YES | NO:
        warnings.append("opt_in_invalid" if cell else "opt_in_missing")
    return cell in YES


def _updated_on(cell: str, today: date, warnings: list[str]) -> date | None:
    if not cell:
        return None
    match = next((match for pattern in _DATES if (match := pattern.fullmatch(cell))), None)
    try:
        updated_on = date(**{part: int(text) for part, text in match.groupdict().items()}) if match else None
    except ValueError:
        updated_on = None
    if updated_on is None:
        warnings.append("date_invalid")
    elif updated_on > today:
        warnings.append("date_future")
    return updated_on
