"""The rule of `rows.clean` in columns, for rows that need no second look: a block of them in a few milliseconds.

A row is plain when every cell has one of the few usual forms; its entry and remarks are worked out here. Any other
row (bad, oddly written, unlikely) is left to `rows.clean`, the one place where a rule is decided; a property test
holds both to the same outcome.
"""

from datetime import date

import polars as pl

from eligibility import headcount as bands
from eligibility.models import RegisterEntry
from eligibility.siret import LA_POSTE, SIRET_LENGTH

from .files import LONGEST_LINE, Block
from .layout import COLUMNS, Layout
from .rows import LONGEST, MASKED, NO, YES

PLACE, IS_PLAIN = "place", "is_plain"
REMARKS = (
    "siret_padded", "name_missing", "band_padded", "headcount_missing", "headcount_mismatch", "postcode_padded",
    "opt_in_missing",
)  # fmt: skip
SCHEMA: dict[str, pl.DataType] = dict.fromkeys(RegisterEntry.STORED, pl.String()) | {
    "headcount": pl.Int32(), "opt_in": pl.Boolean(), "updated_on": pl.Date(), "is_open": pl.Boolean(),
}  # fmt: skip
_CONTROL_OR_REPLACEMENT = r"[\x00-\x1f\x7f-\x9f\u{fffd}]"
# Bytes of which at least one stands in every such character, and few in others.
_DOUBTFUL = bytes([*range(0x0A), *range(0x0B, 0x20), 0x7F, 0xC2, 0xEF])
# The first bytes of all blanks that are not ASCII; of those of French letters none is among them.
_RARE_BLANKS = (b"\xc2", b"\xe1", b"\xe2", b"\xe3")
_SHORTEST_SIRET = 12  # spreadsheets take leading zeros away
_FIRST_LIKELY_YEAR = 1900
_NO_LIMIT = 10**6  # above any headcount of six figures
_TEN_THOUSAND = 10**4


def cut(block: Block, layout: Layout) -> pl.DataFrame:
    """Cut lines into their cells, each with its place in the block; lines that leave a doubt are missing.

    None is in doubt that has as many fields as the header, and quotes, if any, around whole fields only.
    """
    if b'"' not in block.data:
        try:
            cells = _read(block.data, layout, quote=None)
        except pl.exceptions.ComputeError:  # a line has a field too many
            return _cut_with_care(block.data, layout)
        if cells.height == len(block):
            return cells.filter(cells.to_series(-1).is_not_null())  # null where a line has a field too few
    return _cut_with_care(block.data, layout)


def _cut_with_care(data: bytes, layout: Layout) -> pl.DataFrame:
    """The same, line by line."""
    field = f'(?:"[^"]*"|[^"{layout.separator}]*)'
    certain = f"^{field}(?:{layout.separator}{field}){{{layout.width - 1}}}$"
    lines = pl.read_lines(data, name=PLACE).with_row_index("at").filter(pl.col(PLACE).str.contains(certain))
    kept = "\n".join((*lines[PLACE], "")).encode()
    return _read(kept, layout, quote='"').with_columns(lines["at"].alias(PLACE))


def _read(data: bytes, layout: Layout, *, quote: str | None) -> pl.DataFrame:
    numbers = [str(number) for number in range(layout.width)]
    return pl.read_csv(
        data, has_header=False, schema=dict.fromkeys(numbers, pl.String), separator=layout.separator,
        quote_char=quote, empty_string_is_null=False, row_index_name=PLACE, extra_columns="raise",
        missing_columns="insert", raise_if_empty=False,
    )  # fmt: skip


def tidy(frame: pl.DataFrame, layout: Layout, data: bytes, *, register: str, today: date) -> pl.DataFrame:
    """Turn lines, cut out of `data`, into entries and remarks; an entry is meant only where `is_plain` holds."""
    fields = [pl.col(str(number)) for number in range(layout.width)]
    length = pl.sum_horizontal(field.str.len_bytes() for field in fields) + layout.width
    frame = frame.with_columns((length < LONGEST_LINE).alias("ok_length"), _without_doubt(fields, layout, data))
    missing = (pl.lit("").alias(name) for name in COLUMNS if name not in layout.positions)
    frame = frame.rename({str(place): name for name, place in layout.positions.items()}).with_columns(missing)
    frame = _stripped(frame, data).with_columns(_read_once(has_slashes=b"/" in data))
    frame = frame.select(
        PLACE, "ok_length", "ok_characters", *_siret(), *_register(register), *_texts(), *_headcount(), *_codes(),
        *_opt_in(), *_updated_on(today), *_is_open(),
    )  # fmt: skip
    return frame.with_columns(pl.all_horizontal(pl.col("^ok_.*$").fill_null(value=False)).alias(IS_PLAIN))


