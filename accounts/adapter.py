"""Where allauth meets the shop: letters go through the outbox, messages are ours, redirects stay in the house."""

import re
import unicodedata
from typing import Any, cast

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils import timezone

from captcha.ratelimit import client_ip
from notifications.addresses import absolute

from . import brake, letters, second_factor, signup
from .models import User

# The sign-up this browser has begun, so that a code that was lost or spent can be asked for again.
PENDING = "accounts_pending_signup"

USERNAME = re.compile(r"[A-Za-zÀ-ÖØ-öø-ÿ0-9._-]+")
BRAKED = "Trop d’essais. Réessayez dans {minutes}\u00a0minutes ou réinitialisez votre mot de passe."
BRAKED_FACTOR = "Trop d’essais. Réessayez dans {minutes}\u00a0minutes, avec un nouveau code."
UNBOUND = "{reason} Votre adresse e-mail est confirmée, mais aucun établissement n’est rattaché à votre compte."
WRONG_LOGIN = "Identifiant ou mot de passe incorrect."
# allauth's own messages, by the name of their template; those that are not here are not shown.
MESSAGES = {
    "account/messages/logged_out.txt": "Vous êtes déconnecté(e).",
    "account/messages/password_changed.txt": "Votre mot de passe est modifié.",
    "account/messages/password_set.txt": "Votre mot de passe est modifié.",
    "account/messages/email_confirmation_failed.txt": "Cette adresse ne peut pas être confirmée.",
    "mfa/messages/totp_activated.txt": "L’application d’authentification est activée.",
    "mfa/messages/totp_deactivated.txt": "L’application d’authentification est désactivée.",
    "mfa/messages/recovery_codes_generated.txt": "De nouveaux codes de secours sont prêts.",
    "mfa/messages/webauthn_added.txt": "La clé de sécurité est ajoutée.",
    "mfa/messages/webauthn_removed.txt": "La clé de sécurité est supprimée.",
}
# allauth's letters about a change, as the end of our sentence.
CHANGES = {
    "email_changed": "l’adresse e-mail de votre compte a été modifiée",
    "password_changed": "le mot de passe de votre compte a été modifié",
    "password_set": "le mot de passe de votre compte a été modifié",
    "password_reset": "le mot de passe de votre compte a été modifié",
    "totp_activated": "la double authentification de votre compte a été activée",
    "totp_deactivated": "la double authentification de votre compte a été désactivée",
    "recovery_codes_generated": "les codes de secours de votre compte ont été renouvelés",
    "webauthn_added": "une clé de sécurité a été ajoutée à votre compte",
    "webauthn_removed": "une clé de sécurité a été retirée de votre compte",
}


class AccountAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        "username_taken": "Cet identifiant n’est pas disponible.",
        "username_blacklisted": "Cet identifiant n’est pas disponible.",
        "username_unfit": "Lettres, chiffres, points et tirets uniquement.",
        "username_password_mismatch": WRONG_LOGIN,
        "email_password_mismatch": WRONG_LOGIN,
        "incorrect_password": "Mot de passe incorrect.",
        "enter_current_password": "Mot de passe actuel incorrect.",
        "email_taken": "Cette adresse ne peut pas être utilisée.",
        "duplicate_email": "C’est déjà votre adresse.",
        "incorrect_code": "Ce code n’est pas le bon.",
        "invalid_password_reset": "Ce lien n’est plus valable. Demandez-en un nouveau.",
    }

    # --- What may be typed

    def clean_username(self, username: str, shallow: bool = False) -> str:
        """Refuse what is no user name, "@" above all: it tells addresses from names on the sign-in page."""
        username = unicodedata.normalize("NFKC", username)
        if not USERNAME.fullmatch(username):
            raise self.validation_error("username_unfit")
        if not shallow and User.objects.confirmed().named(username).exists():
            raise self.validation_error("username_taken")
        return username

    def set_password(self, user: User, password: str) -> None:
        """Store it, and lift the brake: whoever could reset the password may sign in at once."""
        super().set_password(user, password)
        self.lift_brake(user)

    def lift_brake(self, user: User) -> None:
        """Forget the failed tries on this account, whichever of its names was typed."""
        for identifier in (user.username, user.email):
            brake.lift(self.request, self._get_login_attempts_cache_key(self.request, username=identifier))

    def validation_error(self, code: str, *args: Any) -> Any:
        error = super().validation_error(code, *args)
        if code == "too_many_login_attempts":
            # The password was right: another one would change nothing.
            sentence = BRAKED_FACTOR if second_factor.is_asked(self.request) else BRAKED
            error.message = sentence.format(minutes=brake.longest_wait())
        return error

    # --- Confirmed address, bound SIRET

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Mark the address as confirmed; at sign-up, bind the SIRET in the same breath."""
        user: User = email_address.user
        with transaction.atomic():
            signup.release(email=email_address.email, besides=user)
            confirmed = bool(super().confirm_email(request, email_address))
            if confirmed:
                letters.withdraw_codes(user)
        if not confirmed:
            return False
        request.session.pop(PENDING, None)
        if user.signup_siret:
            self._bind(request, user)
        elif user.last_login:
            messages.success(request, "Votre adresse e-mail est modifiée.")
        return True

    @staticmethod
    def _bind(request: HttpRequest, user: User) -> None:
        try:
            signup.bind(user, user.signup_siret, at=timezone.now())
        except signup.SignupError as error:
            messages.error(request, UNBOUND.format(reason=error))
        else:
            request.is_new_customer = True  # type: ignore[attr-defined]
            messages.success(request, "Votre compte est créé. Vous pouvez commander.")

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Nobody who has just signed in is asked for the password again to set up the factor that the desk wants."""
        if app == "allauth.mfa" and second_factor.was_shown_lately(self.request):
            return False
        return bool(super().is_reauthentication_required(app=app, **kwargs))

    # --- Where to go next

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        user = cast(User, request.user)
        if user.is_staff:
            return resolve_url("admin:index")
        if not user.establishment_id:
            # The SIRET may have been bound on another copy of the user in this very request.
            user.refresh_from_db(fields=["establishment"])
        if not user.establishment_id:
            return reverse("accounts:signup")
        if getattr(request, "is_new_customer", False):
            return f"{reverse('accounts:profile')}?etape=inscription"
        return reverse("accounts:space")

    def get_signup_redirect_url(self, request: HttpRequest) -> str:
        return self.get_login_redirect_url(request)

    def get_email_verification_redirect_url(self, email_address: EmailAddress) -> str:
        return reverse("accounts:credentials")

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("accounts:credentials")

    def get_reset_password_from_key_url(self, key: str) -> str:
        uid, _, token = key.partition("-")
        return absolute(reverse("account_reset_password_from_key", args=[uid, token]))

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_ip(request)

    # --- What is said

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        message_context: dict[str, Any] | None = None,
        extra_tags: str = "",
        message: str | None = None,
    ) -> None:
        text = message or MESSAGES.get(message_template or "")
        if text:
            messages.add_message(request, level, text, extra_tags=extra_tags)

    def send_confirmation_mail(self, request: HttpRequest, emailconfirmation: Any, signup: bool) -> None:
        """Send the code, unless the address is somebody else's already: then only its owner learns of it."""
        user, email = emailconfirmation.email_address.user, emailconfirmation.email_address.email
        if request.user.is_anonymous:
            request.session[PENDING] = user.pk
        owner = User.objects.filter(emailaddress__email=email, emailaddress__verified=True).exclude(pk=user.pk).first()
        if owner:
            letters.tell_account_exists(owner, email)
        else:
            letters.send_code(user, email, emailconfirmation.key)

    def send_password_reset_mail(self, user: User, email: str, context: dict[str, Any]) -> None:
        letters.send_reset_link(user, email, context["password_reset_url"])

    def send_notification_mail(
        self, template_prefix: str, user: User, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        """Tell what has changed; after a change of address the old one is told."""
        letters.tell_change(user, email or user.email, CHANGES[template_prefix.rpartition("/")[2]])

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Refuse a letter of allauth's own: every kind we send has its hook above."""
        raise NotImplementedError(template_prefix)
