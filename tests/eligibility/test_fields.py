"""What the shared form fields make of what cannot be seen."""

import unicodedata

import pytest
from django import forms
from django.core.exceptions import ValidationError

from accounts.forms import EditKeyForm
from accounts.profile import CompanyForm, ProfileForm
from eligibility.cases.forms import CaseForm
from eligibility.fields import EmailField, LineField, SiretField, TextField
from masques.contact import ContactForm
from orders.forms import DeliveryForm

CONTROLS = [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029)]
DIRECTIONS = [chr(code) for code in (0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))]
WIDTHLESS = ["\u00ad", "\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\U000e0041"]


@pytest.mark.parametrize("mark", [*DIRECTIONS, *WIDTHLESS], ids=lambda mark: f"U+{ord(mark):04X}")
def test_a_line_loses_marks_that_turn_or_hide_its_letters(mark):
    assert LineField(max_length=10).clean(f"{mark}Du{mark}pont{mark}") == "Dupont"


@pytest.mark.parametrize("control", [each for each in CONTROLS if each != "\0"], ids=lambda each: f"U+{ord(each):04X}")
def test_a_control_character_parts_words(control):
    assert LineField(max_length=10).clean(f"Rue{control}{control} Sud{control}") == "Rue Sud"


def test_a_line_of_nothing_visible_is_empty():
    with pytest.raises(ValidationError) as error:
        LineField(max_length=10).clean("\u202e\u200b\u2066")
    assert error.value.code == "required"


def test_an_accent_typed_apart_is_put_on_its_letter():
    assert LineField(max_length=3).clean(unicodedata.normalize("NFD", "Zoé")) == "Zoé"


def test_a_text_keeps_its_lines():
    typed = "Bonjour,\r\n\r\nfacture\u202e 12\u200b\tmerci\r\n"
    assert TextField(max_length=99, rows=3).clean(typed) == "Bonjour,\n\nfacture 12 merci"


@pytest.mark.parametrize("form", [CaseForm, ContactForm, DeliveryForm, ProfileForm, CompanyForm, EditKeyForm])
def test_no_form_has_a_plain_field_for_words(form):
    """Those that stay have a form of their own: five digits, a telephone number, a VAT number, what is hidden."""
    plain = {"postal_code", "phone", "mobile", "vat_number", "checked_postal_code", "token", "sending"}
    for name, field in form.base_fields.items():
        if isinstance(field, forms.CharField) and name not in plain:
            assert isinstance(field, LineField | TextField | EmailField | SiretField), name
