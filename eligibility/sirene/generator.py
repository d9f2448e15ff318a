"""Make a stock file of Sirene of any size, for tests and measurements: nobody's data, but the shape of the real thing.

Its companies are those of `registers.invented`, as a generated register has them: the head offices that the register
of one seed names stand here under the same name, at the same place. Like INSEE's, the files are in the order of the
numbers, and most of what they list has closed; the first companies, those of the registers, are mostly alive.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import polars as pl

from eligibility import headcount as bands
from eligibility.registers import invented
from eligibility.registers.invented import RANK, VERSION, Dice

from .layout import MASK, PUBLIC
from .models import Stock

BATCH = 100_000
# What each stock calls a column beyond the name that both share; the shipped samples have the columns of 2026.
SUFFIXES = {Stock.ESTABLISHMENTS: "Etablissement", Stock.UNITS: "UniteLegale"}
SAMPLES = {
    Stock.ESTABLISHMENTS: "sirene_sample_etablissement.csv",
    Stock.UNITS: "sirene_sample_unite_legale.csv",
}
# Second, third and fourth sites of a company, as shares of all establishments: most of them are former addresses.
FURTHER_SITES = {2: 0.2, 3: 0.08, 4: 0.04}
MOVED = 0.8  # share of further sites that have closed while their company goes on
# A generated register of up to a fifth of these rows has its companies among the settled ones.
SETTLED = 0.3
CEASED = 0.85  # share of the other companies that have ceased
PERSONS = 0.9  # share of sole traders among companies whose name may be a person's
CONFIDENTIAL = 0.14  # share of sole traders of partial diffusion
_OF_A_PERSON = ("", " ET FILS", " FRÈRES")
_CATEGORIES = {" SARL": "5499", " SAS": "5710", " EURL": "5498"}
_OTHER_CATEGORY, _SOLE_TRADER = "6540", "1000"
_FIRST_NAMES = ("CAMILLE", "MARIE", "NATHALIE", "SYLVIE", "FATIMA", "JEAN", "PHILIPPE", "MICHEL", "ALAIN", "KARIM")
_SEXES = 5 * ("F",) + 5 * ("M",)
_LONG_AGO, _LATELY = 12_000, 900  # days before the first month of the registers
_MASKED = {
    Stock.ESTABLISHMENTS: (
        "numeroVoie", "typeVoie", "libelleVoie", "codePostal", "libelleCommune", "codeCommune", "identifiantAdresse",
        "coordonneeLambertAbscisse", "coordonneeLambertOrdonnee", "enseigne1",
    ),
    Stock.UNITS: ("nom", "prenom1", "prenomUsuel", "sexe"),
}  # fmt: skip


@dataclass(frozen=True)
class Order:
    """What to write: one of the two files of a Sirene of so many establishments."""

    stock: Stock
    rows: int  # establishments; the legal units are those they belong to
    seed: int = 0

    @property
    def companies(self) -> int:
        return self.rows - sum(self.sites(number) for number in FURTHER_SITES)

    def sites(self, number: int) -> int:
        """How many companies have a site of this number; they are the first ones."""
        return round(self.rows * FURTHER_SITES[number])


def batches(order: Order) -> Iterator[bytes]:
    """Write the file in pieces, header first."""
    columns = header(order.stock)
    yield (",".join(columns) + "\n").encode()
    dice, suffix = Dice(order.seed), SUFFIXES[order.stock]
    for companies in _companies(order, dice):
        if order.stock == Stock.UNITS:
            frame, cells = companies, _unit(dice)
        else:
            frame, cells = _sites(companies, order, dice), _establishment()
        cells |= {name: _masked(cell) for name, cell in cells.items() if name in _MASKED[order.stock]}
        named = {name if name in columns else name + suffix: cell for name, cell in cells.items()}
        frame = frame.select(named.get(name, pl.lit("")).alias(name) for name in columns)
        buffer = io.BytesIO()
        frame.write_csv(buffer, include_header=False, quote_style="never")
        yield buffer.getvalue()


@cache
def header(stock: Stock) -> list[str]:
    """The columns of the file as it is published."""
    sample = Path(__file__).parents[1] / "data" / SAMPLES[stock]
    with sample.open(encoding="utf-8") as file:
        return file.readline().rstrip("\n").split(",")


def _companies(order: Order, dice: Dice) -> Iterator[pl.DataFrame]:
    """All companies in the order of their SIRENs, with what both files tell of them."""
    ranks = pl.DataFrame({RANK: pl.int_range(order.companies, dtype=pl.UInt64, eager=True)})
    ordered = ranks.select(pl.col(RANK).cast(pl.UInt32).sort_by(invented.body(pl.col(RANK)).cast(pl.UInt32)))
    ending = dice.one_of("ending", invented.ENDINGS)
    share_gone = pl.when(pl.col(RANK) < round(SETTLED * order.companies)).then(invented.CLOSED).otherwise(CEASED)
    for frame in ordered.iter_slices(BATCH):
        yield frame.select(pl.col(RANK).cast(pl.UInt64), pl.lit(0, pl.UInt64).alias(VERSION)).with_columns(
            dice.pick("trade", len(invented.TRADES)).alias("trade"),
            ending.alias("ending"),
            (ending.is_in([*_OF_A_PERSON]) & (dice.share("person") < PERSONS)).alias("is_person"),
            (dice.share("closed") >= share_gone).alias("is_active"),
            (dice.share("confidential") < CONFIDENTIAL).alias("is_confidential"),
            invented.headcount_code(dice).alias("size"),
            _day(dice, "created", _LONG_AGO).alias("dateCreation"),
            pl.concat_str(_day(dice, "treated", _LATELY), _time(dice)).alias("dateDernierTraitement"),
        ).with_columns(
            (pl.col("is_confidential") & pl.col("is_person")).alias("is_confidential"),
            pl.when("is_active").then("size").otherwise(pl.lit("")).alias("size"),
        )  # fmt: skip


def _unit(dice: Dice) -> dict[str, pl.Expr]:
    """The cells of a legal unit, by the names of its columns without their ending."""
    is_person, siret = pl.col("is_person"), invented.siret(pl.col(RANK), 1)
    person = dice.pick("person named", len(_FIRST_NAMES))
    first_name = invented.chosen(_FIRST_NAMES, person)
    category = pl.col("ending").replace_strict(_CATEGORIES, default=_OTHER_CATEGORY)
    return _common() | _employees(pl.col("size")) | {
        "siren": siret.str.head(9),
        "sexe": pl.when(is_person).then(invented.chosen(_SEXES, person)),
        "prenom1": pl.when(is_person).then(first_name),
        "prenomUsuel": pl.when(is_person).then(first_name),
        "nom": pl.when(is_person).then(dice.one_of("surname", invented.SURNAMES)),
        "denomination": pl.when(~is_person).then(invented.name(dice, pl.col("trade"))),
        "categorieJuridique": pl.when(is_person).then(pl.lit(_SOLE_TRADER)).otherwise(category),
        "categorieEntreprise": pl.when(pl.col("is_active")).then(pl.lit("PME")),
        "anneeCategorieEntreprise": pl.when(pl.col("is_active")).then(pl.lit(_year())),
        "etatAdministratif": pl.when(pl.col("is_active")).then(pl.lit("A")).otherwise(pl.lit("C")),
        "nicSiege": siret.str.tail(5),
        "economieSocialeSolidaire": pl.lit("N"),
        "societeMission": pl.lit("N"),
    }  # fmt: skip


def _sites(companies: pl.DataFrame, order: Order, dice: Dice) -> pl.DataFrame:
    """Every site of these companies, in the order of their SIRETs."""
    limits = {1: order.companies} | {number: order.sites(number) for number in FURTHER_SITES}
    sites = (_site(companies.filter(pl.col(RANK) < limit), number, dice) for number, limit in limits.items())
    return pl.concat(sites).sort("siret")


def _site(companies: pl.DataFrame, number: int, dice: Dice) -> pl.DataFrame:
    """One site of each; the first is the head office, which the registers name."""
    is_head_office, more = number == 1, "" if number == 1 else f" {number}"
    street_types, street_names = (tuple(street[place] for street in invented.STREETS) for place in (0, 1))
    street = dice.pick(f"street{more}", len(invented.STREETS))
    is_open = pl.col("is_active") & (pl.lit(is_head_office) | (dice.share(f"moved{more}") >= MOVED))
    return companies.with_columns(
        invented.siret(pl.col(RANK), number).alias("siret"),
        pl.lit(is_head_office).alias("is_head_office"),
        is_open.alias("is_open"),
        (pl.col("size") if is_head_office else pl.lit(bands.NO_EMPLOYEE)).alias("size"),
        (dice.pick(f"number{more}", 180) + 1).cast(pl.String).alias("numeroVoie"),
        invented.chosen(street_types, street).alias("typeVoie"),
        invented.chosen(street_names, street).alias("libelleVoie"),
        invented.commune(dice.share(f"place{more}")).alias("place"),
        (dice.share(f"east{more}") * 900_000 + 100_000).round(2).cast(pl.String).alias("east"),
        (dice.share(f"north{more}") * 1_000_000 + 6_100_000).round(2).cast(pl.String).alias("north"),
        pl.when(dice.share(f"sign{more}") < 0.2).then(invented.name(dice, pl.col("trade"))).alias("enseigne1"),
    )


def _establishment() -> dict[str, pl.Expr]:
    """The cells of an establishment, by the names of its columns without their ending."""
    places, at = invented.communes(), pl.col("place")
    postal_code, commune, city = (
        pl.lit(places[name]).gather(at) for name in ("postal_code", "insee_code", "city")
    )  # fmt: skip
    return _common() | _employees(pl.when("is_open").then("size").otherwise(pl.lit(""))) | {
        "siren": pl.col("siret").str.head(9),
        "nic": pl.col("siret").str.tail(5),
        "siret": pl.col("siret"),
        "activitePrincipaleRegistreMetiers": invented.aprm(pl.col("trade")),
        "etablissementSiege": pl.col("is_head_office").cast(pl.String),
        "numeroVoie": pl.col("numeroVoie"),
        "typeVoie": pl.col("typeVoie"),
        "libelleVoie": pl.col("libelleVoie"),
        "codePostal": postal_code,
        "libelleCommune": city,
        "codeCommune": commune,
        "identifiantAdresse": pl.concat_str(commune, pl.col("trade").cast(pl.String).str.zfill(4), pl.lit("_B")),
        "coordonneeLambertAbscisse": pl.col("east"),
        "coordonneeLambertOrdonnee": pl.col("north"),
        "etatAdministratif": pl.when("is_open").then(pl.lit("A")).otherwise(pl.lit("F")),
        "enseigne1": pl.col("enseigne1"),
    }  # fmt: skip


def _common() -> dict[str, pl.Expr]:
    """What both files tell of a company."""
    naf = invented.naf(pl.col("trade"))
    return {
        "statutDiffusion": pl.when("is_confidential").then(pl.lit("P")).otherwise(pl.lit(PUBLIC)),
        "dateCreation": pl.col("dateCreation"),
        "dateDernierTraitement": pl.col("dateDernierTraitement"),
        "nombrePeriodes": (pl.col("trade") % 5 + 1).cast(pl.String),
        "dateDebut": pl.col("dateCreation"),
        "activitePrincipale": naf,
        "nomenclatureActivitePrincipale": pl.lit("NAFRev2"),
        "activitePrincipaleNAF25": pl.concat_str(naf.str.head(5), pl.lit("Y")),
    }


def _employees(code: pl.Expr) -> dict[str, pl.Expr]:
    is_employer = ~code.is_in(["", bands.NO_EMPLOYEE])
    return {
        "trancheEffectifs": code,
        "anneeEffectifs": pl.when(is_employer).then(pl.lit(_year())),
        "caractereEmployeur": pl.when(is_employer).then(pl.lit("O")).otherwise(pl.lit("N")),
    }


def _masked(cell: pl.Expr) -> pl.Expr:
    return pl.when("is_confidential").then(pl.lit(MASK)).otherwise(cell)


def _day(dice: Dice, throw: str, days: int) -> pl.Expr:
    """A day before the first month of the registers."""
    end = date(*invented.FIRST_MONTH, 1)
    return dice.one_of(throw, tuple((end - timedelta(days=number)).isoformat() for number in range(1, days + 1)))


def _time(dice: Dice) -> pl.Expr:
    return dice.one_of("time", tuple(f"T{minute // 60:02d}:{minute % 60:02d}:00" for minute in range(24 * 60)))


def _year() -> str:
    """Headcounts are known two years later."""
    return str(invented.FIRST_MONTH[0] - 2)
