"""The password rule: eight characters of four classes, neither common nor like the account's own data.

It meets the CNIL's recommendation of 21 July 2022 only together with the brake on tries (`ACCOUNT_RATE_LIMITS`).
"""

from collections.abc import Callable

from django.contrib.auth.password_validation import UserAttributeSimilarityValidator
from django.core.exceptions import ValidationError

from .models import User

RULE = (
    "Le mot de passe doit comporter au minimum 8\u00a0caractères, dont au moins 1\u00a0lettre minuscule, "
    "1\u00a0lettre majuscule, 1\u00a0chiffre et 1\u00a0caractère spécial."
)
CLASSES: dict[str, Callable[[str], bool]] = {
    "une minuscule": str.islower,
    "une majuscule": str.isupper,
    "un chiffre": str.isdecimal,
    "un caractère spécial": lambda character: not character.isalnum(),
}


class FourClassesValidator:
    """Ask for a lower-case letter, a capital, a digit and a special character."""

    def validate(self, password: str, user: User | None = None) -> None:
        missing = [name for name, belongs in CLASSES.items() if not any(map(belongs, password))]
        if missing:
            raise ValidationError(f"Il manque\u00a0: {', '.join(missing)}.", code="password_lacks_classes")

    def get_help_text(self) -> str:
        return RULE


class OwnDataValidator:
    """Refuse a password that resembles what anybody may know of the account."""

    LIKENESSES = {
        "username": "votre identifiant",
        "email": "votre adresse e-mail",
        "first_name": "votre prénom",
        "last_name": "votre nom",
    }

    def validate(self, password: str, user: User | None = None) -> None:
        for attribute, name in self.LIKENESSES.items():
            try:
                UserAttributeSimilarityValidator([attribute]).validate(password, user)
            except ValidationError as error:
                raise ValidationError(f"Ce mot de passe ressemble trop à {name}.", code=error.code) from error

    def get_help_text(self) -> str:
        return "Il ne doit pas ressembler à votre identifiant ni à votre adresse e-mail."
