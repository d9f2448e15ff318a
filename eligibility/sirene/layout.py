"""The columns we need of each stock file, and what becomes of them: columnar, a whole batch at a time. Pure.

INSEE adds columns without notice: they are read by name, unknown ones are ignored, and only a missing one that we
need refuses the file.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl
from django.db.models import BooleanField, CharField, Model

from eligibility import headcount as bands

from .models import SireneEstablishment, SireneUnit, Stock
from .street_types import STREET_TYPES

MASK = "[ND]"
PUBLIC = "O"
POSTAL_CODE, NAF, APRM, YEAR = r"^[0-9]{5}$", r"^[0-9]{2}\.[0-9]{2}[A-Z]$", r"^[0-9]{4}[0-9A-Z]{2}$", r"^[0-9]{4}$"


@dataclass(frozen=True)
class Layout:
    """One stock file: its key, its two states, its columns, and the model whose table it fills."""

    stock: Stock
    model: type[Model]
    key: str
    key_digits: int
    state: str
    states: Mapping[str, bool]  # what the file writes → whether it is alive
    alive: str
    judged: tuple[str, ...]  # the columns that may change a verdict
    treated: str  # when INSEE last touched the row: tells an older file; read where the file has it
    columns: Mapping[str, pl.Expr]

    @property
    def needed(self) -> list[str]:
        names = {name for column in self.columns.values() for name in column.meta.root_names()}
        return sorted(names | {self.key, self.state})

    @property
    def stored(self) -> list[str]:
        """The columns of the table, in the order in which a load writes them."""
        return [self.key, self.alive, *self.columns]

    def is_key(self) -> pl.Expr:
        return pl.col(self.key).str.contains(rf"^[0-9]{{{self.key_digits}}}$").fill_null(value=False)

    def is_alive(self) -> pl.Expr:
        """Open or active; null for a state that is neither."""
        return pl.col(self.state).str.strip_chars().replace_strict(self.states, default=None, return_dtype=pl.Boolean)

    def living(self) -> list[pl.Expr]:
        """The table's row of what is open or active."""
        values = (_stored(self.model, name, value).alias(name) for name, value in self.columns.items())
        return [pl.col(self.key), pl.lit(value=True).alias(self.alive), *values]

    def gone(self) -> list[pl.Expr]:
        """The table's row of what is closed or ceased: its number and state, and nothing of the people."""
        nothing = (pl.lit(_nothing(self.model, name)).alias(name) for name in self.columns)
        return [pl.col(self.key), pl.lit(value=False).alias(self.alive), *nothing]


def _stored(model: type[Model], name: str, value: pl.Expr) -> pl.Expr:
    """Fit a value to its column: texts are cut and never null."""
    field = model._meta.get_field(name)
    return value.str.slice(0, field.max_length).fill_null("") if isinstance(field, CharField) else value


def _nothing(model: type[Model], name: str) -> str | bool | None:
    field = model._meta.get_field(name)
    if isinstance(field, CharField):
        return ""
    return False if isinstance(field, BooleanField) else None


def _text(name: str) -> pl.Expr:
    """A cell without blanks around it; null where it is empty, or masked because the firm asked for it."""
    cell = pl.col(name).str.strip_chars()
    return pl.when((cell != "") & ~cell.str.contains(MASK, literal=True)).then(cell)


def _matching(name: str, pattern: str) -> pl.Expr:
    cell = pl.col(name).str.strip_chars()
    return pl.when(cell.str.contains(pattern)).then(cell)


def _joined(*parts: pl.Expr) -> pl.Expr:
    return pl.concat_str(parts, separator=" ", ignore_nulls=True)


def _year(name: str) -> pl.Expr:
    return _matching(name, YEAR).cast(pl.Int16)


def _headcount_code(name: str) -> pl.Expr:
    """INSEE's code; an empty cell means no employees, a code we do not know says nothing."""
    cell = pl.col(name).str.strip_chars()
    empty = pl.when(cell.is_null() | (cell == "")).then(pl.lit(bands.NO_EMPLOYEE))
    return empty.when(cell.is_in(list(bands.BANDS))).then(cell)


def _is_confidential(name: str) -> pl.Expr:
    """Whatever is not clearly public is confidential (Code de commerce, art. R123-232-1)."""
    return pl.col(name).str.strip_chars().ne_missing(PUBLIC)


ESTABLISHMENTS = Layout(
    stock=Stock.ESTABLISHMENTS,
    model=SireneEstablishment,
    key="siret",
    key_digits=14,
    state="etatAdministratifEtablissement",
    states={"A": True, "F": False},
    alive="is_open",
    judged=("is_open", "postal_code"),
    treated="dateDernierTraitementEtablissement",
    columns={
        "is_confidential": _is_confidential("statutDiffusionEtablissement"),
        "is_head_office": pl.col("etablissementSiege").eq_missing("true"),
        "trade_name": pl.coalesce(_text("enseigne1Etablissement"), _text("denominationUsuelleEtablissement")),
        "address_extra": _text("complementAdresseEtablissement"),
        "street": _joined(
            _text("numeroVoieEtablissement"),
            _text("indiceRepetitionEtablissement"),
            _text("typeVoieEtablissement").replace(STREET_TYPES),
            _text("libelleVoieEtablissement"),
        ),
        "box": _text("distributionSpecialeEtablissement"),
        "postal_code": _matching("codePostalEtablissement", POSTAL_CODE),
        "city": _text("libelleCommuneEtablissement"),
        "commune": _text("codeCommuneEtablissement"),
        "cedex": _joined(_text("codeCedexEtablissement"), _text("libelleCedexEtablissement")),
        "naf": _matching("activitePrincipaleEtablissement", NAF),
        "aprm": _matching("activitePrincipaleRegistreMetiersEtablissement", APRM),
        "headcount_code": _headcount_code("trancheEffectifsEtablissement"),
        "headcount_year": _year("anneeEffectifsEtablissement"),
    },
)
UNITS = Layout(
    stock=Stock.UNITS,
    model=SireneUnit,
    key="siren",
    key_digits=9,
    state="etatAdministratifUniteLegale",
    states={"A": True, "C": False},
    alive="is_active",
    judged=("is_active", "headcount_code"),
    treated="dateDernierTraitementUniteLegale",
    columns={
        "is_confidential": _is_confidential("statutDiffusionUniteLegale"),
        # A sole trader has no name but the person's: first name in use, then the name in use or the one of birth.
        "legal_name": pl.coalesce(
            _text("denominationUniteLegale"),
            _joined(
                _text("prenomUsuelUniteLegale"),
                pl.coalesce(_text("nomUsageUniteLegale"), _text("nomUniteLegale")),
            ),
        ),
        "acronym": _text("sigleUniteLegale"),
        "legal_category": _matching("categorieJuridiqueUniteLegale", YEAR),
        "naf": _matching("activitePrincipaleUniteLegale", NAF),
        "headcount_code": _headcount_code("trancheEffectifsUniteLegale"),
        "headcount_year": _year("anneeEffectifsUniteLegale"),
    },
)
LAYOUTS = {layout.stock: layout for layout in (ESTABLISHMENTS, UNITS)}
