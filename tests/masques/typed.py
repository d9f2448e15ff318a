"""Forms as a browser finds them on a page, and what a person or a robot types into them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlencode

from django.http import HttpResponse
from django.test import Client

TYPED = {"text", "email", "tel", "search", "number", "password", "textarea"}
FORM = "application/x-www-form-urlencoded"


@dataclass
class Field:
    name: str
    kind: str  # text, email, password, hidden, textarea, select …
    value: str = ""

    @property
    def is_typed(self) -> bool:
        return self.kind in TYPED


@dataclass
class Form:
    """One form of a page: where it goes and what it would send untouched."""

    action: str
    method: str
    fields: list[Field] = field(default_factory=list)

    @property
    def typed(self) -> list[Field]:
        return [each for each in self.fields if each.is_typed]

    def data(self, **changes: str) -> dict[str, str]:
        return {each.name: each.value for each in self.fields} | changes

    def send(self, client: Client, data: dict[str, str]) -> HttpResponse:
        if self.method == "get":
            return client.get(self.action, data)  # type: ignore[return-value]
        return client.post(self.action, urlencode(data), FORM)  # type: ignore[return-value]

    def send_raw(self, client: Client, name: str, raw: str) -> HttpResponse:
        """Send one field as bytes that no browser would choose, percent-encoded already."""
        rest = {key: value for key, value in self.data().items() if key != name}
        body = f"{urlencode(rest)}&{name}={raw}"
        if self.method == "get":
            return client.get(f"{self.action}?{body}")  # type: ignore[return-value]
        return client.post(self.action, body, FORM)  # type: ignore[return-value]


class _Reader(HTMLParser):
    def __init__(self, url: str) -> None:
        super().__init__()
        self.url, self.forms = url, list[Form]()
        self.form: Form | None = None
        self.area: Field | None = None
        self.select: Field | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.form = Form(given.get("action") or self.url, given.get("method", "get").lower())
            self.forms.append(self.form)
        elif self.form is not None and (tag == "option" or given.get("name")):
            self._field(tag, given)

    def _field(self, tag: str, given: dict[str, str]) -> None:
        assert self.form is not None
        name, value = given.get("name", ""), given.get("value", "")
        if tag == "option" and self.select is not None:
            self.select.value = self.select.value or value
            return
        kind = given.get("type", "text") if tag == "input" else tag
        if (
            kind in ("radio", "button") and any(known.name == name for known in self.form.fields)
        ) or kind == "checkbox":
            return
        made = Field(name, kind, value)
        if tag in ("input", "textarea", "select", "button"):
            self.form.fields.append(made)
        self.area = made if tag == "textarea" else self.area
        self.select = made if tag == "select" else self.select

    def handle_data(self, data: str) -> None:
        if self.area is not None:
            self.area.value += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.form = None
        elif tag == "textarea":
            self.area = None
        elif tag == "select":
            self.select = None


def forms_of(html: str, url: str) -> list[Form]:
    """The forms of a page, those of search and signing out included."""
    reader = _Reader(url)
    reader.feed(html)
    return reader.forms


def forms_on(client: Client, pages: dict[str, str]) -> Iterator[tuple[str, Form]]:
    """Every form with something to type on these pages, with a name for the test's report."""
    for name, url in pages.items():
        for number, form in enumerate(forms_of(client.get(url).content.decode(), url)):
            if form.typed:
                yield f"{name}, form {number + 1}", form
