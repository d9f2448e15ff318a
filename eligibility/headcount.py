"""INSEE's headcount codes: how many employees a company has, as registers tell it.

Where only a code is known its upper bound counts, so that no company gets fewer than two masks an employee.
Pure data and functions.
"""

from typing import NamedTuple


class Band(NamedTuple):
    """A range of employees, both ends included; the last one has no upper end."""

    lowest: int
    highest: int | None
    label: str


# No employer in the year; a register's empty cell means the same.
NO_EMPLOYEE = "NN"
BANDS = {
    NO_EMPLOYEE: Band(0, 0, "aucun salarié"),
    "00": Band(0, 0, "aucun salarié au 31\u00a0décembre"),
    "01": Band(1, 2, "1 ou 2\u00a0salariés"),
    "02": Band(3, 5, "entre 3 et 5\u00a0salariés"),
    "03": Band(6, 9, "entre 6 et 9\u00a0salariés"),
    "11": Band(10, 19, "entre 10 et 19\u00a0salariés"),
    "12": Band(20, 49, "entre 20 et 49\u00a0salariés"),
    "21": Band(50, 99, "entre 50 et 99\u00a0salariés"),
    "22": Band(100, 199, "entre 100 et 199\u00a0salariés"),
    "31": Band(200, 249, "entre 200 et 249\u00a0salariés"),
    "32": Band(250, 499, "entre 250 et 499\u00a0salariés"),
    "41": Band(500, 999, "entre 500 et 999\u00a0salariés"),
    "42": Band(1000, 1999, "entre 1\u00a0000 et 1\u00a0999\u00a0salariés"),
    "51": Band(2000, 4999, "entre 2\u00a0000 et 4\u00a0999\u00a0salariés"),
    "52": Band(5000, 9999, "entre 5\u00a0000 et 9\u00a0999\u00a0salariés"),
    "53": Band(10_000, None, "10\u00a0000\u00a0salariés et plus"),
}
UPPER_BOUND: dict[str, int | None] = {code: band.highest for code, band in BANDS.items()}


def employees(code: str) -> int:
    """The headcount a code stands for: its upper bound, or its lower one where there is no upper."""
    band = BANDS[code]
    return band.lowest if band.highest is None else band.highest


def label(code: str) -> str:
    """entre 20 et 49 salariés."""
    return BANDS[code].label


def in_words(headcount: int) -> str:
    """12 salariés."""
    if headcount == 0:
        return "aucun salarié"
    return f"{headcount:,}\u00a0salarié{'s' if headcount > 1 else ''}".replace(",", "\u00a0")


def text(headcount: int | None, code: str) -> str:
    """The exact number in words, else the code's range."""
    if headcount is not None:
        return in_words(headcount)
    return label(code) if code else "non indiqué"


def is_within(headcount: int, code: str) -> bool:
    """Tell whether an exact number and a code agree."""
    band = BANDS[code]
    return band.lowest <= headcount and (band.highest is None or headcount <= band.highest)


def code_of(headcount: int) -> str:
    """The code an exact number falls under; zero reads 00."""
    return next(code for code in BANDS if code != NO_EMPLOYEE and is_within(headcount, code))
