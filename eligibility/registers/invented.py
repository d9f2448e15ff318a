"""An invented France for tests and measurements: its companies, where they are, what they do and how many they employ.

The generators of the registers and of Sirene draw from it. Every fact follows from seed and rank alone: the same
command writes the same file anywhere, and two files of one seed speak of the same companies. SIRETs have right keys
and may by chance be those of real companies; names and facts are nobody's.
"""

import hashlib
import unicodedata
from functools import cache

import polars as pl

from eligibility.zones import COMMUNES

RANK, VERSION = "rank", "version"
# Employees by Insee's code, in thousandths: rounded from Insee's counts of companies by size, all trades.
HEADCOUNTS = {
    "NN": 640, "00": 45, "01": 165, "02": 68, "03": 36, "11": 24, "12": 14, "21": 4, "22": 2, "31": 1, "32": 1,
}  # fmt: skip
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
# Insee's abbreviation of the type, then the name.
STREETS = (
    ("RUE", "DE LA GARE"), ("AV", "JEAN JAURES"), ("PL", "DE L EGLISE"), ("RUE", "VICTOR HUGO"),
    ("BD", "DE LA REPUBLIQUE"), ("CHE", "VERT"),
)  # fmt: skip
CLOSED = 0.03  # share of a register's companies that have closed
FIRST_MONTH = (2020, 5)
_MIX = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_GOLDEN = 0x9E3779B97F4A7C15
_SIRENS = 10**8
_STEP = 61_803_399  # prime to the number of SIRENs: ranks are spread over all of them, none twice
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


class Dice:
    """Numbers that look drawn by chance and follow from seed, name of the throw, rank and version of the row."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def share(self, throw: str, *, versions: bool = False) -> pl.Expr:
        """A number from 0 to 1, 1 excluded."""
        return (self._mixed(throw, versions) // 2**11).cast(pl.Float64) / 2**53

    def pick(self, throw: str, count: int, *, versions: bool = False) -> pl.Expr:
        """A whole number from 0, below the count."""
        return self._mixed(throw, versions) // 2**11 % count

    def one_of(self, throw: str, values: tuple[str, ...], *, versions: bool = False) -> pl.Expr:
        """One of the values."""
        return chosen(values, self.pick(throw, len(values), versions=versions))

    def _mixed(self, throw: str, versions: bool) -> pl.Expr:
        """SplitMix64, in columns: the same on every machine and in every version of every library."""
        start = int.from_bytes(hashlib.blake2b(f"{self._seed} {throw}".encode(), digest_size=8).digest())
        value = pl.col(RANK) * 64 + (pl.col(VERSION) if versions else 0) + 1
        value = value * pl.lit(_GOLDEN, pl.UInt64) + pl.lit(start, pl.UInt64)
        for shift, factor in zip((30, 27), _MIX, strict=True):
            value = (value ^ (value // 2**shift)) * pl.lit(factor, pl.UInt64)
        return value ^ (value // 2**31)


def chosen(values: tuple[str, ...], place: pl.Expr) -> pl.Expr:
    """The value at this place."""
    return pl.lit(pl.Series(values)).gather(place)


def body(company: pl.Expr) -> pl.Expr:
    """The eight digits of a company's SIREN before its key, as a number."""
    return (company * _STEP + 1) % _SIRENS


def siret(company: pl.Expr, site: pl.Expr | int) -> pl.Expr:
    """The SIRET of a company's site, counted from 1, with its two keys."""
    first = body(company)
    number = (first * 10 + _key(first, 8)) * 10**4 + site
    return (number * 10 + _key(number, 13)).cast(pl.String).str.zfill(14)


def _key(number: pl.Expr, digits: int) -> pl.Expr:
    """The digit that makes the Luhn sum a multiple of ten."""
    sums = pl.lit(_SUMS)
    parts = [sums.gather(number // 10**rank % 10**4).cast(pl.UInt64) for rank in range(0, digits, 4)]
    return (10 - pl.sum_horizontal(parts) % 10) % 10


def headcount_code(dice: Dice) -> pl.Expr:
    """How many a company employs, by Insee's code."""
    codes = tuple(code for code, share in HEADCOUNTS.items() for _ in range(share))
    return dice.one_of("size", codes, versions=True)


def naf(trade: pl.Expr) -> pl.Expr:
    """The activity code of a trade, given by its place among all trades."""
    return chosen(tuple(code for _, code, _ in TRADES), trade)


def aprm(trade: pl.Expr) -> pl.Expr:
    """The craft code of a trade; empty where it is no craft."""
    return chosen(tuple(code for _, _, code in TRADES), trade)


def name(dice: Dice, trade: pl.Expr) -> pl.Expr:
    """What a company of this trade calls itself."""
    what = chosen(tuple(what for what, _, _ in TRADES), trade)
    return pl.concat_str(what, pl.lit(" "), dice.one_of("surname", SURNAMES), dice.one_of("ending", ENDINGS))


def commune(share: pl.Expr) -> pl.Expr:
    """The place in `communes()` of the commune that stands at this share of France."""
    return pl.lit(_ends()).search_sorted(share, side="right")


@cache
def communes() -> pl.DataFrame:
    """Communes with their names as labels write them, their département, and the weight of each."""
    found = pl.read_csv(COMMUNES, infer_schema=False).filter(~pl.col("postal_code").str.contains("^(975|977|978|98)"))
    code = pl.col("postal_code")
    found = found.with_columns(
        pl.when(code.str.starts_with("97")).then(code.str.head(3)).otherwise(code.str.head(2)).alias("departement"),
        pl.Series("city", [_capitals(name) for name in found["name"]]),
    )
    others = 1000 - sum(DEPARTEMENTS.values())
    number = found.filter(~pl.col("departement").is_in([*DEPARTEMENTS])).height
    share = pl.col("departement").replace_strict(DEPARTEMENTS, default=None) / pl.len().over("departement")
    return found.with_columns(share.fill_null(others / number).alias("weight"))


@cache
def _ends() -> pl.Series:
    """The end of the share of France that each commune stands for."""
    ends = communes()["weight"].cum_sum()
    return (ends / ends[-1]).head(-1)


def _capitals(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().upper()
    return plain.replace("-", " ").replace("'", " ").removesuffix(" ARRONDISSEMENT")
