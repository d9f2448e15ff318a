"""The alphabet and the room of one SMS."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.sms import BASIC, DOUBLE, gsm7, sms_length


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("à régler d’ici au 12/05", "à régler d'ici au 12/05"),
        ("Ça, forêt, naïf, Noël, œuvre", "Ça, foret, naif, Noel, oeuvre"),
        ("ç", "c"),
        ("ÀÈÊ", "AEE"),
        ("«\u00a0Rejet SIRET\u00a0»", '"Rejet SIRET"'),
        ("36\u00a034 – 12…", "36 34 - 12..."),
        ("292,76\u00a0€", "292,76 €"),
        ("60\u202f°", "60 o"),
        ("masques‑pme", "masques-pme"),
        ("e\u0301tape", "etape"),
        ("漢", "?"),
    ],
)
def test_characters_outside_the_alphabet_get_their_likeness(text, written):
    assert gsm7(text) == written


@given(st.text())
def test_whatever_is_written_fits_the_alphabet(text):
    assert set(gsm7(text)) <= BASIC | DOUBLE


def test_the_euro_sign_takes_two_places():
    assert sms_length("292,76 EUR") == 10
    assert sms_length("292,76 €") == 9


def test_a_strange_character_is_named():
    with pytest.raises(ValueError, match="’"):
        sms_length("d’ici")
