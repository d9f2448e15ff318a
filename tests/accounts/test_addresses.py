"""From a register's line to the lines of a label."""

import pytest

from accounts.addresses import LINE, disclosed, split_number, street_lines


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
