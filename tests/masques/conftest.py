"""A register in service, and a catalogue of prices."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpResponse

from eligibility.models import Register, RegisterEntry
from orders import catalogue
from tests.factories import EstablishmentFactory
from tests.journeys import register
from tests.masques import tour


@pytest.fixture
def prices(db: None) -> None:
    catalogue.seed()


@pytest.fixture
def listed(prices: None) -> Callable[..., str]:
    """Put a company into the CCI register; gives its SIRET."""

    def add(*, headcount: int = 12, postal_code: str = "35600", **facts: object) -> str:
        establishment = EstablishmentFactory(postal_code=postal_code)
        register(establishment, headcount=headcount)
        if facts:
            RegisterEntry.objects.filter(siret=establishment.siret).update(**facts)
        return establishment.siret

    return add


@pytest.fixture
def loaded(listed: Callable[..., str]) -> None:
    """A register in service that holds somebody else."""
    listed()
    assert Register.objects.exists()


@pytest.fixture(scope="session")
def walks(django_db_setup: None, django_db_blocker: Any) -> dict[str, dict[str, HttpResponse]]:
    """Every page of the shop as each person sees it, opened once for all the tests that only look."""
    with django_db_blocker.unblock(), transaction.atomic():
        seen = {who.__name__: who().see() for who in tour.EVERYBODY}
        transaction.set_rollback(True)
    return seen
