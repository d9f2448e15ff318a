"""Make a register file of any size, for tests and measurements: nobody's data, but the shape of the real thing.

Its companies are those of `invented`; a later month of the same register is the earlier one with its changes.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from . import invented
from .invented import RANK, VERSION, Dice
from .layout import COLUMNS

BATCH = 100_000
_BOUNDS = {"NN": (0, 0), "00": (0, 0), "01": (1, 2), "02": (3, 5), "03": (6, 9), "11": (10, 19), "12": (20, 49)}
OPT_IN = 0.88
EXACT = 0.3  # share of rows that give the number itself beside the code
FURTHER_SITES = 0.12  # share of rows that are second establishments
CHANGED, GONE, NEW = 0.008, 0.001, 0.002  # share of the rows, every month


@dataclass(frozen=True)
class Order:
    """What to write: a register's file of some month after the first."""

    register: str
    rows: int
    seed: int = 0
    month: int = 0
    is_delta: bool = False  # only the rows that are new or changed in that month
    defects: float = 0.0  # share of rows with a mistake


def batches(order: Order) -> Iterator[bytes]:
    """Write the file in pieces, header first."""
    yield (";".join(COLUMNS) + "\n").encode()
    total = order.rows + sum(round(order.rows * NEW) for _ in range(order.month))
    for first in range(0, total, BATCH):
        frame = _rows(order, first, min(first + BATCH, total))
        buffer = io.BytesIO()
        frame.write_csv(buffer, separator=";", include_header=False, quote_style="never")
        yield buffer.getvalue()


def _rows(order: Order, first: int, last: int) -> pl.DataFrame:
    dice = Dice(order.seed)
    frame = pl.DataFrame({RANK: pl.int_range(first, last, dtype=pl.UInt64, eager=True)})
    frame = frame.with_columns(_appeared(order).alias("appeared")).with_columns(_version(dice, order.month))
    gone = [(dice.share(f"gone {month}") < GONE) for month in range(1, order.month + 1)]
    frame = frame.filter(~pl.any_horizontal(*gone)) if gone else frame
    if order.is_delta:
        frame = frame.filter(pl.max_horizontal(VERSION, "appeared") == order.month)
    frame = frame.with_columns(
        invented.commune(dice.share("place")).alias("place"), dice.pick("trade", len(invented.TRADES)).alias("trade")
    )
    frame = frame.with_columns(
        _siret(order.rows), *_place(order.register), *_name(dice, order), *_size(dice), *_state(dice)
    )
    return _spoiled(frame, dice, order.defects).select(COLUMNS)


def _appeared(order: Order) -> pl.Expr:
    """The month in which a row is first seen."""
    new = max(1, round(order.rows * NEW))
    beyond = pl.col(RANK).cast(pl.Int64) - order.rows
    return pl.when(beyond < 0).then(0).otherwise(beyond // new + 1).cast(pl.Int32)


def _version(dice: Dice, month: int) -> pl.Expr:
    """The last month in which the row changed, 0 if it never did."""
    changes = [
        pl.when((dice.share(f"change {one}") < CHANGED) & (pl.col("appeared") < one)).then(one).otherwise(0)
        for one in range(1, month + 1)
    ]
    return pl.max_horizontal(0, *changes).cast(pl.UInt64).alias(VERSION)


def _siret(rows: int) -> pl.Expr:
    """The last rows of the first month are second sites of the first ones."""
    companies = max(1, rows - round(rows * FURTHER_SITES))
    is_second = (pl.col(RANK) >= companies) & (pl.col(RANK) < rows)
    company = pl.when(is_second).then(pl.col(RANK) - companies).otherwise(pl.col(RANK))
    return invented.siret(company, pl.when(is_second).then(2).otherwise(1)).alias("siret")


def _place(register: str) -> list[pl.Expr]:
    places, at = invented.communes(), pl.col("place")
    return [
        pl.lit(places["postal_code"]).gather(at).alias("code_postal"),
        pl.lit(places["city"]).gather(at).alias("commune"),
        pl.lit(f"{register} " + places["departement"]).gather(at).alias("chambre"),
    ]


def _name(dice: Dice, order: Order) -> list[pl.Expr]:
    street = dice.one_of("street", tuple(" ".join(street) for street in invented.STREETS))
    number = (dice.pick("number", 180, versions=True) + 1).cast(pl.String)
    return [
        invented.name(dice, pl.col("trade")).alias("raison_sociale"),
        pl.concat_str(number, pl.lit(" "), street).alias("adresse"),
        pl.lit(order.register).alias("registre"),
        invented.naf(pl.col("trade")).alias("code_naf"),
        (invented.aprm(pl.col("trade")) if order.register == "CMA" else pl.lit("")).alias("aprm"),
    ]


def _size(dice: Dice) -> list[pl.Expr]:
    code = invented.headcount_code(dice)
    lowest, highest = (
        code.replace_strict({key: ends[end] for key, ends in _BOUNDS.items()}, default=50) for end in (0, 1)
    )
    exact = lowest + dice.pick("exact", 1000) % (highest - lowest + 1)
    has_exact = (dice.share("has exact") < EXACT) & code.is_in([*_BOUNDS])
    return [
        code.alias("tranche"),
        pl.when(has_exact).then(exact.cast(pl.String)).otherwise(pl.lit("")).alias("effectif"),
    ]


def _state(dice: Dice) -> list[pl.Expr]:
    month = pl.max_horizontal(pl.col(VERSION), pl.col("appeared").cast(pl.UInt64)).cast(pl.Int32)
    began = date(*invented.FIRST_MONTH, 1)
    days = pl.Series([(began - timedelta(days=number)).isoformat() for number in range(700)])
    months = pl.Series(
        [f"{began.year + number // 12}-{number % 12 + 1:02d}-01" for number in range(began.month - 1, 1200)]
    )
    day = pl.lit(days).gather(dice.pick("day", len(days)))
    is_closed = dice.share("closed", versions=True) < invented.CLOSED
    return [
        pl.when(month == 0).then(day).otherwise(pl.lit(months).gather(month)).alias("date_maj"),
        pl.when(dice.share("opt-in", versions=True) < OPT_IN).then(pl.lit("O")).otherwise(pl.lit("N")).alias("opt_in"),
        pl.when(is_closed).then(pl.lit("F")).otherwise(pl.lit("A")).alias("etat"),
    ]


def _spoiled(frame: pl.DataFrame, dice: Dice, share: float) -> pl.DataFrame:
    """Give some rows one of the mistakes that spreadsheets and people make."""
    if not share:
        return frame
    is_bad, kind = dice.share("defect") < share, dice.pick("kind", 6)
    siret = pl.col("siret")
    spoiled = (
        pl.when(kind == 0).then(siret.str.head(13) + pl.lit("X"))
        .when(kind == 1).then(siret.str.head(9))
        .when(kind == 2).then(pl.lit("7,32829E+13"))
        .when(kind == 3).then(siret.str.strip_chars_start("0"))
        .otherwise(siret)
    )  # fmt: skip
    return frame.with_columns(
        pl.when(is_bad).then(spoiled).otherwise(siret).alias("siret"),
        pl.when(is_bad & (kind == 4)).then(pl.lit("31/02/2020")).otherwise("date_maj").alias("date_maj"),
        pl.when(is_bad & (kind == 5)).then(pl.lit("douze")).otherwise("tranche").alias("tranche"),
    )
