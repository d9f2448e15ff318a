"""Builders of valid objects for the tests of all apps: a plain call makes the usual case, a trait a situation.

Every builder of a part adds its own here, in the order in which data flow.
"""

import factory
from allauth.account.models import EmailAddress
from factory.django import DjangoModelFactory
from stdnum.fr import siren as stdnum_siren
from stdnum.luhn import calc_check_digit

from accounts.models import Company, DeliveryProfile, Establishment, User

PASSWORD = "Rabot+Ciseau-42"


def make_siren(number: int) -> str:
    """A SIREN with a right key; numbers count upwards so that tests never meet by chance."""
    body = f"{80_000_000 + number:08d}"
    siren = body + calc_check_digit(body)
    assert stdnum_siren.is_valid(siren)
    return siren


def make_siret(siren: str, rank: int = 1) -> str:
    """The SIRET of a company's establishment, with a right key."""
    body = f"{siren}{rank:04d}"
    return body + calc_check_digit(body)


# --- accounts


class CompanyFactory(DjangoModelFactory[Company]):
    class Meta:
        model = Company

    siren = factory.Sequence(make_siren)


class EstablishmentFactory(DjangoModelFactory[Establishment]):
    class Meta:
        model = Establishment
        exclude = ("rank",)

    company = factory.SubFactory(CompanyFactory)
    rank = factory.Sequence(lambda number: number % 9999 + 1)
    siret = factory.LazyAttribute(lambda self: make_siret(self.company.siren, self.rank))
    legal_name = factory.Sequence(lambda number: f"ATELIER {number}")
    naf = "43.32A"
    street_number = "14"
    street_name = "RUE DE BRIANGAUD"
    postal_code = "35600"
    city = "REDON"


class DeliveryProfileFactory(DjangoModelFactory[DeliveryProfile]):
    class Meta:
        model = DeliveryProfile

    establishment = factory.SubFactory(EstablishmentFactory)
    legal_name = factory.SelfAttribute("establishment.legal_name")
    contact_name = "Camille Martin"
    email = factory.Sequence(lambda number: f"livraison{number}@entreprise.example")
    mobile = "+33639980001"
    street_number = "14"
    street_name = "RUE DE BRIANGAUD"
    postal_code = "35600"
    city = "REDON"


class UserFactory(DjangoModelFactory[User]):
    """The account of an establishment, confirmed and ready to sign in with PASSWORD.

    `staff` has none; `unconfirmed` has signed up and not yet typed the code.
    """

    class Meta:
        model = User
        skip_postgeneration_save = True

    class Params:
        staff = factory.Trait(is_staff=True, establishment=None)
        unconfirmed = factory.Trait(establishment=None, address__verified=False)

    username = factory.Sequence(lambda number: f"client{number}")
    email = factory.LazyAttribute(lambda self: f"{self.username}@entreprise.example".lower())
    password = factory.django.Password(PASSWORD)
    first_name = "Camille"
    last_name = "Martin"
    mobile = "+33639980001"
    establishment = factory.SubFactory(EstablishmentFactory)

    @factory.post_generation
    def address(self: User, create: bool, extracted: object, verified: bool = True, **kwargs: object) -> None:
        if create and self.email:
            EmailAddress.objects.create(user=self, email=self.email, verified=verified, primary=True)