def _without_doubt(fields: list[pl.Expr], layout: Layout, data: bytes) -> pl.Expr:
    """Neither control nor replacement characters; most blocks show at once that they have none."""
    doubtful = _DOUBTFUL.replace(layout.separator.encode(), b"")
    is_sure = len(data.translate(None, doubtful)) == len(data)
    is_clean = ~pl.any_horizontal(field.str.contains(_CONTROL_OR_REPLACEMENT) for field in fields)
    return (pl.lit(value=True) if is_sure else is_clean).alias("ok_characters")


def _stripped(frame: pl.DataFrame, data: bytes) -> pl.DataFrame:
    """Strip the columns that need it; of the rarer blanks only texts need to be rid, elsewhere they are odd."""
    spaced = frame.select(
        (pl.col(name).str.starts_with(" ") | pl.col(name).str.ends_with(" ")).any() for name in COLUMNS
    ).row(0, named=True)
    has_rare = any(byte in data for byte in _RARE_BLANKS)
    names = [name for name in COLUMNS if spaced[name] or (name in LONGEST and has_rare)]
    return frame.with_columns(pl.col(names).str.strip_chars()) if names else frame


def _read_once(*, has_slashes: bool) -> list[pl.Expr]:
    """What several columns are made of."""
    exact, band, day = pl.col("effectif"), pl.col("tranche").str.to_uppercase(), pl.col("date_maj")
    on = pl.when(day.str.contains("^[0-9]{4}-[0-9]{2}-[0-9]{2}$")).then(day).str.to_date("%Y-%m-%d", strict=False)
    if has_slashes:
        french = pl.when(day.str.contains("^[0-9]{2}/[0-9]{2}/[0-9]{4}$")).then(day)
        on = pl.coalesce(on, french.str.to_date("%d/%m/%Y", strict=False))
    return [
        pl.col("siret").str.zfill(SIRET_LENGTH).alias("padded"),
        pl.col("siret").cast(pl.Int64, strict=False).fill_null(0).alias("number"),
        pl.when(exact.str.contains("^[0-9]{1,6}$")).then(exact).cast(pl.Int32, strict=False).alias("employees"),
        band.replace_strict(_BANDS[0], range(len(_BANDS[0])), default=None, return_dtype=pl.UInt8).alias("band"),
        _shown("code_postal").alias("postal"),
        _shown("code_naf").str.to_uppercase().alias("activity"),
        _shown("aprm").str.to_uppercase().alias("craft"),
        on.alias("day"),
    ]  # fmt: skip


