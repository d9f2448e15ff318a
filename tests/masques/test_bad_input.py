"""Whatever is typed into whatever field: a clear answer, nothing else lost, never an error page of ours."""

import html
import re

import pytest

from tests.masques import tour
from tests.masques.typed import Form, forms_on

pytestmark = pytest.mark.django_db

everybody = pytest.mark.parametrize("who", tour.EVERYBODY, ids=lambda who: who.__name__)
TEN_KILOBYTES = "é" * 5 * 1024
# Percent-encoded: NUL, a lone surrogate, broken UTF-8, control characters with a line break, a right-to-left mark.
ODD = {
    "NUL": "a%00b", "surrogate": "%ED%A0%80", "broken": "%FF%FE", "controls": "a%01%1Bb%0D%0AX-Evil%3A+1",
    "direction": "%E2%80%AEabc", "NUL alone": "%00",
}  # fmt: skip


@pytest.fixture(autouse=True)
def no_brakes(settings) -> None:
    """The brakes have tests of their own."""
    settings.ACCOUNT_RATE_LIMITS = False
    for name in ("SIRET_CHECK_RATE", "CASE_RATE", "CONTACT_RATE", "NO_SCRIPT_RATE"):
        setattr(settings, name, "100000/m")


def marked(form: Form, wrong: str) -> dict[str, str]:
    """Something to recognise in every field but the one that is wrong."""
    return {each.name: f"mot-{each.name}" for each in form.typed if each.name != wrong}


@everybody
def test_ten_kilobytes_in_any_field_are_refused_in_words_and_the_rest_is_kept(who):
    visit = who()
    for name, form in forms_on(visit.client, visit.pages):
        for field in form.typed:
            where = f"{name}: {field.name}"
            others = marked(form, field.name)
            response = form.send(visit.client, form.data(**others, **{field.name: TEN_KILOBYTES}))
            assert response.status_code == 200, where
            page = html.unescape(response.content.decode())
            assert re.search(r"points? à corriger|caractères au maximum|comporte|chiffres", page), where
            secrets = {each.name for each in form.typed if each.kind == "password"}
            for other, text in others.items():
                assert (text in page) is (other not in secrets), f"{where} loses {other}"


@everybody
def test_no_character_breaks_a_page(who):
    visit = who()
    for name, form in forms_on(visit.client, visit.pages):
        for field in form.fields:
            if field.name == "csrfmiddlewaretoken":
                continue
            for what, raw in ODD.items():
                response = form.send_raw(visit.client, field.name, raw)
                assert response.status_code in (200, 302, 404), f"{name}: {field.name} with {what}"
                assert "X-Evil" not in response
