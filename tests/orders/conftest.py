"""A customer who may order, signed in, with a catalogue and a register behind."""

from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from eligibility.check import check
from orders import checkout
from orders.models import Order
from tests.journeys import customer


def draft_of(user: User, *, lots: int = 1, at: datetime | None = None, **delivery: Any) -> Order:
    """A draft ready for its summary, opened by the verbs."""
    at = at or timezone.now()
    order = checkout.open_draft(
        user.establishment, by=user, verdict=check(user.establishment.siret, at=at), lots=lots, at=at
    )
    if delivery:
        checkout.set_delivery(order, delivery, at=at)
    return order


def shown(order: Order, *, at: datetime | None = None) -> checkout.Shown:
    """What a summary drawn at that moment would send back."""
    return checkout.Shown(
        checkout.todays_quote(order, at=at or timezone.now()).total_incl_vat, "2026-11-01", checkout.revision(order)
    )


def commitment(response: Any, **changes: str) -> dict[str, str]:
    """What a browser sends from a summary page: the hidden fields as drawn, and the box."""
    return {**response.context["form"].hidden, "terms": "on"} | changes


def text_of(page: Any) -> str:
    """A page as read: its no-break spaces as characters."""
    return page.content.decode().replace("&nbsp;", "\u00a0")


@pytest.fixture
def user(db: None) -> User:
    """A company of 49 employees: three lots of 40."""
    return customer(headcount=49)


@pytest.fixture
def browser(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.backends.AccountBackend")
    return client


DELIVERY = {
    "legal_name": "ATELIER DU PORT",
    "contact_name": "Camille Martin",
    "email": "camille@entreprise.example",
    "mobile": "06 39 98 00 01",
    "sms_wanted": "on",
    "street_number": "14",
    "street_name": "RUE DE BRIANGAUD",
    "postal_code": "35600",
    "city": "REDON",
}
