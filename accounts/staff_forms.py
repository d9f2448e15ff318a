"""What staff type about accounts: a new colleague, a new holder of an establishment's account."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminTextInputWidget

from .models import User


class StaffForm(forms.ModelForm):
    """A new colleague, who is invited by e-mail and chooses the password alone."""

    class Meta:
        model = User
        fields = ("username", "email", "first_name", "last_name")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].required = True
        self.fields["email"].help_text = "L’invitation y part aussitôt."
        self.fields["username"].help_text = "Lettres, chiffres, points et tirets."

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].lower()
        if User.objects.addressed(email).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError("Un compte existe déjà avec cette adresse.")
        return email

    def clean_username(self) -> str:
        username: str = self.cleaned_data["username"]
        if "@" in username:
            raise forms.ValidationError("Lettres, chiffres, points et tirets uniquement.")
        return username


class HandoverForm(forms.Form):
    """Who takes over the account of an establishment, and why."""

    email = forms.EmailField(
        label="Adresse e-mail du nouveau titulaire",
        max_length=254,
        widget=UnfoldAdminEmailInputWidget,
        help_text="Il y reçoit le lien vers son mot de passe\u00a0; l’ancien titulaire est prévenu aussi.",
    )
    first_name = forms.CharField(label="Prénom", max_length=150, widget=UnfoldAdminTextInputWidget)
    last_name = forms.CharField(label="Nom", max_length=150, widget=UnfoldAdminTextInputWidget)
    reason = forms.CharField(
        label="Motif",
        max_length=120,
        widget=UnfoldAdminTextInputWidget,
        help_text="L’ancien titulaire le lit\u00a0; il reste dans l’historique.",
    )

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()

    def clean_reason(self) -> str:
        return str(self.cleaned_data["reason"]).rstrip(".")