def _siret() -> list[pl.Expr]:
    written, number = pl.col("siret"), pl.col("number")
    # A number of as many characters, none of them its sign.
    has_digits = written.str.len_bytes().is_between(_SHORTEST_SIRET, SIRET_LENGTH) & ~written.str.starts_with("+")
    fours = [pl.lit(_LUHN).gather(number // 10**rank % _TEN_THOUSAND).cast(pl.UInt16) for rank in (12, 8, 4, 0)]
    has_key = (pl.sum_horizontal(fours) % 10 == 0) & (number > 0) & (number // 10**5 != int(LA_POSTE))
    return [
        pl.col("padded").alias("siret"),
        (has_digits & has_key).alias("ok_siret"),
        (written.str.len_bytes() < SIRET_LENGTH).alias("siret_padded"),
    ]


def _register(code: str) -> list[pl.Expr]:
    return [pl.lit(code).alias("register"), pl.col("registre").is_in(_spelt(code)).alias("ok_register")]


def _texts() -> list[pl.Expr]:
    stored = {"raison_sociale": "legal_name", "chambre": "chamber", "adresse": "street", "commune": "city"}
    fits = [pl.col(name).str.len_bytes() <= LONGEST[name] for name in stored]
    return [
        *(_shown(name).alias(column) for name, column in stored.items()),
        pl.all_horizontal(fits).alias("ok_texts"),
        (_shown("raison_sociale") == "").alias("name_missing"),
    ]


def _headcount() -> list[pl.Expr]:
    number, band = pl.col("employees"), pl.col("band")
    code, lowest, highest = (pl.lit(pl.Series(values)).gather(band) for values in _BANDS[1:])
    has_exact, has_code = pl.col("effectif") != "", pl.col("tranche") != ""
    is_missing = ~has_exact & ~has_code
    return [
        number.alias("headcount"),
        # Empty where the row tells nothing: then Sirene's code counts, and without it the company employs nobody.
        code.alias("headcount_code"),
        ((number.is_not_null() | ~has_exact) & code.is_not_null()).alias("ok_headcount"),
        is_missing.alias("headcount_missing"),
        (~number.is_between(lowest, highest)).fill_null(value=False).alias("headcount_mismatch"),
        (pl.col("tranche").str.len_bytes() == 1).alias("band_padded"),
    ]


def _codes() -> list[pl.Expr]:
    postal, naf, aprm = pl.col("postal"), pl.col("activity"), pl.col("craft")
    dotted = pl.concat_str(naf.str.head(2), pl.lit("."), naf.str.slice(2))
    return [
        pl.when(postal == "").then(postal).otherwise(postal.str.zfill(5)).alias("postal_code"),
        postal.str.contains("^(?:[0-9]{4,5})?$").alias("ok_postal_code"),
        (postal.str.len_bytes() == 4).alias("postcode_padded"),
        pl.when(naf.str.len_bytes() == 5).then(dotted).otherwise(naf).alias("naf"),
        naf.str.contains(r"^(?:[0-9]{2}\.?[0-9]{2}[A-Z])?$").alias("ok_naf"),
        aprm.alias("aprm"),
        aprm.str.contains("^(?:[0-9]{4}[0-9A-Z]{2})?$").alias("ok_aprm"),
    ]


def _opt_in() -> list[pl.Expr]:
    cell = pl.col("opt_in")
    return [
        cell.is_in(_spelt(*YES)).alias("opt_in"),
        cell.is_in(_spelt(*YES, *NO, "")).alias("ok_opt_in"),
        (cell == "").alias("opt_in_missing"),
    ]


def _updated_on(today: date) -> list[pl.Expr]:
    """The likely years only: the rule decides about the others."""
    day = pl.col("day")
    is_likely = day.is_between(date(_FIRST_LIKELY_YEAR, 1, 1), today)
    return [day.alias("updated_on"), ((pl.col("date_maj") == "") | is_likely).alias("ok_updated_on")]


def _is_open() -> list[pl.Expr]:
    state = pl.col("etat")
    return [(~state.is_in(_spelt("F"))).alias("is_open"), state.is_in(_spelt("", "A", "F")).alias("ok_is_open")]


def _spelt(*words: str) -> list[str]:
    """Words as files write them, in capitals most often; a stranger case is odd."""
    return list({*words, *map(str.lower, words), *map(str.capitalize, words)})


def _shown(name: str) -> pl.Expr:
    """A cell without the mask of a partly confidential company."""
    return pl.when(pl.col(name) == MASKED).then(pl.lit("")).otherwise(pl.col(name))


def _luhn_of_four(digits: int) -> int:
    """What four digits add to the sum of a SIRET, the first and third counting double."""
    a, b, c, d = (digits // 10**rank % 10 for rank in (3, 2, 1, 0))
    return sum(2 * digit - (9 if digit > 4 else 0) for digit in (a, c)) + b + d


def _highest(code: str) -> int:
    highest = bands.UPPER_BOUND[code]
    return _NO_LIMIT if highest is None else highest


_LUHN = pl.Series([_luhn_of_four(digits) for digits in range(_TEN_THOUSAND)], dtype=pl.UInt8)
_PADDED = {code.lstrip("0") or "0": code for code in ("00", "01", "02", "03")}
_CODES = {code: code for code in bands.BANDS} | _PADDED
# Cells of the column, and for each the code it means and the employees that agree with it; with none, any number.
_BANDS = (
    [*_CODES, ""],
    [*_CODES.values(), ""],
    [*(bands.BANDS[code].lowest for code in _CODES.values()), 0],
    [*(_highest(code) for code in _CODES.values()), _NO_LIMIT],
)
