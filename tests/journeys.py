"""Orders made the way customers make them, through the verbs: for tests of what comes after the order."""

from datetime import datetime

from django.utils import timezone

from accounts.models import Establishment, User
from eligibility.check import check
from eligibility.models import Register, RegisterEntry, RegisterLoad
from orders import catalogue, checkout
from orders.models import Order
from tests.factories import UserFactory


def register(establishment: Establishment, *, headcount: int = 12) -> None:
    """List the establishment in the CCI register, with that many employees."""
    cci, _ = Register.objects.get_or_create(code="CCI", defaults={"label": "CCI"})
    now = timezone.now()
    if not RegisterLoad.objects.filter(register=cci, is_active=True).exists():
        RegisterLoad.objects.create(
            register=cci, mode="full", file_name="essai.csv", sha256="0" * 64, rows_read=1, rows_rejected=0,
            rows_added=1, rows_changed=0, rows_removed=0, rows_unchanged=0, rows_total=1, report={}, started_at=now,
            finished_at=now, loaded_by="essai",
        )  # fmt: skip
    RegisterEntry.objects.create(
        register="CCI", siret=establishment.siret, legal_name=establishment.legal_name, headcount=headcount,
        postal_code=establishment.postal_code, city=establishment.city, opt_in=True, is_open=True,
    )  # fmt: skip


def customer(*, headcount: int = 12) -> User:
    """A customer who may order."""
    catalogue.seed()
    user = UserFactory()
    register(user.establishment, headcount=headcount)
    return user


def order_of(user: User, *, lots: int = 1, postal_code: str = "35600", city: str = "REDON", at: datetime) -> Order:
    """A confirmed order, to be paid."""
    verdict = check(user.establishment.siret, at=at)
    order = checkout.open_draft(user.establishment, by=user, verdict=verdict, lots=lots, at=at)
    checkout.set_delivery(order, {"postal_code": postal_code, "city": city}, at=at)
    shown = checkout.Shown(checkout.todays_quote(order, at=at).total_incl_vat, "2026-11-01", checkout.revision(order))
    checkout.confirm(order, by=user, at=at, shown=shown)
    return order


def an_order(*, headcount: int = 12, at: datetime | None = None, **choices: object) -> Order:
    """A confirmed order of a new customer."""
    return order_of(customer(headcount=headcount), at=at or timezone.now(), **choices)  # type: ignore[arg-type]
