"""What a customer types to order: a number of lots, a delivery address, a consent."""

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.html import format_html

from accounts.models import DeliveryProfile
from eligibility.zones import communes_of, is_known, is_open, opens_at, zone_of
from notifications import phones
from notifications.wording import count, long_date, short_date

from .checkout import Shown, revision
from .models import Order
from .pricing import Quote

LINE = 35
EXAMPLE = "06\u00a012\u00a034\u00a056\u00a078"
NOT_A_NUMBER = "Indiquez un nombre entier de lots."
TOO_LONG = "%(limit_value)d\u00a0caractères au maximum."
NO_BOX = "Colissimo ne livre pas les boîtes postales\u00a0: indiquez une adresse de rue."
_BOX = re.compile(r"\b(?:cedex|bo[iî]te\s+postale|(?:b\.?\s?p\.?|c\.?\s?s\.?|tsa)\s*(?:n°\s*)?[0-9]+)", re.IGNORECASE)
_INVISIBLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b\u2028\u2029\ufeff]")


class LotsForm(forms.Form):
    """How many lots, within the company's quota and what is in stock."""

    lots = forms.IntegerField(
        label="Nombre de lots",
        error_messages={
            "required": "Indiquez un nombre entier de lots.",
            "invalid": "Indiquez un nombre entier de lots.",
        },
    )

    def __init__(self, *args: Any, max_lots: int, in_stock: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.max_lots, self.in_stock = max_lots, in_stock
        self.fields["lots"].widget.attrs |= {
            "min": 1,
            "max": min(max_lots, in_stock),
            "inputmode": "numeric",
            "autocomplete": "off",
            "data-stepper": "lot",
        }

    def clean_lots(self) -> int:
        lots: int = self.cleaned_data["lots"]
        if lots < 1:
            raise ValidationError(NOT_A_NUMBER)
        if lots > self.max_lots:
            raise ValidationError(f"Vous pouvez commander {count(self.max_lots, 'lot')} au maximum.")
        if lots > self.in_stock:
            plural = "disponibles" if self.in_stock > 1 else "disponible"
            left = f"{count(self.in_stock, 'lot')} {plural}"
            raise ValidationError(f"Le stock ne permet plus cette quantité\u00a0: {left}.")
        return lots


class LineField(forms.CharField):
    """One line of a label: blanks put in order, nothing invisible, never longer than what is printed."""

    def __init__(self, *, max_length: int = LINE, autocomplete: str = "off", **kwargs: Any) -> None:
        messages = {"max_length": TOO_LONG} | kwargs.pop("error_messages", {})
        widget = forms.TextInput(attrs={"autocomplete": autocomplete})
        super().__init__(max_length=max_length, widget=widget, error_messages=messages, **kwargs)

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return " ".join(_INVISIBLE.sub(" ", text).split()) if isinstance(text, str) else text


class PhoneField(forms.CharField):
    """A French number, mainland or overseas, as people type it; gives E.164."""

    def __init__(self, *, error: str, is_mobile: bool = False, **kwargs: Any) -> None:
        self.is_mobile, self.error = is_mobile, error
        super().__init__(widget=forms.TelInput(attrs={"autocomplete": "tel" if is_mobile else "off"}), **kwargs)

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if text in self.empty_values:
            return text
        number = phones.to_e164(text)
        if number is None or (self.is_mobile and not phones.is_mobile(number)):
            raise ValidationError(self.error, code="invalid")
        return number

    def prepare_value(self, value: Any) -> Any:
        return phones.show(value) if isinstance(value, str) and value.startswith("+") else value


class DeliveryForm(forms.Form):
    """Recipient and delivery address, in lines that fit a Colissimo label."""

    legal_name = LineField(
        label="Dénomination / Raison sociale",
        autocomplete="organization",
        help_text="Sur l’étiquette\u00a0: 35\u00a0caractères au maximum.",
    )
    department = LineField(label="Service", required=False)
    contact_name = LineField(label="Nom du destinataire", autocomplete="name")
    email = forms.EmailField(
        label="Adresse électronique",
        max_length=80,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={
            "invalid": "Indiquez une adresse e-mail complète, par exemple nom@entreprise.fr.",
            "max_length": TOO_LONG,
        },
    )
    mobile = PhoneField(
        label="Téléphone mobile",
        is_mobile=True,
        help_text="Pour le suivi par SMS. Mobile français, outre-mer compris.",
        error=f"Indiquez un numéro de mobile, par exemple {EXAMPLE} ou 0690\u00a012\u00a034\u00a056.",
    )
    sms_wanted = forms.BooleanField(label="Je souhaite recevoir les étapes de livraison par SMS", required=False)
    phone = PhoneField(
        label="Téléphone",
        required=False,
        error=f"Indiquez un numéro français à 10\u00a0chiffres, par exemple {EXAMPLE}.",
    )
    purchase_order = LineField(
        label="N°\u00a0de bon de commande",
        max_length=30,
        required=False,
        help_text="Facultatif\u00a0: il figurera sur la facture.",
    )

    street_number = LineField(label="Numéro", max_length=8, required=False, help_text="14, 14\u00a0bis")
    street_name = LineField(label="Nom de voie", autocomplete="address-line1")
    hamlet = LineField(label="Lieu-dit", required=False)
    building = LineField(label="Bâtiment", required=False, help_text="Bâtiment, escalier, étage")
    address_extra = LineField(label="Complément", required=False, help_text="Code d’accès, interphone")
    postal_code = forms.CharField(
        label="Code postal",
        widget=forms.TextInput(attrs={"autocomplete": "postal-code", "inputmode": "numeric"}),
    )
    city = LineField(label="Localité", autocomplete="address-level2")
    save_address = forms.BooleanField(
        label="Je souhaite enregistrer ces données dans mon espace personnel afin de les réutiliser ultérieurement",
        required=False,
    )
    # The code that was already found to be unknown, so that insisting on it is enough.
    checked_postal_code = forms.CharField(required=False, widget=forms.HiddenInput)

    ADDRESS_LINES = ("street_name", "hamlet", "building", "address_extra", "city")

    def __init__(self, *args: Any, order: Order, at: datetime, **kwargs: Any) -> None:
        names = (*DeliveryProfile.RECIPIENT_FIELDS, "purchase_order")
        kwargs["initial"] = {name: getattr(order, name) for name in names} | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        self.at = at
        self.needs_another_look = False
        self.fields["city"].widget.attrs["list"] = "communes"

    @property
    def communes(self) -> list[str]:
        """What may be meant by "Localité", for the postal code in the form."""
        return communes_of(str(self["postal_code"].value() or "").strip())

    @property
    def values(self) -> dict[str, Any]:
        """What belongs on the order, as far as it is well-formed."""
        extra = ("save_address", "checked_postal_code")
        return {name: value for name, value in self.cleaned_data.items() if name not in extra}

    def clean_postal_code(self) -> str:
        postal_code: str = self.cleaned_data["postal_code"].replace(" ", "").replace("\u00a0", "")
        try:
            zone = zone_of(postal_code)
        except ValueError:
            raise ValidationError("Le code postal comporte 5\u00a0chiffres.")
        if zone is None:
            raise ValidationError(
                format_html("Nous ne livrons pas ce territoire. Écrivez-nous à {}.", settings.SUPPORT_EMAIL)
            )
        if not is_open(zone, at=self.at):
            raise ValidationError(f"Les commandes pour ce territoire ouvrent le {long_date(opens_at(zone))}.")
        return postal_code

    def clean(self) -> None:
        self._check_street_length()
        for name in self.ADDRESS_LINES:
            if _BOX.search(self.cleaned_data.get(name, "")):
                self.add_error(name, NO_BOX)
        postal_code = self.cleaned_data.get("postal_code")
        if not self.errors and postal_code and not is_known(postal_code):
            self.needs_another_look = self.cleaned_data["checked_postal_code"] != postal_code

    def _check_street_length(self) -> None:
        number, name = self.cleaned_data.get("street_number", ""), self.cleaned_data.get("street_name", "")
        if len(f"{number} {name}".strip()) > LINE:
            self.add_error(
                "street_name", "Numéro et voie\u00a0: 35\u00a0caractères au maximum. Abrégez, par exemple AV, BD."
            )


class SummaryForm(forms.Form):
    """The commitment, with what the page showed when it was given."""

    terms = forms.BooleanField(error_messages={"required": "Acceptez les conditions générales pour commander."})
    headcount_ok = forms.BooleanField(label="Je certifie que mon entreprise compte moins de 50\u00a0salariés.")
    # A plain text, so that the browser sends back the very figures it was given, whatever the language.
    shown_total = forms.RegexField(r"^[0-9]{1,7}\.[0-9]{2}$", widget=forms.HiddenInput)
    shown_terms = forms.CharField(widget=forms.HiddenInput, max_length=20)
    shown_revision = forms.CharField(widget=forms.HiddenInput, max_length=40)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["terms"].label = format_html(
            'J’ai lu et j’accepte les <a href="{}">conditions générales de vente</a>, version du {}.',
            reverse("pages:terms"),
            short_date(date.fromisoformat(settings.TERMS_VERSION)),
        )
        if not settings.HEADCOUNT_CERTIFIED:
            del self.fields["headcount_ok"]

    def show(self, order: Order, price: Quote) -> None:
        """Write what the page shows now into the hidden fields, whatever an earlier page had said."""
        self.hidden = {
            "shown_total": str(price.total_incl_vat),
            "shown_terms": settings.TERMS_VERSION,
            "shown_revision": revision(order),
        }

    @property
    def shown(self) -> Shown:
        """What the page said on which the customer clicked."""
        values = self.cleaned_data
        return Shown(
            total_incl_vat=Decimal(values["shown_total"]),
            terms_version=values["shown_terms"],
            revision=values["shown_revision"],
        )
