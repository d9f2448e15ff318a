"""How dates, hours, amounts and numbers are written in French, on screen, in e-mails and in documents.

Pure functions. No-break spaces (U+00A0) stand wherever a line must not break. Aware datetimes are read in Paris
time, because every deadline of the shop is a Paris date.
"""

from datetime import date, datetime, time
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")
NBSP = "\u00a0"
MINUS = "\u2212"

WEEKDAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
MONTHS = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)


def in_paris(moment: datetime) -> datetime:
    """Read an aware datetime on a Paris clock; a naive one is already taken for Paris time."""
    return moment.astimezone(PARIS) if moment.tzinfo else moment


def paris_date(value: date) -> date:
    """The Paris calendar day of a date or datetime."""
    return in_paris(value).date() if isinstance(value, datetime) else value


def long_date(value: date) -> str:
    """mardi 12 mai 2020; vendredi 1er mai 2020."""
    day = paris_date(value)
    number = "1er" if day.day == 1 else str(day.day)
    return f"{WEEKDAYS[day.weekday()]} {number} {MONTHS[day.month - 1]} {day.year}"


def short_date(value: date) -> str:
    """12/05/2020."""
    return f"{paris_date(value):%d/%m/%Y}"


def day_month(value: date) -> str:
    """12/05."""
    return f"{paris_date(value):%d/%m}"


def time_of_day(value: datetime | time) -> str:
    """14 h 30; on the hour: 14 h."""
    moment = in_paris(value) if isinstance(value, datetime) else value
    minutes = f"{NBSP}{moment.minute:02}" if moment.minute else ""
    return f"{moment.hour}{NBSP}h{minutes}"


def amount(value: Decimal | int) -> str:
    """1 234,56: two places, thousands apart, without the currency."""
    cents = Decimal(value).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
    digits = f"{abs(cents):,.2f}".replace(",", NBSP).replace(".", ",")
    return f"{MINUS}{digits}" if cents < 0 else digits


def euros(value: Decimal | int) -> str:
    """292,76 €."""
    return f"{amount(value)}{NBSP}€"


def percent(value: Decimal | int) -> str:
    """5,5 % for Decimal("5.5"): a rate is given in hundredths, without trailing zeros."""
    figures = f"{Decimal(value):f}"
    if "." in figures:
        figures = figures.rstrip("0").rstrip(".")
    return f"{figures.replace('.', ',')}{NBSP}%"


def file_size(size: int) -> str:
    """18,2 Ko; 640 octets: thousands of bytes, as a file manager shows them."""
    for unit, width in (("Mo", 1_000_000), ("Ko", 1_000)):
        if size >= width:
            return f"{size / width:.1f}".replace(".0", "").replace(".", ",") + NBSP + unit
    return count(size, "octet")


def siret(value: str) -> str:
    """732 829 320 00074; anything but fourteen characters is left as it is."""
    if len(value) != 14:
        return value
    return NBSP.join((value[:3], value[3:6], value[6:9], value[9:]))


def figure(number: int) -> str:
    """300 000: thousands apart."""
    return f"{number:,}".replace(",", NBSP)


def count(number: int, noun: str, plural: str = "") -> str:
    """3 lots; 1 lot; 0 lot. French takes the plural from two on; an irregular plural is given apart."""
    plural = plural or (noun if noun[-1:] in "sxz" else f"{noun}s")
    return figure(number) + NBSP + (noun if abs(number) < 2 else plural)
