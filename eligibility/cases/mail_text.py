"""The words of an e-mail: HTML made readable, and what the person wrote parted from what is quoted. Pure."""

import re
from html.parser import HTMLParser

_UNSEEN = {"style", "script", "head", "title", "template"}
_BREAKS = {"br", "p", "div", "tr", "li", "ul", "ol", "table", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "hr"}
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_EMPTY_LINES = re.compile(r"\n{3,}")

# Where the mail programs of the day begin the quotation; the line that names its author may be broken in two.
_QUOTATION = re.compile(
    r"^[ \t]*(?:"
    r"(?:Le|On)\b[^\n]{5,200}(?:\n[^\n]{1,200})?\b(?:a écrit|wrote)[ \u00a0\u202f]?:"
    r"|-{2,}[ \t]*(?:Message d[’']origine|Message transféré|Original Message|Forwarded message)[ \t]*-{2,}"
    r"|_{10,}[ \t]*\n[ \t]*(?:De|From)[ \u00a0\u202f]?:"
    r"|(?:De|From)[ \u00a0\u202f]?:[^\n]+\n(?:[ \t]*\n)?[ \t]*(?:Envoyé|Date|Sent)[^\n:]{0,20}:"
    r"|>"
    r")",
    re.MULTILINE | re.IGNORECASE,
)


def clean(text: str) -> str:
    """Keep what a database and a screen can hold, with plain line ends and no more than one empty line at a time."""
    lines = _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).split("\n")
    return _EMPTY_LINES.sub("\n\n", "\n".join(line.rstrip() for line in lines)).strip()


def part_quotation(text: str) -> tuple[str, str]:
    """Part what was written now from what is quoted below it.

    A text that begins with the quotation is left whole: the answer stands under or between the quoted lines.
    """
    found = _QUOTATION.search(text)
    if found is None or not text[: found.start()].strip():
        return text, ""
    return text[: found.start()].rstrip(), text[found.start() :].strip()


def from_html(html: str) -> str:
    """Write HTML as text: no markup, no script, a line for each block."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return "\n".join(" ".join(line.split()) for line in "".join(reader.words).split("\n"))


class _Reader(HTMLParser):
    """Collects the words that a reader would see; crooked markup is read as far as it goes."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self._hidden = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if not self._hidden and tag in _UNSEEN:
            self._hidden = tag
        elif tag in _BREAKS:
            self.words.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == self._hidden:
            self._hidden = ""
        elif tag in _BREAKS:
            self.words.append("\n")
        elif tag in ("td", "th"):
            self.words.append(" ")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words.append(data.replace("\n", " "))
