"""Telephone numbers of France, overseas included."""

import pytest

from notifications import phones


@pytest.mark.parametrize(
    ("typed", "e164"),
    [
        ("06 12 34 56 78", "+33612345678"),
        ("07.69.12.34.56", "+33769123456"),
        ("+33 6 12 34 56 78", "+33612345678"),
        ("0033612345678", "+33612345678"),
        ("０６１２３４５６７８", "+33612345678"),
        ("01 42 34 56 78", "+33142345678"),
        ("0690 12 34 56", "+590690123456"),
        ("0691 23 12 34", "+590691231234"),
        ("0692 12 34 56", "+262692123456"),
        ("0639 20 12 34", "+262639201234"),
        ("0694 20 12 34", "+594694201234"),
        ("0696 20 12 34", "+596696201234"),
        ("06 39 98 00 01", "+33639980001"),
    ],
)
def test_a_french_number_is_understood_as_people_type_it(typed, e164):
    assert phones.to_e164(typed) == e164


@pytest.mark.parametrize(
    "typed",
    ["", "06 12 34", "bonjour", "+44 7911 123456", "+1 202 555 0143", "0" * 500, "0" * 14, "06123456789"],
)
def test_what_is_no_french_number_is_none(typed):
    assert phones.to_e164(typed) is None


def test_fictional_numbers_are_refused_outside_a_demo(settings):
    settings.SMS_TEST_PREFIX = ""
    assert phones.to_e164("06 39 98 00 01") is None


@pytest.mark.parametrize(
    ("e164", "answer"),
    [
        ("+33612345678", True),
        ("+262692123456", True),
        ("+33639980001", True),
        ("+33142345678", False),
        ("nonsense", False),
    ],
)
def test_an_sms_reaches_mobiles_only(e164, answer):
    assert phones.is_mobile(e164) is answer


def test_a_number_is_shown_as_it_is_dictated():
    assert phones.show("+33612345678") == "06\u00a012\u00a034\u00a056\u00a078"
    assert phones.show("+33639980001") == "06\u00a039\u00a098\u00a000\u00a001"
    assert phones.show("nonsense") == "nonsense"
