"""From a register's line to the lines of a label."""

import pytest
from django.conf import settings
from fontTools.ttLib import TTFont

from accounts.addresses import LINE, PRINTED, disclosed, on_label, printed, split_number, street_lines


@pytest.mark.parametrize(
    ("street", "number", "name"),
    [
        ("14 RUE DE BRIANGAUD", "14", "RUE DE BRIANGAUD"),
        ("14 BIS RUE DES ARTS", "14 BIS", "RUE DES ARTS"),
        ("14B RUE DES ARTS", "14B", "RUE DES ARTS"),
        ("14, rue des Arts", "14", "rue des Arts"),
        ("RUE JEAN HOLLIER", "", "RUE JEAN HOLLIER"),
        ("11 NOVEMBRE", "11", "NOVEMBRE"),
        ("8 ALLEE DU 8 MAI 1945", "8", "ALLEE DU 8 MAI 1945"),
        ("123456 RUE X", "", "123456 RUE X"),
        ("", "", ""),
    ],
)
def test_the_number_stands_apart(street: str, number: str, name: str) -> None:
    assert split_number(street) == (number, name)


def test_a_long_street_is_abbreviated_then_continued_on_the_next_line() -> None:
    assert street_lines("14 AVENUE DU GENERAL LECLERC DE HAUTECLOCQUE") == {
        "street_number": "14",
        "street_name": "AV DU GAL LECLERC DE",
        "hamlet": "HAUTECLOCQUE",
    }
    lines = street_lines("14 " + "X" * 90)
    assert len(f"{lines['street_number']} {lines['street_name']}") == LINE
    assert len(lines["hamlet"]) == LINE


def test_what_insee_masks_is_never_shown() -> None:
    assert disclosed("[ND]") == "" == disclosed("14 [ND]")
    assert street_lines("[ND]") == {"street_number": "", "street_name": "", "hamlet": ""}


@pytest.mark.parametrize("weight", ["Regular", "Bold"])
def test_the_invoice_s_typeface_has_every_letter_that_is_taken(weight: str) -> None:
    font = TTFont(settings.BASE_DIR / "static" / "fonts" / f"AtkinsonHyperlegibleNext-{weight}.ttf")
    assert {ord(letter) for letter in PRINTED} <= set(font.getBestCmap())


def test_every_letter_that_is_taken_has_its_like_on_a_label() -> None:
    assert [letter for letter in sorted(PRINTED) if letter != "?" and "?" in on_label(letter)] == []
    assert [letter for letter in sorted(PRINTED) if not on_label(letter).strip() and letter.strip()] == []


@pytest.mark.parametrize(
    ("typed", "shown", "label"),
    [
        ("Łukasz Żółć", "Łukasz Żółć", "Lukasz Zólc"),
        ("L’Œuvre « Été »", "L’Œuvre « Été »", "L'OEuvre « Été »"),
        ("Tōkyō Ａ１", "Tokyo A1", "Tokyo A1"),
        ("Nguyễn", "Nguyen", "Nguyen"),
        ("Œ" * 20, "Œ" * 20, "OE" * 17 + "O"),
        ("東京", "東京", "??"),
    ],
)
def test_letters_are_printed_as_near_as_can_be(typed: str, shown: str, label: str) -> None:
    assert printed(typed) == shown
    assert on_label(typed) == label
    assert len(label) <= LINE
