"""Fields that every form about accounts and addresses shares, with the words for what is wrong."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from eligibility import fields
from notifications import phones

from .addresses import LINE, PRINTED, printed

NOT_PRINTED = "Nous ne pouvons pas imprimer\u00a0: %s. Écrivez en lettres latines."
BAD_PHONE = "Indiquez un numéro français à 10\u00a0chiffres, par exemple 06\u00a012\u00a034\u00a056\u00a078."
BAD_MOBILE = (
    "Indiquez un numéro de mobile, par exemple 06\u00a012\u00a034\u00a056\u00a078 ou 0690\u00a012\u00a034\u00a056."
)


class LineField(fields.LineField):
    """One line of a label or an invoice, in letters that both can print."""

    def __init__(self, *, max_length: int = LINE, **kwargs: Any) -> None:
        super().__init__(max_length=max_length, **kwargs)

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not isinstance(text, str):
            return text
        text = printed(text)
        if unprintable := sorted(set(text) - PRINTED):
            raise ValidationError(NOT_PRINTED % " ".join(unprintable[:5]), code="unprintable")
        return text


class PasswordField(forms.CharField):
    """A password: never stripped, never drawn back."""

    def __init__(self, *, autocomplete: str, **kwargs: Any) -> None:
        widget = forms.PasswordInput(attrs={"autocomplete": autocomplete})
        messages = {"max_length": fields.TOO_LONG}
        super().__init__(widget=widget, strip=False, max_length=128, error_messages=messages, **kwargs)


class PhoneField(forms.CharField):
    """A French number, mainland or overseas, as people type it; gives E.164."""

    def __init__(self, *, is_mobile: bool = False, autocomplete: str = "off", **kwargs: Any) -> None:
        self.is_mobile = is_mobile
        super().__init__(widget=forms.TelInput(attrs={"autocomplete": autocomplete}), **kwargs)

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return text
        number = phones.to_e164(text)
        if number is None or (self.is_mobile and not phones.is_mobile(number)):
            raise ValidationError(BAD_MOBILE if self.is_mobile else BAD_PHONE, code="invalid")
        return number

    def prepare_value(self, value: Any) -> Any:
        return phones.show(value) if isinstance(value, str) and value.startswith("+") else value


class PostalCodeField(forms.CharField):
    """Five digits, typed with or without a blank."""

    def __init__(self, *, autocomplete: str = "postal-code", **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"autocomplete": autocomplete, "inputmode": "numeric"})
        super().__init__(widget=widget, **{"label": "Code postal"} | kwargs)

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return text
        code = "".join(text.split())
        if not re.fullmatch("[0-9]{5}", code):
            raise ValidationError("Le code postal comporte 5\u00a0chiffres.", code="invalid")
        return code
