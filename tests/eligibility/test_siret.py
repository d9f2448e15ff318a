import re

import pytest
from django import forms
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st
from stdnum.exceptions import ValidationError as StdnumError
from stdnum.fr import siret as stdnum_siret

from eligibility.fields import SiretField
from eligibility.siret import SiretError, has_valid_key, parse, siren_of, vat_number
from tests.eligibility.conftest import golden, plain

DIGITS = st.text(alphabet="0123456789", min_size=14, max_size=14)


@pytest.mark.parametrize("row", golden("siret"), ids=lambda row: repr(row["input"]))
def test_what_people_type_is_cleaned_or_refused_with_a_sentence(row: dict[str, str]) -> None:
    if row["expected"] == "valid":
        assert parse(row["input"]) == row["normalised"]
    else:
        with pytest.raises(SiretError) as refusal:
            parse(row["input"])
        assert (refusal.value.code, plain(str(refusal.value))) == (row["expected"], row["message"])


@pytest.mark.parametrize("row", golden("siret"), ids=lambda row: repr(row["input"]))
def test_the_form_field_says_the_same(row: dict[str, str]) -> None:
    if row["expected"] == "valid":
        assert SiretField().clean(row["input"]) == row["normalised"]
    else:
        with pytest.raises(ValidationError) as refusal:
            SiretField().clean(row["input"])
        assert [plain(message) for message in refusal.value.messages] == [row["message"]]


def test_a_nul_and_ten_thousand_characters_are_refused_like_any_other_text() -> None:
    for text in ("7328293200007\0", "7" * 10_000, "x" * 10_000):
        with pytest.raises(ValidationError):
            SiretField().clean(text)


def test_an_optional_field_may_stay_empty() -> None:
    assert SiretField(required=False).clean("") == ""


def test_the_field_asks_for_figures_on_a_telephone() -> None:
    class Form(forms.Form):
        siret = SiretField()

    html = str(Form()["siret"])
    assert 'inputmode="numeric"' in html
    assert 'autocomplete="off"' in html


@given(DIGITS)
def test_the_key_agrees_with_a_well_known_library(siret: str) -> None:
    if siret == "0" * 14:
        return
    try:
        stdnum_siret.validate(siret)
    except StdnumError:
        # The library asks the SIREN's own key too; the key of fourteen digits is ours to judge.
        assert not has_valid_key(siret) or not _is_luhn(siret[:9])
    else:
        assert has_valid_key(siret)


def _is_luhn(digits: str) -> bool:
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


@given(
    DIGITS, st.lists(st.tuples(st.integers(0, 13), st.sampled_from(" .-\u00a0\u202f\u2013\u200b\ufeff\t")), max_size=8)
)
def test_separators_never_change_the_answer(siret: str, separators: list[tuple[int, str]]) -> None:
    typed = siret
    for place, separator in separators:
        typed = typed[:place] + separator + typed[place:]
    assert _outcome(typed) == _outcome(siret)


@given(st.text(max_size=40))
def test_any_text_gives_fourteen_ascii_digits_or_a_known_refusal(text: str) -> None:
    outcome = _outcome(text)
    assert outcome in SiretError.SENTENCES or re.fullmatch("[0-9]{14}", outcome)


@given(DIGITS, st.integers(0, 13), st.integers(1, 9))
def test_one_wrong_digit_never_passes_outside_la_poste(siret: str, place: int, shift: int) -> None:
    wrong = f"{siret[:place]}{(int(siret[place]) + shift) % 10}{siret[place + 1 :]}"
    if not any(number.startswith("356000000") for number in (siret, wrong)):
        assert not (has_valid_key(siret) and has_valid_key(wrong))


def _outcome(text: str) -> str:
    try:
        return parse(text)
    except SiretError as refusal:
        return refusal.code


@pytest.mark.parametrize("row", golden("vat_number"), ids=lambda row: row["siren"])
def test_the_vat_number_follows_from_the_siren(row: dict[str, str]) -> None:
    assert vat_number(row["siren"]) == row["vat_number"]


def test_the_siren_is_the_head_of_the_siret() -> None:
    assert siren_of("00628023400169") == "006280234"
