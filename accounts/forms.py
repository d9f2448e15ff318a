"""Forms of signing up, signing in and credentials. Where allauth brings the rules, we bring fields and words."""

from typing import Any

from allauth.account import forms as allauth_forms
from allauth.account.adapter import get_adapter
from allauth.mfa import app_settings
from allauth.mfa.adapter import get_adapter as mfa_adapter
from allauth.mfa.base import forms as mfa_forms
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import forms as totp_forms
from allauth.mfa.webauthn import forms as webauthn_forms
from django import forms
from django.core.cache import cache
from django.core.exceptions import ValidationError

from captcha.forms import CaptchaFormMixin
from eligibility.fields import DIFFERENT, EmailField, SiretField

from . import signup
from .fields import LineField, PasswordField
from .models import User
from .passwords import RULE

USERNAME_RULE = "4 à 30\u00a0lettres, chiffres, points, tirets"


class SiretForm(forms.Form):
    """Step 1 of sign-up."""

    siret = SiretField()


class UsernameField(forms.CharField):
    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"})
        messages = {
            "min_length": "%(limit_value)d\u00a0caractères au minimum.",
            "max_length": "%(limit_value)d\u00a0caractères au maximum.",
        }
        super().__init__(min_length=4, max_length=30, widget=widget, error_messages=messages, **kwargs)

    def clean(self, value: Any) -> Any:
        return get_adapter().clean_username(super().clean(value), shallow=True)


def _must_agree(form: forms.BaseForm, first: str, second: str) -> None:
    """Say beside the second entry that it differs from the first."""
    values = form.cleaned_data
    if first in values and second in values and values[first] != values[second]:
        form.add_error(second, DIFFERENT)


class SignupForm(CaptchaFormMixin, forms.Form):
    """Step 2 of sign-up: user name, password and address, each typed twice."""

    captcha_form_name = "signup"

    username = UsernameField(label="Saisir un identifiant de votre choix", help_text=USERNAME_RULE)
    username2 = forms.CharField(label="Confirmer votre identifiant", max_length=150)
    password1 = PasswordField(label="Indiquez votre mot de passe", autocomplete="new-password", help_text=RULE)
    password2 = PasswordField(label="Confirmez votre mot de passe", autocomplete="new-password")
    email = EmailField(
        label="Indiquez votre adresse e-mail",
        help_text="Elle sert à vous connecter et à suivre vos commandes.",
    )
    email2 = EmailField(label="Confirmez votre adresse e-mail")

    SECTIONS = (
        ("Votre identifiant", ("username", "username2")),
        ("Votre mot de passe", ("password1", "password2")),
        ("Adresse e-mail", ("email", "email2")),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username2"].widget.attrs |= {"autocomplete": "off", "autocapitalize": "none"}

    def clean_username(self) -> str:
        username: str = get_adapter().clean_username(self.cleaned_data["username"])
        return username

    def clean(self) -> None:
        values = self.cleaned_data
        _must_agree(self, "username", "username2")
        _must_agree(self, "password1", "password2")
        _must_agree(self, "email", "email2")
        if password := values.get("password1"):
            nobody = User(username=values.get("username", ""), email=values.get("email", ""))
            try:
                get_adapter().clean_password(password, user=nobody)
            except ValidationError as error:
                self.add_error("password1", error)

    @property
    def sections(self) -> list[tuple[str, list[forms.BoundField]]]:
        return [(title, [self[name] for name in names]) for title, names in self.SECTIONS]


class LoginForm(allauth_forms.LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"] = forms.CharField(
            label="Identifiant ou adresse e-mail",
            max_length=254,
            widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
        )
        self.fields["password"] = PasswordField(label="Mot de passe", autocomplete="current-password")
        self.fields["remember"].label = "Rester connecté"
        self.order_fields(["login", "password", "remember"])


class ResetPasswordForm(allauth_forms.ResetPasswordForm):
    email = EmailField(label="Adresse e-mail", max_length=254)


class _NewPassword(forms.Form):
    """Two fields for a new password; allauth checks it against the user."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in (("password1", "Nouveau mot de passe"), ("password2", "Confirmez le nouveau mot de passe")):
            self.fields[name].label = label
            self.fields[name].help_text = RULE if name == "password1" else ""
            self.fields[name].widget.attrs.pop("placeholder", None)

    def clean(self) -> None:
        _must_agree(self, "password1", "password2")


class ResetPasswordKeyForm(_NewPassword, allauth_forms.ResetPasswordKeyForm):
    pass


class SetPasswordForm(_NewPassword, allauth_forms.SetPasswordForm):
    pass


class ChangePasswordForm(_NewPassword, allauth_forms.ChangePasswordForm):
    oldpassword = PasswordField(label="Mot de passe actuel", autocomplete="current-password")


class ReauthenticateForm(allauth_forms.ReauthenticateForm):
    password = PasswordField(label="Mot de passe", autocomplete="current-password")


class AddEmailForm(allauth_forms.AddEmailForm):
    email = EmailField(label="Nouvelle adresse e-mail")


class AddressChangeForm(forms.Form):
    """Another address for a sign-up that waits for its code."""

    email = EmailField(label="Adresse e-mail")


class CodeForm(allauth_forms.ConfirmEmailVerificationCodeForm):
    """The e-mailed code."""

    code = forms.CharField(
        label="Code reçu par e-mail",
        max_length=20,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autocapitalize": "characters", "spellcheck": "false"}
        ),
    )

    def clean_code(self) -> str:
        code: str = allauth_forms.BaseConfirmCodeForm.clean_code(self)
        # Right: whoever typed this address elsewhere and never confirmed it makes way.
        signup.release(email=self.email, besides=self.user)
        super().clean_code()
        return code


class UsernameForm(forms.Form):
    """Another user name, or the same in other letters."""

    username = UsernameField(label="Nouvel identifiant", help_text=USERNAME_RULE)
    username2 = forms.CharField(label="Confirmez le nouvel identifiant", max_length=150)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_username(self) -> str:
        username: str = self.cleaned_data["username"]
        if User.objects.confirmed().named(username).exclude(pk=self.user.pk).exists():
            raise get_adapter().validation_error("username_taken")
        return username

    def clean(self) -> None:
        _must_agree(self, "username", "username2")


def _code_field(label: str) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "spellcheck": "false"}),
    )


class _CodeServesOnce(forms.Form):
    """Refuse a code of the application for as long as it is valid: allauth forgets it after half that time."""

    authenticator: Authenticator

    def clean_code(self) -> str:
        code: str = super().clean_code()  # type: ignore[misc]
        factor = self.authenticator
        lives = app_settings.TOTP_PERIOD * (2 * app_settings.TOTP_TOLERANCE + 1)
        if factor.type == Authenticator.Type.TOTP and not cache.add(f"allauth.code:{factor.pk}:{code}", 1, lives):
            raise mfa_adapter().validation_error("incorrect_code")
        return code


class AuthenticateForm(_CodeServesOnce, mfa_forms.AuthenticateForm):
    code = _code_field("Code de l’application ou code de secours")


class MfaReauthenticateForm(_CodeServesOnce, mfa_forms.ReauthenticateForm):
    code = _code_field("Code de l’application ou code de secours")


class ActivateTotpForm(totp_forms.ActivateTOTPForm):
    code = _code_field("Code à 6\u00a0chiffres affiché par l’application")


class AddKeyForm(webauthn_forms.AddWebAuthnForm):
    name = LineField(label="Nom de la clé", required=False)


class EditKeyForm(webauthn_forms.EditWebAuthnForm):
    name = LineField(label="Nom de la clé")
