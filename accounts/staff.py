"""What staff do to an account: invite a colleague, lift the brake, send a password link, take away a lost second
factor, close it.

The desk writes each into the audit trail with its author.
"""

from allauth.account.adapter import get_adapter
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db import transaction
from django.http import HttpRequest

from . import brake, letters
from .models import User


class StaffError(Exception):
    """A rule about accounts said no; `str(error)` is a French sentence for staff, without its full stop."""


def unlock(user: User, *, request: HttpRequest) -> None:
    """Forget the failed tries on this account, at the password and at the second factor."""
    get_adapter(request).lift_brake(user)
    brake.lift(request, f"mfa-auth-user-{user.pk}")


def send_password_link(user: User) -> str:
    """Send the link of « Mot de passe oublié » to the account's own address; gives the address."""
    if not user.is_active:
        raise StaffError("le compte est fermé")
    if not user.email:
        raise StaffError("le compte n’a pas d’adresse e-mail")
    letters.send_reset_link(user, user.email, _password_link(user))
    return user.email


def invite(user: User, *, by: User) -> None:
    """Tell a new colleague of the account, and where to choose the password that nobody else ever knows."""
    letters.invite(user, link=_password_link(user), by=by)


def _password_link(user: User) -> str:
    key = f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}"
    return str(get_adapter().get_reset_password_from_key_url(key))


@transaction.atomic
def reset_second_factor(user: User, *, by: User) -> None:
    """Take away the factors of a colleague who lost the telephone, end the sessions, and tell the person.

    The desk then asks for a new one after the next sign-in.
    """
    _lock_colleague(user, by)
    factors = Authenticator.objects.filter(user=user)
    if not factors.exists():
        raise StaffError("aucun second moyen n’est en place")
    factors.delete()
    _end_sessions(user)
    if user.email:
        letters.tell_change(user, user.email, f"le second moyen de connexion de votre compte a été retiré par {by}")


@transaction.atomic
def close(user: User, *, by: User) -> None:
    """Close the account of a colleague who has left; the sessions end. Calling twice is harmless."""
    _lock_colleague(user, by)
    user.is_active = False
    user.save(update_fields=["is_active"])
    _end_sessions(user)


@transaction.atomic
def reopen(user: User, *, by: User) -> None:
    """Open a colleague's account again. Calling twice is harmless."""
    _lock_colleague(user, by)
    user.is_active = True
    user.save(update_fields=["is_active"])


def _lock_colleague(user: User, by: User) -> None:
    """Hold the row and refuse what is not a colleague's: one's own account, a customer's, the chief's."""
    user.refresh_from_db(from_queryset=User.objects.select_for_update(of=("self",), no_key=True))
    if user == by:
        raise StaffError("c’est votre propre compte")
    if not user.is_staff:
        raise StaffError("ce n’est pas un compte de gestion")
    if user.is_superuser and not by.is_superuser:
        raise StaffError("seul un super-utilisateur touche à un super-utilisateur")


def _end_sessions(user: User) -> None:
    for session in UserSession.objects.filter(user=user):
        session.end()
