"""The letters about an account. Codes and links are secret: sent at most once, erased afterwards."""

import secrets
from datetime import timedelta

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from notifications import outbox
from notifications.addresses import absolute

from .models import User

CODE_LIFE = timedelta(minutes=15)
RESET_LIFE = timedelta(hours=1)


@transaction.atomic
def send_code(user: User, email: str, code: str) -> None:
    """Send the code that confirms an address, at sign-up or when it changes; those before it are worth nothing."""
    withdraw_codes(user)
    outbox.post(
        "accounts/account_confirmation",
        to=email,
        key=_once("account_confirmation", user),
        context={"code": code},
        secret=True,
        not_after=timezone.now() + CODE_LIFE,
    )


def withdraw_codes(user: User) -> None:
    """Take back the codes still waiting for a slow relay: a new one was asked for, or the address is confirmed."""
    outbox.withdraw_series(f"account_confirmation:{user.pk}:")


@transaction.atomic
def tell_account_exists(owner: User, email: str) -> None:
    """Write to the owner of an address that somebody wanted to sign up with it, once an hour at most."""
    outbox.post(
        "accounts/account_exists",
        to=email,
        key=f"account_exists:{owner.pk}:{timezone.now():%Y%m%d%H}",
        context={"login_url": absolute(reverse("account_login")), "reset_url": reset_page()},
    )


@transaction.atomic
def send_reset_link(user: User, email: str, link: str) -> None:
    outbox.post(
        "accounts/password_reset",
        to=email,
        key=_once("password_reset", user),
        context={"username": user.username, "reset_url": link},
        secret=True,
        not_after=timezone.now() + RESET_LIFE,
    )


@transaction.atomic
def invite(user: User, *, link: str, by: User) -> None:
    """Invite a new colleague into the desk; after an hour the link is worth nothing, and the letter says so."""
    outbox.post(
        "accounts/staff_invited",
        to=user.email,
        key=_once("staff_invited", user),
        context={
            "by": by.get_full_name() or by.get_username(),
            "username": user.username,
            "password_url": link,
            "reset_url": reset_page(),
            "desk_url": absolute(reverse("admin:index")),
        },
        secret=True,
        not_after=timezone.now() + RESET_LIFE,
    )


@transaction.atomic
def tell_change(user: User, email: str, what: str) -> None:
    """Tell what has changed, as the end of a sentence: « le mot de passe de votre compte a été modifié »."""
    outbox.post(
        "accounts/account_changed",
        to=email,
        key=_once("account_changed", user),
        context={"at": timezone.now(), "what": what, "reset_url": reset_page()},
    )


def reset_page() -> str:
    return absolute(reverse("account_reset_password"))


def _once(kind: str, user: User) -> str:
    """A key of its own for every letter: asking for a second code is no double."""
    return f"{kind}:{user.pk}:{secrets.token_hex(6)}"
