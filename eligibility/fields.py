"""Form fields that this app and those above share: a line, a text, an e-mail address, a SIRET."""

import unicodedata
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from .siret import SiretError, parse

TOO_LONG = "%(limit_value)d\u00a0caractères au maximum."
BAD_EMAIL = "Indiquez une adresse e-mail complète, par exemple nom@entreprise.fr."
DIFFERENT = "Les deux saisies ne sont pas identiques."
# By Unicode category: what parts words, and what is drawn nowhere and turns around or hides what stands beside it.
_BREAKS, _UNSEEN = ("Cc", "Zl", "Zp"), ("Cf", "Co", "Cs")


def visible(text: str) -> str:
    """The text as it is read: accents composed, control characters as blanks, no mark of width or direction."""
    characters = ((unicodedata.category(each), each) for each in unicodedata.normalize("NFC", text))
    return "".join(" " if kind in _BREAKS else each for kind, each in characters if kind not in _UNSEEN)


class LineField(forms.CharField):
    """One line: nothing invisible, blanks put in order, no line break for an e-mail's subject."""

    def __init__(self, *, max_length: int, autocomplete: str = "off", **kwargs: Any) -> None:
        kwargs["error_messages"] = {"max_length": TOO_LONG} | kwargs.get("error_messages", {})
        kwargs.setdefault("widget", forms.TextInput(attrs={"autocomplete": autocomplete}))
        super().__init__(max_length=max_length, **kwargs)

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return " ".join(visible(text).split()) if isinstance(text, str) else text


class TextField(forms.CharField):
    """Several lines, each without what is invisible."""

    def __init__(self, *, max_length: int, rows: int, **kwargs: Any) -> None:
        kwargs["error_messages"] = {"max_length": TOO_LONG} | kwargs.get("error_messages", {})
        super().__init__(max_length=max_length, widget=forms.Textarea(attrs={"rows": rows}), **kwargs)

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return "\n".join(map(visible, text.splitlines())).strip() if isinstance(text, str) else text


class WholeNumberField(forms.IntegerField):
    """A number in plain digits: "２" is refused, as in a SIRET or a postal code."""

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str) and not value.strip().isascii():
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)


class EmailField(forms.EmailField):
    """An address, in lower case: mailboxes make no difference, and neither do we."""

    def __init__(self, *, max_length: int = 80, autocomplete: str = "email", **kwargs: Any) -> None:
        widget = forms.EmailInput(attrs={"autocomplete": autocomplete, "spellcheck": "false"})
        messages = {"invalid": BAD_EMAIL, "max_length": TOO_LONG} | kwargs.pop("error_messages", {})
        super().__init__(max_length=max_length, widget=widget, error_messages=messages, **kwargs)

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return text.lower() if isinstance(text, str) else text


class SiretField(forms.CharField):
    """Take a SIRET typed with blanks, dots or dashes and give its fourteen digits."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", "N°\u00a0SIRET")
        kwargs.setdefault("help_text", "14\u00a0chiffres. Les espaces sont acceptés.")
        kwargs["error_messages"] = {"required": SiretError.SENTENCES["required"]} | kwargs.get("error_messages", {})
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return text
        try:
            return parse(text)
        except SiretError as error:
            raise ValidationError(str(error), code=error.code) from error

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return super().widget_attrs(widget) | {"inputmode": "numeric", "autocomplete": "off", "spellcheck": "false"}
