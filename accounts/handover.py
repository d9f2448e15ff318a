"""AC2: the account of an establishment goes to somebody else, because its holder has left or never answers.

Support has seen a document before. Orders, invoices and the quota belong to the establishment and stay; what was the
former holder's own in the delivery address goes.
"""

import re
import secrets
from datetime import datetime

from allauth.account.models import EmailAddress
from django.db import transaction
from django.urls import reverse

from notifications import outbox
from notifications.addresses import absolute

from . import letters, signup
from .models import Company, DeliveryProfile, Establishment, User

PERSONAL = ("contact_name", "department", "email", "mobile", "phone")


class HandoverRefused(Exception):
    """The account cannot go to this person; `str(error)` is a French sentence for staff."""


@transaction.atomic
def hand_over(
    establishment: Establishment, *, email: str, first_name: str, last_name: str, reason: str, at: datetime
) -> User:
    """Make this person the account of the establishment, in place of the former one, and tell both by e-mail.

    The company row is the lock, as for everything that binds an account to a SIRET: a sign-up that is confirmed in
    the same second waits, and then reads that an account exists.
    """
    Company.objects.select_for_update(of=("self",), no_key=True).get(pk=establishment.company_id)
    former = User.objects.filter(establishment=establishment).first()
    holder = _person(email, establishment)
    if former is not None:
        former.establishment = None
        former.save(update_fields=["establishment"])
    holder.first_name, holder.last_name = holder.first_name or first_name, holder.last_name or last_name
    holder.establishment, holder.signup_siret = establishment, ""
    holder.save()
    EmailAddress.objects.get_or_create(user=holder, email=email, defaults={"primary": True})
    blank = dict.fromkeys(PERSONAL, "")
    DeliveryProfile.objects.filter(establishment=establishment).update(**blank, sms_wanted=False)
    _tell(establishment, former, holder, reason, at)
    return holder


def _person(email: str, establishment: Establishment) -> User:
    """The account of this address if it may take the establishment, else a new one without a password."""
    signup.release(email=email)
    # Two establishments may be handed to one person in the same second: the second reads that one is theirs already.
    held = User.objects.select_for_update(of=("self",), no_key=True)
    user = held.addressed(email).first()
    if user is None:
        user = User(username=_user_name(email), email=email)
        user.set_unusable_password()
        return user
    if user.is_staff:
        raise HandoverRefused("Cette adresse est celle d’un compte de gestion.")
    if not user.is_active:
        raise HandoverRefused("Le compte de cette personne est fermé.")
    if user.establishment == establishment:
        raise HandoverRefused("Cette personne est déjà titulaire du compte.")
    if user.establishment is not None:
        raise HandoverRefused(f"Cette personne a déjà le compte d’un autre établissement ({user.establishment.siret}).")
    return user


def _user_name(email: str) -> str:
    """A user name after the address, with four figures so that it is free; the person may change it."""
    return f"{re.sub('[^A-Za-z0-9._-]', '', email.partition('@')[0])[:24]}{secrets.randbelow(9000) + 1000}"


def _tell(establishment: Establishment, former: User | None, holder: User, reason: str, at: datetime) -> None:
    facts = {"at": at, "siret": establishment.siret, "legal_name": establishment.legal_name}
    key = f"{establishment.pk}:{holder.pk}:{at.timestamp()}"
    if former is not None and former.email:
        outbox.post(
            "accounts/account_taken_over",
            to=former.email,
            key=f"account_taken_over:{key}",
            context=facts | {"reason": reason},
            about=establishment.siret,
        )
    outbox.post(
        "accounts/account_handed_over",
        to=holder.email,
        key=f"account_handed_over:{key}",
        context=facts
        | {
            "username": holder.username,
            "has_password": holder.has_usable_password(),
            "reset_url": letters.reset_page(),
            "login_url": absolute(reverse("account_login")),
        },
        about=establishment.siret,
    )
