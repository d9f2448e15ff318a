"""The same money in two places at once, on PostgreSQL. Each test fails when the lock it names is taken out."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from billing import deadlines, gateway, payments, sweeps
from billing.models import Invoice, Payment
from notifications.models import Message
from orders.models import Order
from tests.journeys import an_order
from tests.races import at_once

from .conftest import Processor
from .test_webhooks import event, post

pytestmark = pytest.mark.django_db(transaction=True)


def clicking(order: Order):
    mine = Order.objects.select_related("placed_by").get(pk=order.pk)
    return lambda: payments.start(mine, by=mine.placed_by, at=timezone.now())


def observing(session: gateway.Session):
    return lambda: payments.observe(session, at=timezone.now())


def sessions(processor: Processor) -> int:
    return len(processor.world.store.all("stripe.checkout.session"))


def messages(kind: str) -> int:
    return Message.objects.filter(kind=f"billing/{kind}").count()


@pytest.fixture
def slow_insert(monkeypatch):
    """Stretch the moment between looking for an open attempt and making one."""
    save = Payment.save

    def slowly(self, *args, **options):
        if self._state.adding:
            time.sleep(0.3)
        save(self, *args, **options)

    monkeypatch.setattr(Payment, "save", slowly)


def test_two_clicks_in_the_same_second_open_one_page(processor: Processor, slow_insert):
    """The order's lock in `_open_attempt`: the second click waits, and finds the attempt of the first."""
    order = an_order()
    first, second = at_once(clicking(order), clicking(order))
    assert first == second
    assert str(first).startswith("http")
    assert (order.payments.count(), sessions(processor)) == (1, 1)


def test_the_second_click_waits_for_the_page_that_the_first_is_opening(processor: Processor, monkeypatch):
    """While the first request is under way the processor answers 409 to the second."""
    monkeypatch.setattr(payments, "OTHER_CLICK", 0.5)
    order = an_order()
    processor.http.switch("stripe", "slow", 1)
    first, second = at_once(clicking(order), clicking(order))
    assert first == second
    assert (order.payments.count(), sessions(processor)) == (1, 1)


def test_a_page_whose_attempt_was_given_up_meanwhile_is_shown_to_nobody(processor: Processor, monkeypatch):
    order = an_order()
    open_checkout = gateway.open_checkout

    def overtaken(payment: Payment, **options: str) -> gateway.Session:
        session = open_checkout(payment, **options)
        if order.payments.count() == 1:
            payments.give_up(payment)  # another click was told that this key leads nowhere
        return session

    monkeypatch.setattr(gateway, "open_checkout", overtaken)
    monkeypatch.setattr(payments, "OTHER_CLICK", 0)
    url = clicking(order)()
    lost, shown = order.payments.order_by("pk")
    assert (lost.status, lost.session_id) == (Payment.Status.CLOSED, None)
    assert (shown.status, shown.checkout_url) == (Payment.Status.OPEN, url)


def paid_twice(processor: Processor) -> tuple[Order, list[gateway.Session]]:
    """An order with two pages, both paid: as if a first page had been taken for closed."""
    order = an_order()
    for _ in range(2):
        processor.pay(clicking(order)())
        order.payments.open().update(status=Payment.Status.CLOSED)
    return order, [gateway.retrieve(payment.session_id) for payment in order.payments.all()]


def test_two_payments_of_one_order_at_once_pay_it_once(processor: Processor, monkeypatch):
    """The order's lock in `settle`: the second sees that the order is paid, and is money in excess."""
    order, (first, second) = paid_twice(processor)
    outcome = payments._outcome

    def slowly(order: Order) -> Payment.Outcome:
        time.sleep(0.3)
        return outcome(order)

    monkeypatch.setattr(payments, "_outcome", slowly)
    results = at_once(observing(first), observing(second))
    assert [type(result) for result in results] == [Payment, Payment]
    assert sorted(order.payments.values_list("outcome", flat=True)) == ["order_paid", "overpaid"]
    assert (Invoice.objects.count(), messages("payment_receipt"), messages("payment_alert")) == (1, 1, 1)
    assert order.events.filter(status=Order.Status.PAID).count() == 1


