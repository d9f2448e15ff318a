"""French dates, hours, amounts and numbers."""

from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest
from django.template import Context, Template

from notifications import wording


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (date(2020, 5, 12), "mardi 12 mai 2020"),
        (date(2020, 5, 1), "vendredi 1er mai 2020"),
        (date(2024, 2, 29), "jeudi 29 février 2024"),
        (datetime(2020, 12, 31, 23, 30, tzinfo=UTC), "vendredi 1er janvier 2021"),
        (datetime(2020, 7, 14, 21, 59, tzinfo=UTC), "mardi 14 juillet 2020"),
        (datetime(2020, 7, 14, 22, 0, tzinfo=UTC), "mercredi 15 juillet 2020"),
    ],
)
def test_a_long_date_is_the_day_in_paris(value, expected):
    assert wording.long_date(value) == expected


def test_short_forms_of_a_date():
    assert wording.short_date(date(2020, 5, 2)) == "02/05/2020"
    assert wording.day_month(date(2020, 5, 2)) == "02/05"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (time(14, 30), "14 h 30"),
        (time(9, 5), "9 h 05"),
        (time(17, 0), "17 h"),
        (datetime(2020, 5, 12, 12, 30, tzinfo=UTC), "14 h 30"),
        (datetime(2020, 12, 12, 12, 30, tzinfo=UTC), "13 h 30"),
    ],
)
def test_an_hour_is_read_on_a_paris_clock(value, expected):
    assert wording.time_of_day(value) == expected.replace(" ", "\u00a0")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("292.76", "292,76 €"),
        ("0", "0,00 €"),
        ("1234.5", "1 234,50 €"),
        ("1234567.891", "1 234 567,89 €"),
        ("-12.4", "−12,40 €"),
        ("0.005", "0,01 €"),
        ("-0.001", "0,00 €"),
    ],
)
def test_amounts_keep_together_with_their_currency(value, expected):
    assert wording.euros(Decimal(value)) == expected.replace(" ", "\u00a0")


@pytest.mark.parametrize(
    ("value", "expected"), [("5.5", "5,5 %"), ("2.10", "2,1 %"), ("0", "0 %"), ("20.00", "20 %"), ("100", "100 %")]
)
def test_a_rate_drops_its_trailing_zeros(value, expected):
    assert wording.percent(Decimal(value)) == expected.replace(" ", "\u00a0")


def test_a_siret_is_spaced_as_it_is_read_aloud():
    assert wording.siret("73282932000074") == "732\u00a0829\u00a0320\u00a000074"
    assert wording.siret("732829320") == "732829320"


@pytest.mark.parametrize(
    ("number", "words", "expected"),
    [
        (0, ("lot",), "0 lot"),
        (1, ("lot",), "1 lot"),
        (2, ("lot",), "2 lots"),
        (1200, ("masque",), "1 200 masques"),
        (3, ("colis",), "3 colis"),
        (2, ("jour ouvré", "jours ouvrés"), "2 jours ouvrés"),
    ],
)
def test_french_counts_in_the_plural_from_two_on(number, words, expected):
    assert wording.count(number, *words) == expected.replace(" ", "\u00a0", expected.count(" ") if number > 999 else 1)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (0, "0 octet"),
        (999, "999 octets"),
        (1000, "1 Ko"),
        (18_240, "18,2 Ko"),
        (20_000, "20 Ko"),
        (2_500_000, "2,5 Mo"),
    ],
)
def test_the_size_of_a_file_is_in_thousands(size, expected):
    assert wording.file_size(size).replace("\u00a0", " ") == expected


def test_every_template_knows_the_filters():
    drawn = Template(
        "{{ day|long_date }} {{ total|euros }} {{ lots|count:'lot' }} {{ days|count:'jour ouvré,jours ouvrés' }}"
    ).render(Context({"day": date(2020, 5, 12), "total": Decimal("292.76"), "lots": 3, "days": 2}))
    assert drawn.replace("\u00a0", " ") == "mardi 12 mai 2020 292,76 € 3 lots 2 jours ouvrés"


def test_a_filter_draws_nothing_for_nothing():
    assert Template("[{{ day|long_date }}{{ n|count:'lot' }}]").render(Context({"day": None, "n": None})) == "[]"
