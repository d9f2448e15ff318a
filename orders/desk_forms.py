"""What support types about an order at the desk."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.fields import BAD_MOBILE, BAD_PHONE
from accounts.profile import NO_BOX, names_a_box
from eligibility.zones import zone_of
from notifications import phones

from .models import Order
from .models.order import NEEDED_FOR_DELIVERY

PHONES = ("mobile", "phone")


class RecipientForm(forms.ModelForm):
    """Support may mend a recipient as the customer could: what a parcel needs, brought to a street.

    An address in another price zone would need another price.
    """

    class Meta:
        model = Order
        fields = (*Order.RECIPIENT_FIELDS, "purchase_order")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in NEEDED_FOR_DELIVERY:
            if name in self.fields:
                self.fields[name].required = True
        for name in PHONES:
            self.initial[name] = phones.show(self.initial.get(name) or "")

    def said(self, name: str) -> Any:
        """A field as staff read it."""
        value = self.cleaned_data[name]
        return phones.show(value) if name in PHONES else value

    def clean(self) -> None:
        super().clean()
        for name in ("street_name", "hamlet", "building", "address_extra", "city"):
            if names_a_box(self.cleaned_data.get(name) or ""):
                self.add_error(name, NO_BOX)

    def clean_mobile(self) -> str:
        return self._number("mobile", BAD_MOBILE, phones.is_mobile)

    def clean_phone(self) -> str:
        return self._number("phone", BAD_PHONE, bool)

    def _number(self, name: str, error: str, fits: Callable[[str], bool]) -> str:
        typed: str = self.cleaned_data[name]
        number = phones.to_e164(typed) if typed else ""
        if number is None or (number and not fits(number)):
            raise ValidationError(error)
        return number

    def clean_postal_code(self) -> str:
        postal_code: str = self.cleaned_data["postal_code"]
        try:
            zone = zone_of(postal_code)
        except ValueError:
            raise ValidationError("Le code postal comporte 5\u00a0chiffres.")
        if zone != self.instance.zone:
            raise ValidationError("Ce code postal change de zone tarifaire\u00a0: annulez la commande et refaites-la.")
        return postal_code
