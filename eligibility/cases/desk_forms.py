"""What staff fill in at the desk: one small form for each thing that can be done with a case."""

from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.utils import timezone
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from eligibility.admissions import proposed_end, validate_end
from eligibility.fields import SiretField
from eligibility.models import FIRST_REGISTERS, Register
from eligibility.quota import HEADCOUNT_LIMIT
from eligibility.siret import siren_of
from eligibility.zones import Zone
from notifications import phones
from notifications.wording import siret

from .forms import BAD_PHONE, FIVE_DIGITS, TOO_LARGE
from .models import CannedAnswer, Case

REASON_LIMIT = 500
PAST = "Cette date est passée."


class ActForm(forms.Form):
    """Nothing but the version of the case that was on the screen."""

    seen = forms.IntegerField(widget=forms.HiddenInput)
    canned: CannedAnswer.Use | None = None
    text_field = ""

    def __init__(self, data: Any = None, *, case: Case, template: CannedAnswer | None = None) -> None:
        self.case = case
        super().__init__(data, initial={"seen": case.version, **self.first_values(case)})
        if template is not None and self.text_field:
            self.initial[self.text_field] = template.text

    def first_values(self, case: Case) -> dict[str, Any]:
        """What the fields propose."""
        return {}


class TextForm(ActForm):
    """A text to the applicant or among colleagues."""

    text_field = "text"
    text = forms.CharField(label="Texte", max_length=2000, widget=UnfoldAdminTextareaWidget(attrs={"rows": 8}))


class NoteForm(TextForm):
    """Read by colleagues only."""


class AnswerForm(TextForm):
    canned = CannedAnswer.Use.ANSWER


class DocumentsForm(TextForm):
    canned = CannedAnswer.Use.DOCUMENTS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].label = "Documents à fournir"
        self.fields["text"].help_text = "Un par ligne\u00a0: la liste figure telle quelle dans l’e-mail."


class RefusalForm(ActForm):
    canned = CannedAnswer.Use.REFUSAL
    text_field = "reason"
    reason = forms.CharField(
        label="Motif",
        max_length=REASON_LIMIT,
        help_text="Fin de la phrase «\u00a0nous ne pouvons pas ouvrir la commande à l’entreprise\u00a0: …\u00a0».",
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
    )

    def clean_reason(self) -> str:
        """One line: it stands inside a sentence."""
        return " ".join(self.cleaned_data["reason"].split())


class AcceptForm(ActForm):
    """The admission: what was checked on the documents, not what the applicant had said."""

    legal_name = forms.CharField(label="Raison sociale", max_length=160, widget=UnfoldAdminTextInputWidget)
    headcount = forms.IntegerField(
        label="Effectif de l’entreprise",
        min_value=0,
        help_text="Celui que prouvent les justificatifs, tous établissements confondus.",
        widget=UnfoldAdminIntegerFieldWidget,
    )
    network = forms.ModelChoiceField(
        Register.objects.order_by("code"), label="Réseau", widget=UnfoldAdminSelectWidget, empty_label="– Choisir –"
    )
    territory = forms.ChoiceField(
        label="Territoire",
        choices=[("", "– D’après l’adresse de livraison –"), *Zone.choices],
        required=False,
        help_text="Retenu quand aucun registre ne donne de code postal.",
        widget=UnfoldAdminSelectWidget,
    )
    expires_on = forms.DateField(
        label="Admission valable jusqu’au",
        help_text="Ce jour compris.",
        validators=[validate_end],
        widget=UnfoldAdminTextInputWidget(attrs={"type": "date"}),
    )

    def first_values(self, case: Case) -> dict[str, Any]:
        registers = {code.lower(): Register.objects.named(code).pk for code in FIRST_REGISTERS}
        return {
            "legal_name": case.legal_name or case.verdict_then.get("legal_name", ""),
            "headcount": case.headcount,
            "network": registers.get(case.register),
            "expires_on": proposed_end(timezone.now()).isoformat(),
        }

    def clean_headcount(self) -> int:
        headcount: int = self.cleaned_data["headcount"]
        if headcount >= HEADCOUNT_LIMIT:
            raise ValidationError(TOO_LARGE)
        return headcount

    def clean_expires_on(self) -> Any:
        expires_on = self.cleaned_data["expires_on"]
        if expires_on < timezone.localdate():
            raise ValidationError(PAST)
        return expires_on


class AssignForm(ActForm):
    to = forms.ModelChoiceField(
        get_user_model().objects.none(), label="Confier à", widget=UnfoldAdminSelectWidget, empty_label="– Choisir –"
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        staff = get_user_model().objects.with_perm("eligibility.handle_case")
        self.fields["to"].queryset = staff.filter(is_staff=True).order_by("username")  # type: ignore[attr-defined]


class MergeForm(ActForm):
    into = forms.CharField(
        label="Demande à conserver",
        max_length=20,
        help_text="Son numéro, par exemple RS000042. Les messages et les documents y sont déplacés.",
        widget=UnfoldAdminTextInputWidget,
    )
    is_same_company = forms.BooleanField(
        label="C’est la même entreprise, bien que les SIREN diffèrent",
        required=False,
        widget=UnfoldBooleanWidget,
    )

    def clean_into(self) -> Case:
        """Find a case by the number that people dictate."""
        found = find(self.cleaned_data["into"])
        if found is None:
            raise ValidationError("Aucune demande ne porte ce numéro.")
        return found

    def clean(self) -> None:
        """Letters go to both applicants afterwards: one digit too many must not hand papers to a stranger."""
        into = self.cleaned_data.get("into")
        sirens = {siren_of(case.siret) for case in (self.case, into) if case and case.siret}
        if into and len(sirens) > 1 and not self.cleaned_data["is_same_company"]:
            self.add_error(
                "is_same_company",
                f"La demande {into.number} ({into.legal_name or into.email}) porte un autre SIREN\u00a0:"
                f" {siret(into.siret)}, au lieu de {siret(self.case.siret)}. Cochez si c’est bien la même entreprise.",
            )


def find(number: str) -> Case | None:
    """The case of a number such as RS000042, typed in any way."""
    digits = "".join(number.split()).upper().removeprefix("RS")
    if not (digits.isascii() and digits.isdecimal() and len(digits) < 19):
        return None
    return Case.objects.filter(pk=int(digits)).first()


class StaffCaseForm(forms.ModelForm):
    """A case that somebody has dictated on the telephone."""

    siret = SiretField(widget=UnfoldAdminTextInputWidget)

    class Meta:
        model = Case
        fields = (
            "siret", "legal_name", "contact_name", "email", "phone", "postal_code", "headcount", "register", "message",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].required = True
        self.fields["postal_code"].validators.append(FIVE_DIGITS)

    def clean_siret(self) -> str:
        """One case under way for a SIRET: say which."""
        siret: str = self.cleaned_data["siret"]
        known = Case.objects.under_way().filter(siret=siret).first()
        if known is not None:
            raise ValidationError(f"La demande {known.number} est déjà en cours pour ce SIRET.")
        return siret

    def clean_phone(self) -> str:
        typed: str = self.cleaned_data["phone"]
        number = phones.to_e164(typed) if typed else ""
        if number is None:
            raise ValidationError(BAD_PHONE)
        return number
