"""The form « Mon SIRET n’est pas reconnu », and the answer on the applicant’s page."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator

from captcha.forms import CaptchaFormMixin
from eligibility.fields import DIFFERENT, EmailField, LineField, SiretField, TextField, WholeNumberField
from eligibility.quota import HEADCOUNT_LIMIT
from eligibility.verdict import TITLES, PublicAnswer
from notifications import phones

from .file_forms import FILES_HELP, DocumentsField, FilesForm
from .models import Case

BAD_PHONE = "Indiquez un numéro français à 10\u00a0chiffres, par exemple 06\u00a012\u00a034\u00a056\u00a078."
FIVE_DIGITS = RegexValidator(r"\A[0-9]{5}\Z", "Le code postal comporte 5\u00a0chiffres.")
BAD_HEADCOUNT = "Indiquez un nombre entier de salariés, 0 si vous travaillez seul."
TOO_LARGE = TITLES[PublicAnswer.TOO_LARGE]
NOTHING = "Écrivez un message ou choisissez un fichier."
USEFUL_FILES = (
    "Sont utiles\u00a0: extrait Kbis de moins de 3\u00a0mois, attestation d’immatriculation au Registre national des"
    " entreprises, avis de situation Sirene, attestation de votre CCI ou CMA, attestation Urssaf ou déclaration sociale"
    " nominative indiquant l’effectif. Si vous ne savez pas lesquels envoyer, notre service client vous le dira."
)


class CaseForm(CaptchaFormMixin, FilesForm):
    """What support needs to look at a SIRET. Nothing here is checked against a register."""

    captcha_form_name = "case"

    siret = SiretField()
    legal_name = LineField(label="Dénomination / Raison sociale", max_length=160, autocomplete="organization")
    contact_name = LineField(label="Nom et prénom", max_length=100, autocomplete="name")
    email = EmailField(label="Adresse e-mail", max_length=254)
    email2 = EmailField(label="Confirmez votre adresse e-mail", max_length=254)
    phone = forms.CharField(label="Téléphone", required=False, widget=forms.TelInput(attrs={"autocomplete": "tel"}))
    postal_code = forms.CharField(
        label="Code postal de l’établissement",
        widget=forms.TextInput(attrs={"autocomplete": "postal-code", "inputmode": "numeric"}),
        validators=[FIVE_DIGITS],
    )
    headcount = WholeNumberField(
        label="Effectif de l’entreprise",
        help_text="Nombre de salariés de l’entreprise entière, tous établissements confondus.",
        min_value=0,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={"invalid": BAD_HEADCOUNT, "min_value": BAD_HEADCOUNT},
    )
    register = forms.ChoiceField(
        label="Votre entreprise relève", choices=Case.Network.choices, widget=forms.RadioSelect()
    )
    message = TextField(label="Votre message", required=False, max_length=2000, rows=6)
    files = DocumentsField(label="Justificatifs", help_text=f"Facultatif. {USEFUL_FILES}<br>{FILES_HELP}")

    def clean_phone(self) -> str:
        """Take any French number; an empty one is fine."""
        text: str = self.cleaned_data["phone"]
        if not text:
            return ""
        number = phones.to_e164(text)
        if number is None:
            raise ValidationError(BAD_PHONE, code="invalid")
        return number

    def clean_headcount(self) -> int:
        """Fifty and more: no case could change the answer."""
        headcount: int = self.cleaned_data["headcount"]
        if headcount >= HEADCOUNT_LIMIT:
            raise ValidationError(TOO_LARGE, code="too_large")
        return headcount

    def clean_email2(self) -> str:
        """Both addresses alike; the first one's own mistakes are said there."""
        email2: str = self.cleaned_data["email2"]
        if email2 != self.cleaned_data.get("email", email2):
            raise ValidationError(DIFFERENT, code="different")
        return email2

    @property
    def facts(self) -> dict[str, Any]:
        """The fields of a case."""
        others = ("email2", "captcha", "kept", "files", "sending")
        return {name: self.cleaned_data[name] for name in self.cleaned_data if name not in others}


class AnswerForm(FilesForm):
    """What an applicant writes and sends on the page of the case."""

    message = TextField(label="Votre message", required=False, max_length=2000, rows=4)
    files = DocumentsField(label="Vos justificatifs", help_text=f"{FILES_HELP} Vous pouvez en choisir plusieurs.")

    def clean(self) -> None:
        super().clean()
        if not self.errors and not self.cleaned_data.get("message") and not self.uploads:
            raise ValidationError(NOTHING, code="nothing")
