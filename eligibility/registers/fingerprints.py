"""A number for every row, so that two registers of millions of rows are compared without reading their texts.

Polars promises the same number for the same row within one of its versions only. A load therefore keeps the number of
a specimen: registers written under another specimen are compared by their texts.
"""

from datetime import date
from functools import reduce
from operator import xor

import polars as pl

from .columns import SCHEMA

COLUMN = "fingerprint"
_FULL = {
    "siret": "73282932000074", "register": "CCI", "legal_name": "BOULANGERIE LEFÈVRE ET FILS", "chamber": "CCI 75",
    "headcount": 7, "headcount_code": "03", "street": "12 RUE DE LA GARE", "postal_code": "75015", "city": "PARIS",
    "naf": "10.71C", "aprm": "", "opt_in": True, "updated_on": date(2020, 5, 11), "is_open": False,
}  # fmt: skip
# An empty cell has a number of its own, and so has each answer to a question.
_SPECIMEN = [_FULL, _FULL | {"headcount": None, "updated_on": None, "opt_in": False, "is_open": True}]


def fingerprints(rows: pl.DataFrame) -> pl.Series:
    """One signed number of 64 bits for each row, of all its columns, the SIRET among them."""
    return rows.select(*SCHEMA).hash_rows().reinterpret(signed=True).alias(COLUMN)


def specimen() -> int:
    """The fingerprint of the same two rows, whenever: another one than yesterday's tells that all would be others."""
    return reduce(xor, fingerprints(pl.DataFrame(_SPECIMEN, schema=SCHEMA)))


def lone(ours: pl.Series, theirs: pl.Series) -> pl.Series:
    """The numbers that stand in one of the two registers only; in each of them every number stands once."""
    both = pl.concat([ours, theirs]).sort()
    has_twin = (both == both.shift(1)).fill_null(value=False) | (both == both.shift(-1)).fill_null(value=False)
    return both.filter(~has_twin)
