"""House rules of templates and static files: what a strict content policy and French typography ask for."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from django.template.loader import get_template

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES, STATIC = ROOT / "templates", ROOT / "static"
# Read by mail programs and by the PDF engine, which have no content policy; the admin has a policy of its own.
NOT_PAGES = ("notifications/email/", "admin/", "billing/invoice.html", "orders/leaflet.html")

FILES = sorted(path for path in TEMPLATES.rglob("*") if path.suffix in (".html", ".txt"))
ALL = [path.relative_to(TEMPLATES).as_posix() for path in FILES]
PAGES = [name for name in ALL if name.endswith(".html") and not name.startswith(NOT_PAGES)]


def source(name: str) -> str:
    return (TEMPLATES / name).read_text("utf-8")


@pytest.mark.parametrize("name", ALL)
def test_every_template_compiles(name) -> None:
    get_template(name)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_no_inline_style_script_or_handler(name) -> None:
    text = re.sub(r"{#.*?#}", "", source(name))
    assert not re.search(r"\sstyle\s*=", text)
    assert not re.search(r"<style\b", text)
    assert not re.search(r'<script\b(?![^>]*\s(?:src=|type="application/json"))', text)
    assert not re.search(r"<[a-z][^>]*\son[a-z]+\s*=", text)
    assert "javascript:" not in text


@pytest.mark.parametrize("name", PAGES)
def test_a_page_loads_nothing_from_elsewhere(name) -> None:
    assert not re.search(r"""(?:src|srcset)\s*=\s*["']https?:""", source(name))
    assert not re.search(r"""<link\b[^>]*href\s*=\s*["']https?:""", source(name))


@pytest.mark.parametrize("name", PAGES)
def test_french_typography_keeps_its_spaces_and_apostrophes(name) -> None:
    words = re.sub(r"{[#%].*?[#%]}|{{.*?}}|<[^>]*>", " ¤ ", source(name), flags=re.DOTALL)
    assert not re.search(r"[a-zéèêà]['][a-zéèêàh]", words, re.IGNORECASE), "an apostrophe is ’"
    assert not re.search(r"[a-zéèà)] [!?;»%€]", words), "a no-break space stands before ! ? ; » % €"
    assert not re.search(r"[a-zéèà)] :(?!:)", words), "a no-break space stands before :"


@pytest.mark.parametrize("path", sorted(STATIC.rglob("*.svg")), ids=lambda path: path.name)
def test_a_drawing_is_well_formed_and_holds_no_script(path) -> None:
    tree = ElementTree.parse(path)
    assert all(not element.tag.endswith(("script", "style", "image")) for element in tree.iter())


@pytest.mark.parametrize(
    "path",
    sorted(path for path in STATIC.rglob("*.css") if "vendor" not in path.parts),
    ids=lambda path: path.relative_to(STATIC).as_posix(),
)
def test_a_style_sheet_names_only_files_of_ours(path) -> None:
    text = path.read_text("utf-8")
    assert "@import" not in text
    for address in re.findall(r'url\("?([^")]+)"?\)', text):
        if address.startswith("data:"):
            continue
        assert (path.parent / address).resolve().is_file(), address


@pytest.mark.parametrize("path", sorted((STATIC / "js").glob("*.js")), ids=lambda path: path.name)
def test_a_script_writes_no_style_and_runs_no_text(path) -> None:
    text = path.read_text("utf-8")
    assert not re.search(r"\beval\(|new Function\(|document\.write\(|setAttribute\(.style", text)


def test_every_icon_that_is_used_is_drawn() -> None:
    root = ElementTree.parse(STATIC / "img" / "icons.svg").getroot()
    drawn = {symbol.get("id") for symbol in root}
    used = {
        name
        for template in TEMPLATES.rglob("*.html")
        for name in re.findall(r'_icon\.html" with name="([a-z]+)"', template.read_text("utf-8"))
    }
    assert used <= drawn, used - drawn


def test_colours_of_text_keep_their_contrast() -> None:
    tokens = (STATIC / "css" / "tokens.css").read_text("utf-8")
    light, dark = tokens.split("@media (prefers-color-scheme: dark)")
    pairs = (
        ("ink", "paper"), ("ink", "mist"), ("ink-soft", "paper"), ("ink-soft", "mist"), ("action", "paper"),
        ("action", "mist"), ("on-action", "action"), ("on-sun", "sun"), ("ok", "ok-soft"), ("warn", "warn-soft"),
        ("alert", "alert-soft"), ("alert", "paper"), ("on-alert", "alert"), ("on-night", "night"),
        ("action", "warn-soft"), ("action", "alert-soft"), ("action", "ok-soft"), ("action", "action-soft"),
    )  # fmt: skip
    for scheme in (_colours(light), _colours(light) | _colours(dark)):
        for text, surface in pairs:
            assert _contrast(scheme[text], scheme[surface]) >= 4.5, (text, surface)
        assert _contrast(scheme["edge"], scheme["paper"]) >= 3
        assert _contrast(scheme["focus"], scheme["paper"]) >= 3


def _colours(css: str) -> dict[str, str]:
    found = re.findall(r"--([a-z-]+): #([0-9a-f]{3,6});", css)
    return {name: value if len(value) == 6 else "".join(2 * digit for digit in value) for name, value in found}


def _contrast(first: str, second: str) -> float:
    """The ratio of WCAG 2.2."""
    high, low = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    channels = (int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4))
    linear = [value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
