"""From a kind and its context to the letter that leaves the house."""

import html
import re

import pytest

from notifications import rendering
from notifications.addresses import absolute

pytestmark = pytest.mark.usefixtures("texts")


def letter(**context):
    return rendering.email(
        "essai/note",
        {"reference": "ECTZ326", "name": "Menuiserie L’Érable & Fils <SARL>", "url": "https://shop.example/c/?a=1&b=2"}
        | context,
    )


def words(markup):
    """What a reader sees of HTML, blanks made equal."""
    body = markup.partition("</p>")[2]  # after the word-mark
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", body)).split())


def test_text_and_html_say_the_same_words():
    made = letter()
    assert words(made.html) == " ".join(made.text.split())


def test_plain_text_is_not_escaped_and_html_is():
    made = letter()
    assert "Menuiserie L’Érable & Fils <SARL>" in made.text
    assert "Menuiserie L’Érable &amp; Fils &lt;SARL&gt;" in made.html
    assert "<SARL>" not in made.html


def test_addresses_become_links():
    made = letter()
    assert '<a href="https://shop.example/c/?a=1&amp;b=2"' in made.html


@pytest.mark.parametrize("ending", [".", ",", ")", "!", "\u00a0»"])
def test_a_link_does_not_swallow_the_punctuation_behind_it(ending):
    linked = rendering.paragraphs(f"Voyez https://shop.example/x{ending}")[0]["html"]
    assert '<a href="https://shop.example/x"' in linked


def test_a_link_cannot_leave_its_attribute():
    linked = rendering.paragraphs("https://shop.example/\"onclick='x'>")[0]["html"]
    assert "<a href=" in linked
    assert "onclick='" not in linked
    assert '/"' not in linked.replace('example/"', "")


def test_a_line_break_in_a_name_never_becomes_a_header():
    made = letter(reference="ECTZ326\r\nBcc: victim@exemple.fr\u2028X: y")
    assert made.subject == "Commande ECTZ326 Bcc: victim@exemple.fr X: y enregistrée"


def test_a_code_is_drawn_large_and_a_reference_is_not():
    assert rendering.paragraphs("Voici :\n\nABCD-EFGH")[1]["is_code"]
    assert not rendering.paragraphs("Bonjour,")[0]["is_code"]


def test_the_frame_names_the_seller_and_where_data_are_explained():
    made = letter()
    assert "RCS PARIS" in made.text
    assert absolute("/donnees-personnelles/") in made.text
    assert "Le service client masques-pme\naide@masques.example" in made.text


def test_template_tags_leave_no_hole_in_the_text():
    assert rendering.tidy("\n\nun \r\n\r\n\r\n\r\ndeux\n\n") == "un\n\ndeux"


def test_absolute_addresses_use_the_configured_site(settings):
    settings.SITE_URL = "https://masques.example"
    assert absolute("/commandes/") == "https://masques.example/commandes/"
