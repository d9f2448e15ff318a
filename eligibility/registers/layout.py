"""The columns of a CCI/CMA file, found by name in its header; their order is free, unknown ones are ignored.

A record is one line: a field may hold the separator inside quotes, but no line break.
"""

import csv
import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from .refusal import LoadRefused

COLUMNS = (
    "siret", "raison_sociale", "registre", "chambre", "effectif", "tranche", "adresse", "code_postal", "commune",
    "code_naf", "aprm", "opt_in", "date_maj", "etat",
)  # fmt: skip
REQUIRED = ("siret", "registre", "opt_in")
SEPARATORS = {";": "point-virgule", ",": "virgule", "\t": "tabulation"}


@dataclass(frozen=True)
class Layout:
    """Where each column of the format stands in this file."""

    separator: str
    width: int
    positions: dict[str, int]
    ignored: tuple[str, ...]

    def split(self, line: str) -> list[str]:
        """Cut a line into its fields."""
        return split(line, self.separator)

    def cells(self, fields: Sequence[str]) -> dict[str, str]:
        """Name the fields; a column the file does not have reads empty."""
        return {name: fields[self.positions[name]] if name in self.positions else "" for name in COLUMNS}


def read_header(line: str) -> Layout:
    """Understand the first line, or refuse the file."""
    separator = _separator(line)
    names = [name.strip().lower() for name in split(line, separator)]
    missing = [name for name in REQUIRED if name not in names]
    if len(missing) == len(REQUIRED):
        if odd := odd_separator(line.lower(), REQUIRED):
            raise LoadRefused(
                f"Les colonnes sont séparées par {odd}\u00a0: utilisez point-virgule, virgule ou tabulation."
            )
        raise LoadRefused("La première ligne n’est pas un en-tête\u00a0: aucune colonne attendue n’y figure.")
    if missing:
        raise LoadRefused(f"Colonne obligatoire absente de l’en-tête\u00a0: {', '.join(missing)}.")
    repeated = sorted({name for name in names if name in COLUMNS and names.count(name) > 1})
    if repeated:
        raise LoadRefused(f"Colonne présente deux fois dans l’en-tête\u00a0: {', '.join(repeated)}.")
    return Layout(
        separator=separator,
        width=len(names),
        positions={name: names.index(name) for name in COLUMNS if name in names},
        ignored=tuple(name for name in names if name not in COLUMNS),
    )


def is_cut(header: str, last: str) -> bool:
    """Tell whether a last line stops before its last field; blanks, and what ends a text of DOS, are no line."""
    separator = _separator(header)
    return bool(last.strip(" \t\x1a")) and len(split(last, separator)) < len(split(header, separator))


def odd_separator(header: str, columns: Collection[str]) -> str:
    """What stands between the columns of a header that has them all, in words; nothing where it has not."""
    if not {*columns} <= {*re.split(r"\W+", header)}:
        return ""
    between = Counter(re.findall(r"[^\w\"']", header)).most_common(1)[0][0]
    return (SEPARATORS | {" ": "espace"}).get(between, f"«\u00a0{between}\u00a0»")


def _separator(header: str) -> str:
    return max(SEPARATORS, key=header.count)


def split(line: str, separator: str) -> list[str]:
    """Cut a line at the separator, minding quotes only where there are any."""
    if '"' not in line:
        return line.split(separator)
    return next(csv.reader([line], delimiter=separator))
