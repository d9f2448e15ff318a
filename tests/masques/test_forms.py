"""How a form is drawn: labels, help and errors belong together for the eye and for the ear."""

import re

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.utils.safestring import mark_safe


class Letter(forms.Form):
    name = forms.CharField(label="Nom", help_text="Celui du recommandé")
    email = forms.EmailField(label="Adresse e-mail")
    phone = forms.CharField(label="Téléphone", required=False)
    network = forms.ChoiceField(label="Réseau", choices=[("cci", "CCI"), ("cma", "CMA")], widget=forms.RadioSelect)
    terms = forms.BooleanField(label=mark_safe('J’accepte les <a href="/cgv/">conditions</a>'))
    token = forms.CharField(widget=forms.HiddenInput, required=False)

    def clean(self) -> None:
        if self.cleaned_data.get("name") == "personne":
            raise forms.ValidationError("Ce nom ne suffit pas.")


@pytest.fixture
def empty() -> str:
    return str(Letter({}))


def tag(html: str, name: str) -> str:
    found = re.search(rf'<(?:input|fieldset|select|textarea)[^>]*name="{name}"[^>]*>', html)
    assert found, name
    return found[0]


def test_an_error_and_its_help_are_tied_to_the_field(empty) -> None:
    assert 'aria-describedby="id_name_helptext id_name_error"' in tag(empty, "name")
    assert 'id="id_name_helptext">Celui du recommandé' in empty
    assert re.search(r'id="id_name_error">.*?Ce champ est obligatoire', empty, re.DOTALL)
    assert 'aria-invalid="true"' in tag(empty, "name")


def test_every_id_that_is_referred_to_exists(empty) -> None:
    ids = set(re.findall(r'\sid="([^"]+)"', empty))
    for referred in re.findall(r'aria-(?:describedby|labelledby)="([^"]+)"', empty):
        assert set(referred.split()) <= ids
    for link in re.findall(r'href="#([^"]+)"', empty):
        if not link.endswith(("mask", "stop")):
            assert link in ids


def test_the_summary_comes_first_counts_and_leads_to_the_fields(empty) -> None:
    assert empty.index('class="errors"') < empty.index('name="name"')
    assert "4&nbsp;points à corriger" in empty
    for name in ("name", "email", "network", "terms"):
        assert f'<a href="#id_{name}">' in empty


def test_the_summary_takes_the_focus_and_has_a_name(empty) -> None:
    opening = re.search(r'<div class="errors"[^>]*>', empty)
    assert opening
    assert 'tabindex="-1"' in opening[0]
    assert "autofocus" in opening[0]
    assert 'aria-labelledby="a-corriger"' in opening[0]


def test_the_summary_has_as_many_lines_as_points() -> None:
    form = Letter({"name": "Camille", "email": "a@b.fr", "network": "cci"})
    form.add_error("name", ValidationError(["Trop court.", "Trop < commun."]))
    form.add_error(None, "Recommencez.")
    html = str(form)
    assert "3&nbsp;points à corriger" in html
    summary = html[html.index('class="errors"') : html.index("</ul>")]
    assert summary.count("<li>") == 3
    assert "Trop court. Trop &lt; commun." in summary


def test_one_error_is_one_point() -> None:
    html = str(Letter({"name": "Camille", "email": "a@b.fr", "network": "cci"}))
    assert "1&nbsp;point à corriger" in html


def test_a_label_with_a_link_does_not_put_a_link_into_a_link(empty) -> None:
    summary = empty[empty.index('class="errors"') : empty.index("</ul>")]
    assert "/cgv/" not in summary
    assert "J’accepte les conditions" in summary


def test_an_error_of_the_whole_form_is_said_once() -> None:
    html = str(Letter({"name": "personne", "email": "a@b.fr", "network": "cci", "terms": "on"}))
    assert html.count("Ce nom ne suffit pas.") == 1


def test_a_form_without_errors_has_no_summary() -> None:
    assert "errors" not in str(Letter())


def test_required_fields_carry_a_star_and_the_form_explains_it(empty) -> None:
    assert "Les champs suivis d’un" in empty
    label = re.search(r'<label for="id_name".*?</label>', empty, re.DOTALL)
    assert label
    assert "*" in label[0]
    optional = re.search(r'<label for="id_phone".*?</label>', empty, re.DOTALL)
    assert optional
    assert "*" not in optional[0]


def test_a_form_without_required_fields_does_not_speak_of_stars() -> None:
    class Optional(forms.Form):
        note = forms.CharField(required=False)

    assert "obligatoires" not in str(Optional())


def test_a_group_of_choices_has_a_legend_and_describes_itself(empty) -> None:
    assert re.search(r'<fieldset aria-describedby="id_network_error">\s*<legend', empty)


def test_a_box_stands_before_its_label(empty) -> None:
    assert empty.index('name="terms"') < empty.index('<label class="choice__label" for="id_terms"')


def test_hidden_fields_are_drawn_once(empty) -> None:
    assert empty.count('name="token"') == 1


def test_one_field_can_be_drawn_alone() -> None:
    html = Letter()["name"].as_field_group()
    assert '<label for="id_name"' in html
    assert html.count("<input") == 1


def test_what_was_typed_is_escaped() -> None:
    html = str(Letter({"name": '"><script>x</script>', "email": "<b>"}))
    assert "<script>" not in html
    assert "<b>" not in html


def test_a_form_drawn_field_by_field_can_be_bound_to_any_prefix() -> None:
    html = str(Letter({}, prefix="second"))
    assert 'href="#id_second-name"' in html
    assert 'id="id_second-name_error"' in html
