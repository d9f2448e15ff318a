"""What a customer types to order: a number of lots, a delivery address, a consent."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.html import format_html

from accounts.fields import LineField, PhoneField
from accounts.models import DeliveryProfile
from accounts.profile import DeliveryAddressForm
from eligibility.fields import EmailField, WholeNumberField
from eligibility.zones import is_open, opens_at, zone_of
from notifications.wording import count, long_date, short_date

from .checkout import Shown, revision
from .models import Order
from .pricing import Quote

NOT_A_NUMBER = "Indiquez un nombre entier de lots."


class LotsForm(forms.Form):
    """How many lots, within the company's quota and what is in stock."""

    lots = WholeNumberField(
        label="Nombre de lots",
        error_messages={"required": NOT_A_NUMBER, "invalid": NOT_A_NUMBER},
    )

    def __init__(self, *args: Any, max_lots: int, in_stock: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.max_lots, self.in_stock = max_lots, in_stock
        self.fields["lots"].widget.attrs |= {
            "min": 1,
            "max": self.most,
            "inputmode": "numeric",
            "autocomplete": "off",
            "data-stepper": "lot",
        }

    @property
    def most(self) -> int:
        return min(self.max_lots, self.in_stock)

    @property
    def lots_to_show(self) -> int | None:
        """The quantity whose total the page shows: what the field holds, None where that cannot be ordered."""
        try:
            lots: int = self.fields["lots"].clean(self["lots"].value())
        except ValidationError:
            return None
        return lots if 1 <= lots <= self.most else None

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


class DeliveryForm(DeliveryAddressForm):
    """Recipient and delivery address, in lines that fit a Colissimo label."""

    legal_name = LineField(
        label="Dénomination / Raison sociale",
        autocomplete="organization",
        help_text="Sur l’étiquette\u00a0: 35\u00a0caractères au maximum.",
    )
    department = LineField(label="Service", required=False)
    contact_name = LineField(label="Nom du destinataire", autocomplete="name")
    email = EmailField(label="Adresse électronique")
    mobile = PhoneField(
        label="Téléphone mobile",
        is_mobile=True,
        autocomplete="tel",
        help_text="Pour le suivi par SMS. Mobile français, outre-mer compris.",
    )
    sms_wanted = forms.BooleanField(label="Je souhaite recevoir les étapes de livraison par SMS", required=False)
    phone = PhoneField(label="Téléphone", required=False)
    purchase_order = LineField(
        label="N°\u00a0de bon de commande",
        max_length=30,
        required=False,
        help_text="Facultatif\u00a0: il figurera sur la facture.",
    )
    save_address = forms.BooleanField(
        label="Je souhaite enregistrer ces données dans mon espace personnel afin de les réutiliser ultérieurement",
        required=False,
    )
    # The code that was already found to be unknown, so that insisting on it is enough.
    checked_postal_code = forms.CharField(required=False, widget=forms.HiddenInput)

    # As they stand on the page, so that what is to be corrected is listed in that order.
    field_order = (
        "legal_name", "department", "contact_name", "email", "mobile", "sms_wanted", "phone", "purchase_order",
    )  # fmt: skip
    ORDER_FIELDS = (*DeliveryProfile.RECIPIENT_FIELDS, "purchase_order")

    def __init__(self, *args: Any, order: Order, at: datetime, **kwargs: Any) -> None:
        super().__init__(*args, initial={name: getattr(order, name) for name in self.ORDER_FIELDS}, **kwargs)
        self.at = at
        self.needs_another_look = False

    @property
    def values(self) -> dict[str, Any]:
        """What belongs on the order, as far as it is well-formed."""
        return {name: value for name, value in self.cleaned_data.items() if name in self.ORDER_FIELDS}

    def clean_postal_code(self) -> str:
        postal_code = super().clean_postal_code()
        zone = zone_of(postal_code)
        if zone is not None and not is_open(zone, at=self.at):
            raise ValidationError(f"Les commandes pour ce territoire ouvrent le {long_date(opens_at(zone))}.")
        return postal_code

    def clean(self) -> None:
        super().clean()
        if not self.errors and self.has_unknown_postal_code:
            postal_code = self.cleaned_data["postal_code"]
            self.needs_another_look = self.cleaned_data["checked_postal_code"] != postal_code


class SummaryForm(forms.Form):
    """The commitment, with what the page showed when it was given."""

    terms = forms.BooleanField(error_messages={"required": "Acceptez les conditions générales pour commander."})
    headcount_ok = forms.BooleanField(label="Je certifie que mon entreprise compte moins de 50\u00a0salariés")
    # A plain text, so that the browser sends back the very figures it was given, whatever the language.
    shown_total = forms.RegexField(r"^[0-9]{1,7}\.[0-9]{2}$", widget=forms.HiddenInput)
    shown_terms = forms.CharField(widget=forms.HiddenInput, max_length=20)
    shown_revision = forms.CharField(widget=forms.HiddenInput, max_length=40)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["terms"].label = format_html(
            'J’ai lu et j’accepte les <a href="{}">conditions générales de vente</a>, version du {}',
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
