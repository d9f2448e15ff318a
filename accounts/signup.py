"""Sign-up: an account that waits for its e-mailed code, then the SIRET it is bound to.

Nothing is reserved before the code comes back: neither name, nor address, nor SIRET. Confirming binds the SIRET
under the company's lock; of two people who confirm in the same second, one reads that an account exists.
"""

from datetime import datetime

from allauth.account.models import EmailAddress
from django.db import transaction
from django.db.models import Q

from eligibility.check import check
from eligibility.siret import siren_of
from eligibility.verdict import Facts, Verdict
from notifications import outbox
from notifications.wording import paris_date

from .addresses import LINE, disclosed, street_lines
from .models import Company, Establishment, User


class SignupError(Exception):
    """A sign-up rule said no; `str(error)` is a French sentence fit for the customer."""


class SiretTaken(SignupError):
    def __init__(self) -> None:
        super().__init__("Un compte existe déjà pour ce SIRET.")


class NotEligible(SignupError):
    """The registers no longer say that this SIRET may order."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.title)
        self.verdict = verdict


@transaction.atomic
def open_account(*, username: str, email: str, password: str, siret: str) -> User:
    """Create an account that waits for its e-mail to be confirmed, in place of earlier ones never confirmed.

    Where somebody else has confirmed this address, the account is made all the same but owns no address: page,
    time and answer must not tell. The adapter then writes to the owner instead of sending a code.
    """
    release(username=username, email=email)
    user = User(username=username, signup_siret=siret)
    user.email = "" if User.objects.addressed(email).exists() else email
    user.set_password(password)
    user.save()
    EmailAddress.objects.create(user=user, email=email, primary=True)
    return user


@transaction.atomic
def change_address(user: User, email: str) -> None:
    """Let an unconfirmed sign-up go on under another address; the first one gets nothing more."""
    release(email=email, besides=user)
    user.email = "" if User.objects.addressed(email).exclude(pk=user.pk).exists() else email
    user.save(update_fields=["email"])
    EmailAddress.objects.filter(user=user).delete()
    EmailAddress.objects.create(user=user, email=email, primary=True)


def release(*, username: str = "", email: str = "", besides: User | None = None) -> None:
    """Delete the sign-ups never confirmed that used this name or this address."""
    same = Q(pk__in=())
    if username:
        same |= Q(username__iexact=username)
    if email:
        same |= Q(pk__in=User.objects.addressed(email).values("pk"))
    stale = User.objects.unconfirmed().filter(same)
    if besides is not None:
        stale = stale.exclude(pk=besides.pk)
    stale.delete()


def is_taken(siret: str) -> bool:
    """Whether an account holds this SIRET."""
    return User.objects.filter(establishment__siret=siret).exists()


def bind(user: User, siret: str, *, at: datetime) -> Establishment:
    """Make the user the account of this establishment, or raise a SignupError. Calling twice is harmless."""
    try:
        return _bind(user, siret, at)
    except SiretTaken:
        tell_holder(siret, at=at)
        raise


@transaction.atomic
def _bind(user: User, siret: str, at: datetime) -> Establishment:
    """Lock the company, look, then bind.

    The company row is the lock: without it two people who confirm the same SIRET in the same second would both
    find it free.
    """
    company, _ = Company.objects.get_or_create(siren=siren_of(siret))
    Company.objects.select_for_update(of=("self",), no_key=True).get(pk=company.pk)
    user.refresh_from_db(fields=["establishment"])
    if user.establishment is not None:
        return user.establishment
    if is_taken(siret):
        raise SiretTaken
    verdict = check(siret, at=at)
    if not verdict.is_eligible:
        raise NotEligible(verdict)
    establishment, _ = company.establishments.get_or_create(siret=siret, defaults=_copy(verdict.facts))
    user.establishment = establishment
    user.signup_siret = ""
    user.save(update_fields=["establishment", "signup_siret"])
    return establishment


def _copy(facts: Facts) -> dict[str, str]:
    """What the registers know, cut to our lines; what INSEE masks stays empty and is asked for."""
    return {
        "legal_name": disclosed(facts.legal_name),
        "trade_name": disclosed(facts.trade_name),
        "naf": facts.naf,
        "postal_code": facts.postal_code,
        "city": disclosed(facts.city)[:LINE],
        **street_lines(facts.street),
        "address_extra": disclosed(facts.address_extra)[:LINE],
    }


@transaction.atomic
def tell_holder(siret: str, *, at: datetime) -> None:
    """Write to the account of this SIRET that somebody else wanted it, once a day at most."""
    holder = User.objects.select_related("establishment").filter(establishment__siret=siret, is_active=True).first()
    if holder is None or holder.establishment is None:
        return
    outbox.post(
        "accounts/siret_already_taken",
        to=holder.email,
        key=f"siret_already_taken:{siret}:{paris_date(at):%Y%m%d}",
        context={"at": at, "siret": siret, "legal_name": holder.establishment.legal_name},
        about=siret,
    )
