"""Make a register file of any size, for tests and measurements: nobody's data, but the shape of the real thing.

Every row follows from seed and rank alone, so that the same command writes the same file anywhere, and a later
month of the same register is the earlier one with its changes. SIRETs have right keys and may by chance be those
of real companies; names and facts are invented.
"""

import hashlib
import io
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

import polars as pl

from eligibility.zones import COMMUNES

from .layout import COLUMNS

BATCH = 100_000
# Employees by Insee's code, in thousandths: rounded from Insee's counts of companies by size, all trades.
HEADCOUNTS = {
    "NN": 640, "00": 45, "01": 165, "02": 68, "03": 36, "11": 24, "12": 14, "21": 4, "22": 2, "31": 1, "32": 1,
}  # fmt: skip
_BOUNDS = {"NN": (0, 0), "00": (0, 0), "01": (1, 2), "02": (3, 5), "03": (6, 9), "11": (10, 19), "12": (20, 49)}
# Départements with more companies than others, in thousandths of France; the rest is spread over all others.
DEPARTEMENTS = {
    "75": 95, "13": 36, "92": 34, "69": 34, "59": 28, "33": 28, "06": 28, "31": 26, "34": 25, "93": 25, "83": 22,
    "94": 21, "78": 20, "44": 20, "974": 16, "38": 19, "77": 18, "95": 17, "76": 14, "35": 15, "67": 14, "74": 16,
    "971": 11, "972": 9, "973": 4, "976": 3,
}  # fmt: skip
TRADES = (
    ("BOULANGERIE", "10.71C", "1071CZ"), ("COIFFURE", "96.02A", "9602AA"), ("PLOMBERIE", "43.22A", "4322AA"),
    ("MENUISERIE", "43.32A", "4332AZ"), ("MAÇONNERIE", "43.99C", "4399CZ"), ("GARAGE", "45.20A", "4520AA"),
    ("CAFÉ", "56.30Z", ""), ("RESTAURANT", "56.10A", ""), ("PHARMACIE", "47.73Z", ""), ("TRANSPORTS", "49.41A", ""),
    ("CONSEIL", "70.22Z", ""), ("IMMOBILIÈRE", "68.20B", ""), ("INFORMATIQUE", "62.01Z", ""), ("OPTIQUE", "47.78A", ""),
    ("TAXI", "49.32Z", "4932ZZ"), ("FLEURS", "47.76Z", "4776ZP"), ("PEINTURE", "43.34Z", "4334ZZ"),
)  # fmt: skip
SURNAMES = (
    "MARTIN", "BERNARD", "THOMAS", "PETIT", "ROBERT", "RICHARD", "DURAND", "DUBOIS", "MOREAU", "LAURENT", "SIMON",
    "MICHEL", "LEFEBVRE", "LEROY", "ROUX", "DAVID", "BERTRAND", "MOREL", "FOURNIER", "GIRARD", "BONNET", "DUPONT",
    "LAMBERT", "FONTAINE", "ROUSSEAU", "VINCENT", "MULLER", "LEFÈVRE", "FAURE", "ANDRÉ", "MERCIER", "BLANC", "GUÉRIN",
)  # fmt: skip
ENDINGS = ("", "", "", " ET FILS", " SARL", " SAS", " FRÈRES", " EURL")
STREETS = ("RUE DE LA GARE", "AV JEAN JAURES", "PL DE L EGLISE", "RUE VICTOR HUGO", "BD DE LA REPUBLIQUE", "CHE VERT")
OPT_IN = 0.88
CLOSED = 0.03
EXACT = 0.3  # share of rows that give the number itself beside the code
FURTHER_SITES = 0.12  # share of rows that are second establishments
CHANGED, GONE, NEW = 0.008, 0.001, 0.002  # share of the rows, every month
FIRST_MONTH = (2020, 5)
_MIX = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_GOLDEN = 0x9E3779B97F4A7C15
_SIRENS = 10**8
# What four digits add to a Luhn sum, the second and fourth counting double.
_SUMS = pl.Series(
    [
        sum(
            int(digit) if place % 2 == 0 else sum(divmod(2 * int(digit), 10))
            for place, digit in enumerate(f"{four:04d}")
        )
        for four in range(10**4)
    ],
    dtype=pl.UInt8,
)
_STEP = 61_803_399  # prime to the number of SIRENs: ranks are spread over all of them, none twice


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
    dice = _Dice(order.seed)
    frame = pl.DataFrame({"rank": pl.int_range(first, last, dtype=pl.UInt64, eager=True)})
    frame = frame.with_columns(_appeared(order).alias("appeared")).with_columns(_version(dice, order.month))
    gone = [(dice.share(f"gone {month}") < GONE) for month in range(1, order.month + 1)]
    frame = frame.filter(~pl.any_horizontal(*gone)) if gone else frame
    if order.is_delta:
        frame = frame.filter(pl.max_horizontal("version", "appeared") == order.month)
    frame = frame.with_columns(dice.share("place").alias("place"), dice.pick("trade", len(TRADES)).alias("trade"))
    frame = frame.with_columns(
        _siret(order.rows), *_place(order.register), *_name(dice, order), *_size(dice), *_state(dice)
    )
    return _spoiled(frame, dice, order.defects).select(COLUMNS)


