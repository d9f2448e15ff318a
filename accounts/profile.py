"""What a customer tells of himself and of his company: forms of Mes informations and Mon entreprise."""

import re
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction

from eligibility.fields import TOO_LONG, EmailField
from eligibility.siret import vat_number
from eligibility.verdict import Verdict
from eligibility.zones import communes_of, is_known, zone_of

from .addresses import LINE
from .fields import LineField, PhoneField, PostalCodeField
from .models import DeliveryProfile, Establishment, User

ADDRESS = ("street_number", "street_name", "hamlet", "building", "address_extra", "postal_code", "city")
CONTACT = ("civility", "first_name", "last_name", "job_title", "department", "mobile", "phone")
WISHES = ("sms_wanted", "renewal_wanted")
NO_BOX = "Colissimo ne livre pas les boîtes postales\u00a0: indiquez une adresse de rue."
_BOX = re.compile(r"\b(?:cedex|bo[iî]te\s+postale|(?:b\.?\s?p\.?|c\.?\s?s\.?|tsa)\s*(?:n°\s*)?[0-9]+)", re.IGNORECASE)
_VAT_NUMBER = re.compile(r"FR[0-9A-HJ-NP-Z]{2}(?P<siren>[0-9]{9})")


class AddressForm(forms.Form):
    """A postal address in lines that fit a label."""

    street_number = LineField(label="Numéro", max_length=8, required=False, help_text="14, 14\u00a0bis")
    street_name = LineField(
        label="Nom de voie", autocomplete="address-line1", help_text="Abrégez au besoin\u00a0: AV, BD"
    )
    hamlet = LineField(label="Lieu-dit", required=False)
    building = LineField(label="Bâtiment", required=False, help_text="Bâtiment, escalier, étage")
    address_extra = LineField(label="Complément", required=False, help_text="Code d’accès, interphone")
    postal_code = PostalCodeField()
    city = LineField(label="Localité", autocomplete="address-level2")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["postal_code"].widget.attrs["data-communes"] = "communes"
        self.fields["city"].widget.attrs["list"] = "communes"

    @property
    def communes(self) -> list[str]:
        """What may be meant by "Localité", for the postal code in the form."""
        return communes_of(str(self["postal_code"].value() or "").strip())

    def clean(self) -> None:
        number, name = self.cleaned_data.get("street_number", ""), self.cleaned_data.get("street_name", "")
        if len(f"{number} {name}".strip()) > LINE:
            self.add_error(
                "street_name", "Numéro et voie\u00a0: 35\u00a0caractères au maximum. Abrégez, par exemple AV, BD."
            )

    @property
    def has_unknown_postal_code(self) -> bool:
        """Worth a warning, never a refusal: CEDEX codes are in no list."""
        return not is_known(self.cleaned_data["postal_code"])


def names_a_box(line: str) -> bool:
    """Whether an address line is a post box or a CEDEX, where no parcel is brought."""
    return _BOX.search(line) is not None


class DeliveryAddressForm(AddressForm):
    """An address to which Colissimo delivers: a street, in a territory that is served."""

    def clean_postal_code(self) -> str:
        postal_code: str = self.cleaned_data["postal_code"]
        if zone_of(postal_code) is None:
            raise ValidationError(f"Nous ne livrons pas ce territoire. Écrivez-nous à {settings.SUPPORT_EMAIL}.")
        return postal_code

    def clean(self) -> None:
        super().clean()
        for name in ("street_name", "hamlet", "building", "address_extra", "city"):
            if names_a_box(self.cleaned_data.get(name, "")):
                self.add_error(name, NO_BOX)


