"""A register in service, and a catalogue of prices."""

from collections.abc import Callable

import pytest

from eligibility.models import Register, RegisterEntry
from orders import catalogue
from tests.factories import EstablishmentFactory
from tests.journeys import register


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
