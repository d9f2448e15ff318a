"""Who is signing in: one account by user name or e-mail address, one look at the password."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from allauth.mfa.models import Authenticator
from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db.models import BigIntegerField, Case, OuterRef, Value, When
from django.http import HttpRequest

from .models import User

# Keys of the factors; PostgreSQL runs the inner query for staff only.
SECOND_FACTORS = Case(
    When(is_staff=True, then=ArraySubquery(Authenticator.objects.filter(user=OuterRef("pk")).values("pk"))),
    default=Value([], output_field=ArrayField(BigIntegerField())),
)


class AccountBackend(AuthenticationBackend):
    """Django's permissions, allauth's sign-in, and what every request asks of its user fetched with the user.

    That is the customer's establishment, and the second factors of staff, whom the desk asks for one.

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
        users = User.objects.select_related("establishment__company").annotate(second_factors=SECOND_FACTORS)
        user = users.filter(pk=user_id).first()
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
