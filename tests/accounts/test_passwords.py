"""The password rule, and how passwords are kept."""

from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import override_settings

from accounts.hashers import OwaspArgon2PasswordHasher
from accounts.models import User


@pytest.mark.parametrize(
    ("password", "sentences"),
    [
        ("Rabot+Ciseau-42", []),
        ("Éàç+1234", []),
        ("Aa1+aaa", ["Ce mot de passe est trop court. Il doit contenir au minimum 8 caractères."]),
        ("RABOT+CISEAU-42", ["Il manque : une minuscule."]),
        ("rabot+ciseau-42", ["Il manque : une majuscule."]),
        ("Rabot+Ciseau", ["Il manque : un chiffre."]),
        ("RabotCiseau42", ["Il manque : un caractère spécial."]),
        ("rabotciseau", ["Il manque : une majuscule, un chiffre, un caractère spécial."]),
        (
            "12345678",
            ["Il manque : une minuscule, une majuscule, un caractère spécial.", "Ce mot de passe est trop courant."],
        ),
        ("P@ssw0rd", ["Ce mot de passe est trop courant."]),
        ("Legal.Redon1", ["Ce mot de passe ressemble trop à votre identifiant."]),
        ("Menuiserie+1", ["Ce mot de passe ressemble trop à votre adresse e-mail."]),
    ],
)
def test_the_rule(password: str, sentences: list[str]) -> None:
    user = User(username="legal.redon", email="menuiserie@exemple.fr")
    try:
        validate_password(password, user)
        found = []
    except ValidationError as error:
        found = [message.replace("\u00a0", " ") for message in error.messages]
    assert found == sentences


def test_passwords_are_kept_by_argon2id_with_the_owasp_parameters() -> None:
    encoded = OwaspArgon2PasswordHasher().encode("Rabot+Ciseau-42", "saltsaltsalt")
    assert encoded.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")


@override_settings(PASSWORD_HASHERS=settings.PRODUCTION_PASSWORD_HASHERS)
def test_production_uses_that_hasher_first() -> None:
    user = User()
    user.set_password("Rabot+Ciseau-42")
    assert user.password.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert user.check_password("Rabot+Ciseau-42")


def test_no_page_asks_the_browser_to_keep_the_password_on_screen() -> None:
    for template in Path(settings.BASE_DIR, "templates", "account").glob("*.html"):
        assert "render_value" not in template.read_text()
