"""Builders of valid objects for the tests of all apps: a plain call makes the usual case, a trait a situation.

Every builder of a part adds its own here, in the order in which data flow.
"""

from datetime import timedelta
from decimal import Decimal

import factory
from allauth.account.models import EmailAddress
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone
from factory.django import DjangoModelFactory
from stdnum.fr import siren as stdnum_siren
from stdnum.luhn import calc_check_digit

from accounts.models import Company, DeliveryProfile, Establishment, User
from eligibility.cases.models import Case
from eligibility.models import Admission, Register
from orders import calendar, pricing, reference
from orders.models import Order, Status

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


# --- eligibility


class RegisterFactory(DjangoModelFactory[Register]):
    class Meta:
        model = Register
        django_get_or_create = ("code",)

    code = "CCI"
    label = factory.SelfAttribute("code")


class AdmissionFactory(DjangoModelFactory[Admission]):
    """Granted by a member of staff for a company of twelve, valid for another year."""

    class Meta:
        model = Admission

    siret = factory.Sequence(lambda number: make_siret(make_siren(900_000 + number)))
    legal_name = factory.Sequence(lambda number: f"MENUISERIE {number}")
    headcount = 12
    network = factory.SubFactory(RegisterFactory)
    author = factory.SubFactory("tests.factories.UserFactory", staff=True)
    expires_on = factory.LazyFunction(lambda: timezone.localdate() + timedelta(days=365))


class CaseFactory(DjangoModelFactory[Case]):
    """Somebody's request to look at a SIRET, not answered yet."""

    class Meta:
        model = Case

    siret = factory.Sequence(lambda number: make_siret(make_siren(800_000 + number)))
    legal_name = factory.Sequence(lambda number: f"ATELIER REJETÉ {number}")
    contact_name = "Camille Martin"
    email = factory.Sequence(lambda number: f"demande{number}@entreprise.example")
    postal_code = "35600"
    headcount = 4
    register = Case.Network.CMA


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


# --- orders


class OrderFactory(DjangoModelFactory[Order]):
    """An order of one lot of 40 to Redon, confirmed at `ordered_at` and waiting for its money.

    Traits: draft, paid, cancelled, expired, refunded; overdue (unpaid, three weeks old); overseas (to Cayenne, no VAT).
    """

    class Meta:
        model = Order
        exclude = ("ordered_at", "ordered_on")

    class Params:
        draft = factory.Trait(
            status=Status.DRAFT,
            **dict.fromkeys(
                ("confirmed_at", "due_at", "quota_period", "headcount", "unit_price_excl_vat", "total_excl_vat",
                 "vat_rate", "vat_amount", "total_incl_vat"),
            ),
            terms_version="",
        )  # fmt: skip
        paid = factory.Trait(status=Status.PAID, paid_at=factory.SelfAttribute("ordered_at"))
        cancelled = factory.Trait(
            status=Status.CANCELLED, quota_period=None, cancelled_at=factory.SelfAttribute("ordered_at")
        )
        expired = factory.Trait(
            status=Status.EXPIRED, quota_period=None, expired_at=factory.LazyAttribute(lambda self: self.due_at)
        )
        refunded = factory.Trait(
            status=Status.REFUNDED,
            quota_period=None,
            paid_at=factory.SelfAttribute("ordered_at"),
            refunded_at=factory.SelfAttribute("ordered_at"),
        )
        overdue = factory.Trait(ordered_at=factory.LazyFunction(lambda: timezone.now() - timedelta(days=21)))
        overseas = factory.Trait(
            zone="GF_YT", unit_price_excl_vat=Decimal("98.38"), vat_rate=Decimal("0.00"), postal_code="97300",
            city="CAYENNE", vat_text="TVA non applicable – article 294, 1 du CGI",
        )  # fmt: skip

    ordered_at = factory.LazyFunction(timezone.now)
    ordered_on = factory.LazyAttribute(lambda self: calendar.paris_date(self.ordered_at))

    reference = factory.LazyFunction(reference.draw)
    establishment = factory.SubFactory(EstablishmentFactory)
    company = factory.SelfAttribute("establishment.company")
    status = Status.AWAITING_PAYMENT
    offer = "PME"
    lot_size = 40
    lots = 1

    legal_name = factory.SelfAttribute("establishment.legal_name")
    contact_name = "Camille Martin"
    email = factory.Sequence(lambda number: f"commande{number}@entreprise.example")
    mobile = "+33639980001"
    street_number = "14"
    street_name = "RUE DE BRIANGAUD"
    postal_code = "35600"
    city = "REDON"
    zone = "METRO"

    headcount = 12
    unit_price_excl_vat = Decimal("92.50")
    vat_rate = Decimal("5.50")
    total_excl_vat = factory.LazyAttribute(lambda self: self.unit_price_excl_vat * self.lots)
    vat_amount = factory.LazyAttribute(lambda self: pricing.to_cent(self.total_excl_vat * self.vat_rate / 100))
    total_incl_vat = factory.LazyAttribute(lambda self: self.total_excl_vat + self.vat_amount)
    terms_version = "2026-11-01"

    confirmed_at = factory.SelfAttribute("ordered_at")
    due_at = factory.LazyAttribute(lambda self: calendar.payment_due_at(self.ordered_on))
    quota_period = factory.LazyAttribute(
        lambda self: DateRange(self.ordered_on, calendar.next_order_on(self.ordered_on))
    )
