"""The form field for a SIRET."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from .siret import SiretError, parse


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