class _Dice:
    """Numbers that look drawn by chance and follow from seed, name of the throw, rank and version of the row."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def share(self, throw: str, *, versions: bool = False) -> pl.Expr:
        """A number from 0 to 1, 1 excluded."""
        return (self._mixed(throw, versions) // 2**11).cast(pl.Float64) / 2**53

    def pick(self, throw: str, count: int, *, versions: bool = False) -> pl.Expr:
        """A whole number from 0, below the count."""
        return self._mixed(throw, versions) // 2**11 % count

    def _mixed(self, throw: str, versions: bool) -> pl.Expr:
        """SplitMix64, in columns: the same on every machine and in every version of every library."""
        start = int.from_bytes(hashlib.blake2b(f"{self._seed} {throw}".encode(), digest_size=8).digest())
        value = pl.col("rank") * 64 + (pl.col("version") if versions else 0) + 1
        value = value * pl.lit(_GOLDEN, pl.UInt64) + pl.lit(start, pl.UInt64)
        for shift, factor in zip((30, 27), _MIX, strict=True):
            value = (value ^ (value // 2**shift)) * pl.lit(factor, pl.UInt64)
        return value ^ (value // 2**31)


def _appeared(order: Order) -> pl.Expr:
    """The month in which a row is first seen."""
    new = max(1, round(order.rows * NEW))
    beyond = pl.col("rank").cast(pl.Int64) - order.rows
    return pl.when(beyond < 0).then(0).otherwise(beyond // new + 1).cast(pl.Int32)


def _version(dice: _Dice, month: int) -> pl.Expr:
    """The last month in which the row changed, 0 if it never did."""
    changes = [
        pl.when((dice.share(f"change {one}") < CHANGED) & (pl.col("appeared") < one)).then(one).otherwise(0)
        for one in range(1, month + 1)
    ]
    return pl.max_horizontal(0, *changes).cast(pl.UInt64).alias("version")


def _siret(rows: int) -> pl.Expr:
    """A SIRET with its two keys; the last rows of the first month are second sites of the first ones."""
    companies = max(1, rows - round(rows * FURTHER_SITES))
    is_second = (pl.col("rank") >= companies) & (pl.col("rank") < rows)
    company = pl.when(is_second).then(pl.col("rank") - companies).otherwise(pl.col("rank"))
    body = (company * _STEP + 1) % _SIRENS
    siren = body * 10 + _key(body, 8)
    number = siren * 10**4 + pl.when(is_second).then(2).otherwise(1)
    return (number * 10 + _key(number, 13)).cast(pl.String).str.zfill(14).alias("siret")


def _key(number: pl.Expr, digits: int) -> pl.Expr:
    """The digit that makes the Luhn sum a multiple of ten."""
    sums = pl.lit(_SUMS)
    parts = [sums.gather(number // 10**rank % 10**4).cast(pl.UInt64) for rank in range(0, digits, 4)]
    return (10 - pl.sum_horizontal(parts) % 10) % 10


def _place(register: str) -> list[pl.Expr]:
    weights, places = _places()
    at = pl.lit(weights).search_sorted(pl.col("place"), side="right")
    return [
        pl.lit(places["postal_code"]).gather(at).alias("code_postal"),
        pl.lit(places["city"]).gather(at).alias("commune"),
        pl.lit(f"{register} " + places["departement"]).gather(at).alias("chambre"),
    ]


@cache
def _places() -> tuple[pl.Series, pl.DataFrame]:
    """Communes with the end of the share of France that each stands for."""
    communes = pl.read_csv(COMMUNES, infer_schema=False).filter(
        ~pl.col("postal_code").str.contains("^(975|977|978|98)")
    )
    code = pl.col("postal_code")
    communes = communes.with_columns(
        pl.when(code.str.starts_with("97")).then(code.str.head(3)).otherwise(code.str.head(2)).alias("departement"),
        pl.Series("city", [_capitals(name) for name in communes["name"]]),
    )
    others = 1000 - sum(DEPARTEMENTS.values())
    number = communes.filter(~pl.col("departement").is_in([*DEPARTEMENTS])).height
    share = pl.col("departement").replace_strict(DEPARTEMENTS, default=None) / pl.len().over("departement")
    communes = communes.with_columns(share.fill_null(others / number).alias("weight"))
    ends = communes["weight"].cum_sum()
    return (ends / ends[-1]).head(-1), communes


def _capitals(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().upper()
    return plain.replace("-", " ").replace("'", " ").removesuffix(" ARRONDISSEMENT")


def _name(dice: _Dice, order: Order) -> list[pl.Expr]:
    trade, naf, craft = (pl.lit(pl.Series(values)).gather(pl.col("trade")) for values in zip(*TRADES, strict=True))
    surname = pl.lit(pl.Series(SURNAMES)).gather(dice.pick("surname", len(SURNAMES)))
    ending = pl.lit(pl.Series(ENDINGS)).gather(dice.pick("ending", len(ENDINGS)))
    street = pl.lit(pl.Series(STREETS)).gather(dice.pick("street", len(STREETS)))
    number = (dice.pick("number", 180, versions=True) + 1).cast(pl.String)
    return [
        pl.concat_str(trade, pl.lit(" "), surname, ending).alias("raison_sociale"),
        pl.concat_str(number, pl.lit(" "), street).alias("adresse"),
        pl.lit(order.register).alias("registre"),
        naf.alias("code_naf"),
        (craft if order.register == "CMA" else pl.lit("")).alias("aprm"),
    ]


def _size(dice: _Dice) -> list[pl.Expr]:
    codes = pl.Series([code for code, share in HEADCOUNTS.items() for _ in range(share)])
    code = pl.lit(codes).gather(dice.pick("size", len(codes), versions=True))
    lowest, highest = (
        code.replace_strict({key: ends[end] for key, ends in _BOUNDS.items()}, default=50) for end in (0, 1)
    )
    exact = lowest + dice.pick("exact", 1000) % (highest - lowest + 1)
    has_exact = (dice.share("has exact") < EXACT) & code.is_in([*_BOUNDS])
    return [
        code.alias("tranche"),
        pl.when(has_exact).then(exact.cast(pl.String)).otherwise(pl.lit("")).alias("effectif"),
    ]


def _state(dice: _Dice) -> list[pl.Expr]:
    month = pl.max_horizontal(pl.col("version"), pl.col("appeared").cast(pl.UInt64)).cast(pl.Int32)
    began = date(*FIRST_MONTH, 1)
    days = pl.Series([(began - timedelta(days=number)).isoformat() for number in range(700)])
    months = pl.Series(
        [f"{began.year + number // 12}-{number % 12 + 1:02d}-01" for number in range(began.month - 1, 1200)]
    )
    day = pl.lit(days).gather(dice.pick("day", len(days)))
    return [
        pl.when(month == 0).then(day).otherwise(pl.lit(months).gather(month)).alias("date_maj"),
        pl.when(dice.share("opt-in", versions=True) < OPT_IN).then(pl.lit("O")).otherwise(pl.lit("N")).alias("opt_in"),
        pl.when(dice.share("closed", versions=True) < CLOSED).then(pl.lit("F")).otherwise(pl.lit("A")).alias("etat"),
    ]


def _spoiled(frame: pl.DataFrame, dice: _Dice, share: float) -> pl.DataFrame:
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
