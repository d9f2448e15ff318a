"""Who is a customer, for loads that tell which of them would lose the right to order."""

from collections.abc import Iterator

from accounts.models import Establishment


def customers() -> Iterator[str]:
    """The SIRETs of all customers."""
    return Establishment.objects.values_list("siret", flat=True).iterator()
