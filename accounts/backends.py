"""Who is signing in: one account by user name or e-mail address, one look at the password."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.http import HttpRequest

from .models import User


class AccountBackend(AuthenticationBackend):
    """Django's permissions, allauth's sign-in, and the customer's establishment fetched with the user.

    The password is checked exactly once whoever is asked for: allauth's own way checks it again under each
    reading of the identifier, and the time it takes would tell which addresses have an account.
    """

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        email: str | None = None,
        **credentials: Any,
    ) -> User | None:
        identifier = email or username
        if not identifier or not password:
            return None
        user = find(identifier)
        if user is None:
            User().set_password(password)
            return None
        if not user.check_password(password):
            return None
        if not self.user_can_authenticate(user):
            self._stash_user(user)  # allauth then explains that the account is closed
            return None
        return user

    def get_user(self, user_id: int) -> User | None:
        user = User.objects.select_related("establishment__company").filter(pk=user_id).first()
        return user if user and self.user_can_authenticate(user) else None


def find(identifier: str) -> User | None:
    """The account of a user name or an address; user names hold no "@", so that there is one reading only."""
    identifier = identifier.strip()
    if "@" not in identifier:
        return User.objects.named(identifier).first()
    # A confirmed address wins over a pending sign-up that typed the same.
    email = identifier.lower()
    return (
        User.objects.filter(emailaddress__email=email).order_by("-emailaddress__verified", "pk").first()
        or User.objects.filter(email=email).first()
    )