def test_what_was_read_before_the_money_came_does_not_overwrite_it(processor: Processor, monkeypatch):
    """The payment's lock in `observe`: who asked the processor first writes its "open" after the other's "paid"."""
    order = an_order()
    url = clicking(order)()
    session_id = order.payments.get().session_id
    before = gateway.retrieve(session_id)
    processor.pay(url)
    after = gateway.retrieve(session_id)
    save, is_told = Payment.save, threading.Event()

    def slowly(self, *args, **options):
        if self.succeeded_at is None:
            is_told.wait(0.7)
        save(self, *args, **options)

    def tell() -> None:
        time.sleep(0.1)
        payments.observe(after, at=timezone.now())
        is_told.set()

    monkeypatch.setattr(Payment, "save", slowly)
    results = at_once(observing(before), tell)
    assert not [result for result in results if isinstance(result, Exception)]
    assert order.payments.get().outcome == Payment.Outcome.ORDER_PAID
    order.refresh_from_db()
    assert order.status == Order.Status.PAID


@contextmanager
def held_elsewhere(row: Order | Payment) -> Iterator[None]:
    """Somebody else holds the row."""
    is_held, may_end = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            type(row).objects.select_for_update(of=("self",), no_key=True).get(pk=row.pk)
            is_held.set()
            may_end.wait(5)
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    assert is_held.wait(5)
    try:
        yield
    finally:
        may_end.set()
        thread.join()


def test_money_for_a_busy_order_is_kept_and_told_again(processor: Processor, little_patience):
    order = an_order()
    processor.pay(clicking(order)())
    session_id = order.payments.get().session_id
    with held_elsewhere(order):
        assert post(event(session_id)).status_code == 503
        payment = order.payments.get()
        assert payment.succeeded_at is not None
        assert payment.settled_at is None
    assert post(event(session_id)).status_code == 200
    order.refresh_from_db()
    assert order.status == Order.Status.PAID


def test_news_of_a_busy_payment_is_asked_for_again(processor: Processor, little_patience):
    order = an_order()
    processor.pay(clicking(order)())
    payment = order.payments.get()
    with held_elsewhere(payment):
        assert post(event(payment.session_id)).status_code == 503
    assert order.payments.get().succeeded_at is None
    assert post(event(payment.session_id)).status_code == 200


def test_pages_of_a_busy_order_answer_and_never_say_that_nothing_was_charged(processor: Processor, little_patience):
    order = an_order()
    browser = Client()
    browser.force_login(order.placed_by, backend="accounts.backends.AccountBackend")
    pay, back = (reverse(f"billing:{name}", args=[order.reference]) for name in ("pay", "return"))
    with held_elsewhere(order):
        assert "réessayez dans un instant" in browser.post(pay, follow=True).content.decode()
    processor.pay(clicking(order)())
    with held_elsewhere(order):
        for address in (back, f"{back}?abandon=1", f"{back}?session_id={order.payments.get().session_id}"):
            page = browser.get(address)
            assert page.status_code == 200
            assert page.context["state"] == "waiting"


def test_an_expiry_and_a_sweep_pass_over_a_busy_order(processor: Processor, little_patience):
    order, other = an_order(), an_order()
    clicking(order)()
    at = max(order.expires_from, other.expires_from) + timedelta(minutes=1)
    with held_elsewhere(order):
        sweeps.settle_all(at=at)
        assert deadlines.expire_overdue(at=at) == 1
    assert deadlines.expire_overdue(at=at) == 1


def test_two_workers_expire_an_order_once(processor: Processor):
    order = an_order()
    clicking(order)()
    at = order.expires_from
    results = at_once(*[lambda: deadlines.expire_overdue(at=at)] * 2)
    assert sorted(results) == [0, 1]
    assert Message.objects.filter(kind="orders/order_expired").count() == 1