class ProfileForm(DeliveryAddressForm):
    """Mes informations: the person to reach, what we may send, and the usual delivery address."""

    civility = forms.ChoiceField(label="Civilité (facultatif)", choices=User.Civility, required=False)
    first_name = LineField(label="Prénom", required=False, max_length=60, autocomplete="given-name")
    last_name = LineField(label="Nom", max_length=60, autocomplete="family-name")
    job_title = LineField(label="Fonction", required=False, max_length=60, autocomplete="organization-title")
    department = LineField(label="Service", required=False)
    email = EmailField(label="Adresse électronique")
    mobile = PhoneField(
        label="Téléphone mobile",
        is_mobile=True,
        required=False,
        autocomplete="tel",
        help_text="Pour recevoir les étapes de livraison par SMS",
    )
    phone = PhoneField(label="Téléphone", required=False)
    sms_wanted = forms.BooleanField(label="Je souhaite recevoir les étapes de livraison par SMS", required=False)
    renewal_wanted = forms.BooleanField(label="Prévenez-moi quand je peux de nouveau commander", required=False)

    def __init__(self, *args: Any, user: User, establishment: Establishment, **kwargs: Any) -> None:
        self.user, self.establishment = user, establishment
        self.delivery = DeliveryProfile.objects.filter(establishment=establishment).first()
        known: dict[str, Any] = {name: getattr(user, name) for name in (*CONTACT, *WISHES, "email")}
        address = self.delivery or establishment
        known |= {name: getattr(address, name) for name in ADDRESS}
        super().__init__(*args, initial=known, **kwargs)

    @property
    def changes_email(self) -> bool:
        return bool(self.cleaned_data["email"] != self.user.email)

    @transaction.atomic
    def save(self) -> None:
        """Keep everything but a changed e-mail address: that one counts once it is confirmed."""
        known = self._recipient()
        for name in (*CONTACT, *WISHES):
            setattr(self.user, name, self.cleaned_data[name])
        self.user.save(update_fields=[*CONTACT, *WISHES])
        DeliveryProfile.objects.update_or_create(
            establishment=self.establishment,
            defaults=self._changes_of_delivery(known, self._recipient())
            | {name: self.cleaned_data[name] for name in (*ADDRESS, "sms_wanted")},
        )

    def _recipient(self) -> dict[str, str]:
        """The user as recipient of a parcel."""
        user = self.user
        return {
            "legal_name": self.establishment.legal_name[:LINE],
            "contact_name": user.contact_name[:LINE],
            "department": user.department,
            "email": user.email,
            "mobile": user.mobile,
            "phone": user.phone,
        }

    def _changes_of_delivery(self, known: dict[str, str], new: dict[str, str]) -> dict[str, str]:
        """What follows the user; a recipient of its own, kept from an earlier order, stays."""
        if self.delivery is None:
            return new
        return {name: new[name] for name in new if getattr(self.delivery, name) in ("", known[name])}


class CompanyForm(AddressForm):
    """Mon entreprise: what stands on the invoice. The name only where the registers do not tell it."""

    legal_name = LineField(
        label="Dénomination / Raison sociale",
        max_length=160,
        autocomplete="organization",
        help_text="Indiquez la dénomination à faire figurer sur vos factures.",
    )
    vat_number = forms.CharField(
        label="N°\u00a0de TVA intracommunautaire (facultatif)",
        max_length=20,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"max_length": TOO_LONG},
    )
    usual_purchase_order = LineField(label="N°\u00a0de bon de commande habituel", max_length=30, required=False)

    def __init__(self, *args: Any, establishment: Establishment, verdict: Verdict, **kwargs: Any) -> None:
        self.establishment = establishment
        super().__init__(
            *args,
            initial={name: getattr(establishment, name) for name in (*ADDRESS, *self._own_fields())},
            **kwargs,
        )
        is_told_nameless = bool(verdict.facts.registers) and not verdict.facts.legal_name
        if establishment.legal_name and not is_told_nameless:
            del self.fields["legal_name"]
        self.suggested_vat_number = vat_number(establishment.siren)
        self.fields[
            "vat_number"
        ].help_text = f"Numéro calculé d’après votre SIREN\u00a0: {self.suggested_vat_number}. Vérifiez-le."

    @staticmethod
    def _own_fields() -> tuple[str, ...]:
        return ("legal_name", "vat_number", "usual_purchase_order")

    def clean_vat_number(self) -> str:
        number = "".join(self.cleaned_data["vat_number"].split()).upper()
        found = _VAT_NUMBER.fullmatch(number)
        if number and (not found or found["siren"] != self.establishment.siren):
            raise ValidationError("Ce numéro ne correspond pas à votre SIREN. Laissez vide si vous n’en avez pas.")
        return number

    def save(self) -> None:
        names = [name for name in (*ADDRESS, *self._own_fields()) if name in self.fields]
        for name in names:
            setattr(self.establishment, name, self.cleaned_data[name])
        self.establishment.save(update_fields=names)
