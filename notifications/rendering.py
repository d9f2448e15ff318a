"""From a kind and its context to the texts that leave the house.

An e-mail is written once, as text. Its HTML part is made from that text by one frame, so both say the same words.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from django.conf import settings
from django.template import Context, Engine
from django.template.loader import get_template
from django.urls import reverse
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString

from notifications.addresses import absolute
from notifications.wording import NBSP

SUBJECT_LIMIT = 200  # what a row holds; the texts themselves stay under 70
URL = re.compile(r"https?://[^\s<>\"«»]*[^\s<>\"«».,;:!?)]")
# A confirmation code stands alone in its paragraph and is drawn large: it is typed from another screen.
CODE = re.compile(r"[A-Z0-9]{3,8}(-[A-Z0-9]{3,8})?")


class Letter(NamedTuple):
    subject: str
    text: str
    html: str


def email(kind: str, context: Mapping[str, Any]) -> Letter:
    """Render subject, text and HTML of an e-mail."""
    app, _, name = kind.partition("/")
    everything = _common() | dict(context)
    subject = one_line(_render(f"{app}/email/{name}.subject.txt", everything))[:SUBJECT_LIMIT]
    body = tidy(_render(f"{app}/email/{name}.txt", everything))
    foot = tidy(_render("notifications/email/frame.txt", everything))
    html = get_template("notifications/email/frame.html").render(
        {"subject": subject, "body": paragraphs(body), "foot": paragraphs(foot)}
    )
    return Letter(subject, f"{body}\n\n{foot}\n", html)


def sms(kind: str, context: Mapping[str, Any]) -> str:
    """Render the one line of an SMS."""
    app, _, name = kind.partition("/")
    return one_line(_render(f"{app}/sms/{name}.txt", dict(context)))


def one_line(text: str) -> str:
    """A line break in a company's name must never become a header of its own."""
    return re.sub(r"[^\S\u00a0]+", " ", re.sub(r"[\x00-\x1f\x7f\u0085\u2028\u2029]", " ", text)).strip()


def tidy(text: str) -> str:
    """Drop trailing blanks and keep at most one empty line: template tags leave more."""
    lines = (line.rstrip(" \t") for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


def paragraphs(text: str) -> list[dict[str, Any]]:
    """The paragraphs of a text as HTML, addresses made into links."""
    return [
        {"html": format_html_join(SafeString("<br>\n"), "{}", ((_linked(line),) for line in block.split("\n")))}
        | {"is_code": CODE.fullmatch(block) is not None}
        for block in text.split("\n\n")
    ]


def _linked(line: str) -> SafeString:
    linked = SafeString("")
    end = 0
    for match in URL.finditer(line):
        linked += conditional_escape(line[end : match.start()])
        linked += format_html('<a href="{0}" style="color:#0b4fd6">{0}</a>', match.group())
        end = match.end()
    return linked + conditional_escape(line[end:])


def _render(template: str, context: dict[str, Any]) -> str:
    """Render plain text: without HTML escaping, which would turn an apostrophe into &#x27;."""
    return Engine.get_default().get_template(template).render(Context(context, autoescape=False))


def _common() -> dict[str, Any]:
    return {
        "site_url": settings.SITE_URL,
        "support_email": settings.SUPPORT_EMAIL,
        "privacy_url": absolute(reverse("pages:privacy")),
        "seller_block": seller_block(),
    }


def seller_block() -> str:
    """The mentions every letter of a company carries (code de commerce, R123-237)."""
    seller = settings.SELLER
    siren = NBSP.join((seller["siren"][:3], seller["siren"][3:6], seller["siren"][6:]))
    return (
        f"{seller['name']} – {seller['legal_form']} au capital de {seller['capital']} – "
        f"{siren} RCS {seller['rcs_city']} – {seller['address']}"
    )
