"""Staff in tests: their second factor, and a `force_login` that stands for the whole sign-in, this factor included."""

from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.http import HttpRequest
from django.test import Client

from accounts.models import User


def set_up_application(user: User) -> str:
    """Give the user an application on a telephone; gives its secret."""
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    return secret


def code_of(secret: str, *, later: int = 0) -> str:
    """What the application shows now, or in half a minute (`later=1`): a code serves once, and both are valid now."""
    counters = list(yield_hotp_counters_from_time())
    return format_hotp_value(hotp_value(secret, counters[len(counters) // 2 + later]))


def show_factor(client: Client, user: User) -> None:
    """Write into the browser's session that its owner has shown the application."""
    factor = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).first()
    if factor is None:
        set_up_application(user)
        return show_factor(client, user)
    request = HttpRequest()
    request.session = client.session
    record_authentication(request, user, "mfa", id=factor.pk, type=factor.type)
    request.session.save()
    return None


def install() -> None:
    """Let `force_login` sign staff in wholly, as it does everybody else."""
    password_only = Client.force_login

    def force_login(self: Client, user: Any, backend: str | None = None) -> None:
        password_only(self, user, backend)
        if user.is_staff:
            show_factor(self, user)

    setattr(Client, "force_login", force_login)  # noqa: B010
