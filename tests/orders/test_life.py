"""The life of an order: every state can be reached, every other step is refused, each step leaves one line."""

from datetime import timedelta

import pytest
from django.utils import timezone

from orders import catalogue
from orders.errors import OrderError
from orders.models import NEXT, Order, Status, Stock
from tests.factories import OrderFactory, UserFactory
from tests.orders.conftest import draft_of

TRAIT = {
    Status.DRAFT: {"draft": True},
    Status.AWAITING_PAYMENT: {},
    Status.PAID: {"paid": True},
    Status.CANCELLED: {"cancelled": True},
    Status.EXPIRED: {"expired": True},
    Status.REFUNDED: {"refunded": True},
}
FORBIDDEN = [(before, after) for before in Status for after in Status if after not in NEXT[before]]


@pytest.fixture(autouse=True)
def stock(db):
    catalogue.seed()


def in_stock(size: int = 40) -> int:
    return Stock.objects.get(lot_size=size).available


def test_every_state_but_the_first_can_be_reached():
    reached = {Status.DRAFT}.union(*NEXT.values())
    assert reached == set(Status)
    assert set(NEXT) == set(Status)


@pytest.mark.parametrize(("before", "after"), FORBIDDEN)
def test_a_forbidden_step_raises_and_changes_nothing(before, after):
    order = OrderFactory(**TRAIT[before])
    with order.locked(), pytest.raises(ValueError, match="not allowed"):
        order._enter(after, at=timezone.now())
    order.refresh_from_db()
    assert order.status == before
    assert not order.events.exists()


def test_paying_twice_leaves_one_line():
    order = OrderFactory()
    now = timezone.now()
    order.mark_paid(at=now)
    order.mark_paid(at=now + timedelta(hours=1))
    assert (order.status, order.paid_at) == (Status.PAID, now)
    assert [event.status for event in order.events.all()] == [Status.PAID]


@pytest.mark.parametrize("trait", ["draft", "cancelled", "expired"])
def test_money_for_an_order_that_waits_for_none_is_refused(trait):
    order = OrderFactory(**{trait: True})
    with pytest.raises(OrderError, match="n’attend plus de règlement"):
        order.mark_paid(at=timezone.now())


def test_cancelling_frees_period_and_stock_at_once_and_only_once():
    order, user, before = OrderFactory(lots=3), UserFactory(), in_stock()
    order.cancel(at=timezone.now(), by=user)
    order.cancel(at=timezone.now(), by=user)
    assert (order.status, order.quota_period) == (Status.CANCELLED, None)
    assert in_stock() == before + 3
    assert [(event.status, event.by) for event in order.events.all()] == [(Status.CANCELLED, user)]


def test_a_paid_order_is_not_cancelled_by_button():
    order = OrderFactory(paid=True)
    with pytest.raises(OrderError, match="écrivez-nous"):
        order.cancel(at=timezone.now(), by=None)
    order.refresh_from_db()
    assert order.status == Status.PAID


def test_an_order_expires_after_the_grace_and_not_a_second_before():
    order, before = OrderFactory(lots=2), in_stock()
    assert not order.expire(at=order.expires_from - timedelta(seconds=1))
    assert order.status == Status.AWAITING_PAYMENT
    assert order.expire(at=order.expires_from)
    assert not order.expire(at=order.expires_from + timedelta(days=1))
    assert (order.status, order.quota_period, in_stock()) == (Status.EXPIRED, None, before + 2)


def test_an_order_that_was_paid_never_expires():
    order = OrderFactory()
    stale = Order.objects.get(pk=order.pk)
    order.mark_paid(at=timezone.now())
    assert not stale.expire(at=order.expires_from)
    assert stale.status == Status.PAID


def test_in_the_silent_grace_money_is_accepted_as_if_in_time():
    order = OrderFactory()
    moment = order.expires_from - timedelta(minutes=1)
    assert not order.is_payable(at=moment)
    order.mark_paid(at=moment)
    assert order.status == Status.PAID


def test_after_a_cancellation_a_new_order_is_possible_in_the_same_minute(user):
    first = OrderFactory(establishment=user.establishment)
    first.cancel(at=timezone.now(), by=user)
    assert OrderFactory(establishment=user.establishment).status == Status.AWAITING_PAYMENT


def test_a_company_that_orders_today_may_order_again_in_fourteen_days_and_not_in_thirteen(user):
    order = draft_of(user)
    today = timezone.now()
    OrderFactory(establishment=user.establishment, ordered_at=today - timedelta(days=14))
    assert order.company.orders.spending().count() == 1
    OrderFactory(establishment=user.establishment, ordered_at=today)


def test_a_verb_called_under_the_lock_takes_it_for_granted(django_assert_num_queries):
    order = OrderFactory()
    with order.locked(), django_assert_num_queries(2):
        order.mark_paid(at=timezone.now())
