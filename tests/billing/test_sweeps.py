"""What was left undone is found: money without consequences, pages nobody closed, orders past their deadline."""

import logging
from datetime import timedelta

import pytest
from django.utils import timezone

from billing import deadlines, gateway, invoicing, payments, sweeps
from billing.models import Payment
from orders.models import Order
from tests.journeys import an_order

from .conftest import Processor

pytestmark = pytest.mark.django_db(transaction=True)
LATER = timedelta(minutes=5)


def start(order: Order) -> str:
    return payments.start(order, by=order.placed_by, at=timezone.now())


def paid_unheard(processor: Processor) -> Order:
    order = an_order()
    processor.pay(start(order))
    return order


def test_a_payment_that_cannot_be_settled_keeps_nobody_elses_waiting(processor: Processor, monkeypatch, caplog):
    cursed, other = paid_unheard(processor), paid_unheard(processor)
    issue = invoicing.issue

    def issue_but_one(order: Order, payment: Payment) -> object:
        if order.pk == cursed.pk:
            raise RuntimeError("no number today")
        return issue(order, payment)

    with monkeypatch.context() as patch, caplog.at_level(logging.CRITICAL):
        patch.setattr(invoicing, "issue", issue_but_one)
        for _ in range(2):
            sweeps.settle_all(at=timezone.now() + LATER)
    for order in (cursed, other):
        order.refresh_from_db()
    assert (cursed.status, other.status) == (Order.Status.AWAITING_PAYMENT, Order.Status.PAID)
    assert cursed.payments.get().succeeded_at is not None
    sweeps.settle_all(at=timezone.now() + LATER)
    cursed.refresh_from_db()
    assert cursed.status == Order.Status.PAID


def test_an_order_does_not_lapse_under_money_that_is_not_accounted_for(processor: Processor, monkeypatch, caplog):
    order = paid_unheard(processor)

    def broken(*args: object) -> None:
        raise RuntimeError("no number today")

    with monkeypatch.context() as patch, caplog.at_level(logging.CRITICAL):
        patch.setattr(invoicing, "issue", broken)
        sweeps.settle_all(at=timezone.now() + LATER)
        assert deadlines.expire_overdue(at=order.expires_from) == 0
    sweeps.settle_all(at=order.expires_from)
    order.refresh_from_db()
    assert order.status == Order.Status.PAID


def test_a_round_ends_when_its_time_is_up(monkeypatch):
    clock = iter(range(100))
    monkeypatch.setattr(sweeps.time, "monotonic", lambda: next(clock))
    seen: list[int] = []
    assert sweeps.one_by_one(range(100), lambda row, at: seen.append(row), at=timezone.now(), budget=3) == 0
    assert seen == [0, 1, 2]


def test_an_order_whose_page_the_processor_does_not_know_lapses(processor: Processor, caplog):
    order = an_order()
    start(order)
    processor.world.store.clear()
    with caplog.at_level(logging.CRITICAL):
        assert deadlines.expire_overdue(at=order.expires_from) == 1
    assert order.payments.get().status == Payment.Status.CLOSED


def test_money_on_a_page_that_was_given_up_is_still_found(processor: Processor):
    """Our keys were of another account for an hour: the pages were given up, and one of them was paid."""
    order = paid_unheard(processor)
    payments.give_up(order.payments.get())
    payments.observe(gateway.retrieve(order.payments.get().session_id), at=timezone.now())
    order.refresh_from_db()
    assert order.status == Order.Status.PAID


def test_an_attempt_whose_page_was_never_shown_ends_with_it(processor: Processor):
    order = an_order()
    payment = payments._open_attempt(order, at=timezone.now())
    sweeps.settle_all(at=timezone.now() + LATER)
    payment.refresh_from_db()
    assert payment.status == Payment.Status.CREATED
    sweeps.settle_all(at=payment.session_expires_at)
    payment.refresh_from_db()
    assert payment.status == Payment.Status.CLOSED


def test_the_page_of_an_order_that_waits_no_more_is_closed_within_minutes_however_old_it_is(processor: Processor):
    order = an_order()
    start(order)
    now = timezone.now()
    order.payments.update(created_at=now - timedelta(hours=10), checked_at=now - LATER)
    assert not Payment.objects.to_ask_about(now).exists()
    order.cancel(at=now, by=None)
    assert Payment.objects.to_ask_about(now).exists()
    sweeps.settle_all(at=now)
    assert order.payments.get().status == Payment.Status.CLOSED


def test_a_page_the_processor_does_not_answer_about_is_asked_about_again(processor: Processor):
    order = paid_unheard(processor)
    processor.switch("failing")
    sweeps.settle_all(at=timezone.now() + LATER)
    assert order.payments.get().succeeded_at is None
    processor.switch("ok")
    sweeps.settle_all(at=timezone.now() + 2 * LATER)
    order.refresh_from_db()
    assert order.status == Order.Status.PAID


def test_money_for_a_payment_of_ours_that_is_gone_is_said_aloud(processor: Processor, caplog):
    order = paid_unheard(processor)
    session = gateway.retrieve(order.payments.get().session_id)
    order.payments.all().delete()
    assert payments.observe(session, at=timezone.now()) is None
    assert "which we do not know" in caplog.text
