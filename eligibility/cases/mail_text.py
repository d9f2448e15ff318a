"""The words of an e-mail: HTML made readable, and what the person wrote parted from what is quoted. Pure."""

import re
from html import unescape

_TAG_BEGINS = re.compile(r"<[a-zA-Z/!?]")
_NAME = re.compile(r"/?([a-z0-9]+)")
_UNSEEN = {"style", "script", "head", "title", "template"}
_BLOCKS = ("br", "p", "div", "tr", "li", "ul", "ol", "table", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "hr")
_INSTEAD = dict.fromkeys(_BLOCKS, "\n") | dict.fromkeys(("td", "th"), " ")
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
    """Write HTML as text: no markup, no script, a line for each block.

    Read by hand, in one pass: the standard parser takes minutes for a hundred kilobytes made for that.
    """
    words: list[str] = []
    place = 0
    while (start := html.find("<", place)) >= 0:
        words.append(_said(html[place:start]))
        if not _TAG_BEGINS.match(html, start):
            words.append("<")
            place = start + 1
            continue
        name, place = _skip_markup(html, start)
        words.append(_INSTEAD.get(name, ""))
    words.append(_said(html[place:]))
    return "\n".join(" ".join(line.split()) for line in "".join(words).split("\n"))


def _skip_markup(html: str, start: int) -> tuple[str, int]:
    """The tag's name and the place behind it: behind a whole comment, or the whole of what nobody is meant to read."""
    if html.startswith("<!--", start):
        return "", _behind(html, "-->", start)
    name = html[start + 1 : start + 12].lower()
    named = _NAME.match(name)
    tag = named[1] if named else ""
    end = _behind(html, ">", start)
    if tag in _UNSEEN and not name.startswith("/"):
        closing = re.compile(f"</{tag}", re.IGNORECASE).search(html, end)
        end = _behind(html, ">", closing.start()) if closing else len(html)
    return tag, end


def _behind(html: str, mark: str, start: int) -> int:
    """The place behind the next such mark; the end of the text where there is none."""
    found = html.find(mark, start)
    return found + len(mark) if found >= 0 else len(html)


def _said(text: str) -> str:
    return unescape(text).replace("\n", " ")
