"""Whatever is typed into whatever field: a clear answer, nothing else lost, never an error page of ours."""

import html
import re

import pytest

from tests.masques import tour
from tests.masques.typed import Form, forms_on

pytestmark = pytest.mark.django_db

WHO_TYPES = (tour.visitor, tour.newcomer, tour.with_nothing, tour.with_draft)
everybody = pytest.mark.parametrize("who", WHO_TYPES, ids=lambda who: who.__name__)
TEN_KILOBYTES = "é" * 5 * 1024
# Percent-encoded: NUL, a lone surrogate, broken UTF-8, control characters, a right-to-left mark, a line break.
ODD = {
    "nothing but a NUL": "%00",
    "a bit of everything": "a%00b%ED%A0%80+%FF%FE%01%1B%E2%80%AE%0D%0AX-Evil%3A+1",
}


@pytest.fixture(autouse=True)
def no_brakes(settings) -> None:
    """The brakes have tests of their own."""
    settings.ACCOUNT_RATE_LIMITS = False
    for name in ("SIRET_CHECK_RATE", "CASE_RATE", "CASE_UPLOAD_RATE", "CONTACT_RATE", "NO_SCRIPT_RATE"):
        setattr(settings, name, "100000/m")


def marked(form: Form, wrong: str) -> dict[str, str]:
    """Something to recognise in every field but the one that is wrong and the one that only robots see."""
    return {each.name: f"mot-{each.name}" for each in form.typed if each.name not in (wrong, "captcha_comment")}


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


# --- numbers that look like a SIRET


ALL_ZEROS = "0" * 14
RIGHT = "73282932000074"
NO_SIRETS = {
    "fourteen zeros": (ALL_ZEROS, "n’existe pas"),
    "fourteen zeros, spaced": ("000 000 000 00000", "n’existe pas"),
    "full-width digits": (RIGHT.translate({48 + n: 0xFF10 + n for n in range(10)}), "que des chiffres"),
    "Arabic digits": (RIGHT.translate({48 + n: 0x660 + n for n in range(10)}), "que des chiffres"),
    "circled digits": ("①" * 14, "que des chiffres"),
    "one digit short": (RIGHT[:-1], "14 chiffres"),
    "a wrong key": ("73282932000075", "n’existe pas"),
    "a SIREN": (RIGHT[:9], "SIREN"),
    "a VAT number": (f"FR44{RIGHT[:9]}", "que des chiffres"),
    "a spreadsheet's number": ("7,32829E+13", "que des chiffres"),
    "a negative number": (f"-{RIGHT}0", "14 chiffres"),
    "SQL": ("1' OR '1'='1", "que des chiffres"),
    "markup": ("<script>alert(1)</script>", "que des chiffres"),
    "nothing but blanks": (" \u00a0 ", "Indiquez votre numéro SIRET"),
}  # fmt: skip


@pytest.mark.parametrize("path", ["/", "/inscription/", "/rejet-siret/"])
@pytest.mark.parametrize("case", NO_SIRETS)
def test_what_is_no_siret_is_said_to_be_none_without_a_look_up(client, django_assert_num_queries, path, case):
    typed, words = NO_SIRETS[case]
    with django_assert_num_queries(1 if path == "/" else 0):  # the home page's prices
        response = client.post(path, {"siret": typed})
    page = response.content.decode().replace("&nbsp;", " ").replace("\u00a0", " ")
    assert response.status_code == 200
    assert words in page
    assert "peut commander." not in page.partition("<main")[2]
    assert "<script>alert" not in page


# --- answers to the captcha that nobody could have found


@pytest.mark.parametrize(
    "answer",
    ["x", "é" * 3000, "e30=", "bnVsbA==", "WzEsMl0=", "eyJjaGFsbGVuZ2UiOiB7fX0=", "a\0b", "%", "=" * 40,
     "eyJjaGFsbGVuZ2UiOiB7InBhcmFtZXRlcnMiOiB7ImNvc3QiOiAxZTMwfX0sICJzb2x1dGlvbiI6IHsiY291bnRlciI6IC0xfX0="],
)  # fmt: skip
def test_a_captchas_answer_that_is_none_is_refused_kindly(answer):
    visit = tour.visitor()
    names = {"username": "atelier.du.port", "email": "port@entreprise.example"}
    data = names | {f"{name}2": value for name, value in names.items()} | tour.SIGNUP | {"captcha": answer}
    response = visit.client.post("/inscription/compte/", data)
    page = html.unescape(response.content.decode())
    assert response.status_code == 200
    assert "La vérification n’a pas abouti. Cochez de nouveau la case." in page
    assert all(value in page for value in names.values())


def test_a_form_sent_twice_may_be_odd_the_second_time():
    """The second sending of sign-up is compared with the account that the first one opened."""
    visit = tour.visitor()
    names = {"username": "atelier.du.port", "email": "port@entreprise.example"}
    data = names | {f"{name}2": value for name, value in names.items()} | tour.SIGNUP
    assert visit.client.post("/inscription/compte/", data).status_code == 302
    for name in data:
        assert visit.client.post("/inscription/compte/", data | {name: "a\0b"}).status_code in (200, 302), name
