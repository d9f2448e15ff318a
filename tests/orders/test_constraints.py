"""What the database refuses by itself, where the code forgets."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from orders import catalogue
from orders.models import Order, Price, Stock, VatRate
from tests.factories import EstablishmentFactory, OrderFactory

pytestmark = pytest.mark.django_db


def refused_by(constraint: str):
    return pytest.raises(IntegrityError, match=constraint)


def test_two_orders_of_one_company_in_one_period():
    first = OrderFactory()
    with refused_by("order_periods_of_a_company_do_not_overlap"):
        OrderFactory(establishment=EstablishmentFactory(company=first.company), paid=True)


@pytest.mark.parametrize("days", [14, 15, 400])
def test_the_fourteenth_day_begins_a_new_period(days):
    now = timezone.now()
    first = OrderFactory(paid=True, ordered_at=now - timedelta(days=days))
    OrderFactory(establishment=first.establishment, ordered_at=now)


def test_the_thirteenth_day_does_not():
    now = timezone.now()
    first = OrderFactory(paid=True, ordered_at=now - timedelta(days=13))
    with refused_by("order_periods_of_a_company_do_not_overlap"):
        OrderFactory(establishment=first.establishment, ordered_at=now)


@pytest.mark.parametrize("trait", ["cancelled", "expired", "refunded"])
def test_an_order_that_is_over_leaves_room(trait):
    first = OrderFactory(**{trait: True})
    OrderFactory(establishment=first.establishment)


def test_two_drafts_of_one_establishment():
    first = OrderFactory(draft=True)
    with refused_by("order_one_draft_per_establishment"):
        OrderFactory(draft=True, establishment=first.establishment)


PERIOD = DateRange(date(2020, 5, 5), date(2020, 5, 19))


@pytest.mark.parametrize(
    ("constraint", "traits", "changes"),
    [
        ("order_status_is_known", {}, {"status": "sold"}),
        ("order_has_lots", {}, {"lots": 0, "total_excl_vat": 0, "total_incl_vat": Decimal("5.09")}),
        ("order_lot_fits_offer", {}, {"lot_size": 6}),
        ("order_lot_fits_offer", {}, {"offer": "TPE"}),
        ("order_that_counts_spends_a_period", {}, {"quota_period": None}),
        ("order_that_counts_spends_a_period", {"paid": True}, {"quota_period": None}),
        ("order_that_does_not_count_spends_nothing", {"expired": True}, {"quota_period": PERIOD}),
        ("order_that_does_not_count_spends_nothing", {"cancelled": True}, {"quota_period": PERIOD}),
        ("order_that_does_not_count_spends_nothing", {"draft": True}, {"quota_period": PERIOD}),
        ("order_is_frozen_once_confirmed", {"draft": True}, {"confirmed_at": timezone.now()}),
        ("order_is_frozen_once_confirmed", {}, {"confirmed_at": None}),
        ("order_is_frozen_once_confirmed", {}, {"due_at": None}),
        ("order_is_frozen_once_confirmed", {}, {"zone": ""}),
        ("order_is_frozen_once_confirmed", {}, {"vat_rate": None}),
        ("order_is_frozen_once_confirmed", {}, {"total_incl_vat": None}),
        ("order_totals_add_up", {}, {"total_incl_vat": Decimal("97.58")}),
        ("order_totals_add_up", {}, {"lots": 2}),
        ("order_paid_knows_since_when", {"paid": True}, {"paid_at": None}),
    ],
)
def test_an_order_that_contradicts_itself(constraint, traits, changes):
    order = OrderFactory(**traits)
    with refused_by(constraint):
        Order.objects.filter(pk=order.pk).update(**changes)


@pytest.mark.parametrize(
    ("constraint", "model", "changes"),
    [
        ("price_ends_after_it_begins", Price, {"valid_to": date(2020, 5, 2)}),
        ("price_is_positive", Price, {"amount_excl_vat": 0}),
        ("vat_ends_after_it_begins", VatRate, {"valid_to": date(2020, 5, 2)}),
        ("vat_exemption_names_its_law", VatRate, {"rate": 0, "legal_text": ""}),
        ("stock_is_never_negative", Stock, {"available": -1}),
    ],
)
def test_a_catalogue_row_that_makes_no_sense(constraint, model, changes):
    catalogue.seed()
    with refused_by(constraint):
        model.objects.update(**changes)


@pytest.mark.parametrize(
    ("constraint", "row"),
    [
        (
            "price_periods_do_not_overlap",
            Price(zone="METRO", lot_size=40, amount_excl_vat=1, valid_from=date(2021, 1, 1)),
        ),
        ("vat_periods_do_not_overlap", VatRate(zone="METRO", rate=20, valid_from=date(2021, 1, 1))),
    ],
)
def test_a_second_row_for_the_same_days(constraint, row):
    catalogue.seed()
    row.pk = None
    with refused_by(constraint):
        row.save(force_insert=True)
