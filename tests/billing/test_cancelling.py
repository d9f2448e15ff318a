"""Cancelling beside a payment: "nothing was charged" is written only where it is true."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from billing import cancelling, payments
from billing.models import Invoice, Payment
from notifications.models import Message
from orders.errors import OrderError
from orders.models import Order
from tests.journeys import an_order
from tests.races import at_once

from .conftest import Processor

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def order() -> Order:
    return an_order()


def start(order: Order) -> str:
    return payments.start(order, by=order.placed_by, at=timezone.now())


def cancel(order: Order) -> None:
    cancelling.cancel(order, by=order.placed_by, at=timezone.now())


def letters(kind: str) -> int:
    return Message.objects.filter(kind=kind).count()


def test_the_card_page_is_closed_with_the_order(processor: Processor, order: Order):
    url = start(order)
    cancel(order)
    assert order.status == Order.Status.CANCELLED
    assert order.payments.get().status == Payment.Status.CLOSED
    assert processor.pay(url).status_code != 303
    assert letters("orders/order_cancelled") == 1


def test_money_that_nobody_told_us_of_yet_wins(processor: Processor, order: Order):
    processor.pay(start(order))
    with pytest.raises(OrderError, match="Votre commande est réglée"):
        cancel(order)
    order.refresh_from_db()
    assert order.status == Order.Status.PAID
    assert Invoice.objects.filter(order=order).exists()
    assert letters("orders/order_cancelled") == 0


def test_while_the_processor_cannot_be_asked_nothing_is_cancelled(processor: Processor, order: Order):
    processor.pay(start(order))
    processor.switch("failing")
    browser = Client()
    browser.force_login(order.placed_by, backend="accounts.backends.AccountBackend")
    page = browser.post(reverse("billing:cancel", args=[order.reference]), follow=True)
    assert "nous ne pouvons pas encore dire s’il a abouti" in page.content.decode()
    order.refresh_from_db()
    assert order.status == Order.Status.AWAITING_PAYMENT
    assert letters("orders/order_cancelled") == 0


def test_an_attempt_whose_page_was_never_shown_is_given_up(processor: Processor, order: Order):
    payments._open_attempt(order, at=timezone.now())
    cancel(order)
    assert order.status == Order.Status.CANCELLED
    assert order.payments.get().status == Payment.Status.CLOSED


def test_a_page_opened_between_the_closing_and_the_lock_is_seen_under_the_lock(
    processor: Processor, order: Order, monkeypatch
):
    start(order)
    close: Callable[..., None] = cancelling.call_off

    def close_and_be_overtaken(payment: Payment, **facts: object) -> None:
        close(payment, **facts)
        other_tab = threading.Thread(target=lambda: (start(Order.objects.get()), connection.close()))
        other_tab.start()
        other_tab.join()

    monkeypatch.setattr(cancelling, "call_off", close_and_be_overtaken)
    with pytest.raises(OrderError, match="Un paiement est en cours"):
        cancel(order)
    assert Order.objects.get().status == Order.Status.AWAITING_PAYMENT


def test_cancelling_and_clicking_pay_in_the_same_second_leave_no_open_page_on_a_cancelled_order(processor: Processor):
    for _ in range(5):
        order = an_order()
        start(order)
        at_once(
            lambda pk=order.pk: cancel(Order.objects.get(pk=pk)), lambda pk=order.pk: start(Order.objects.get(pk=pk))
        )
        order.refresh_from_db()
        if order.status == Order.Status.CANCELLED:
            assert not order.payments.open().exists()


def test_money_for_a_cancelled_order_is_told_and_shown_to_the_customer(processor: Processor, order: Order):
    processor.pay(start(order))
    order.cancel(at=timezone.now(), by=None)
    payments.observe(payments.gateway.retrieve(order.payments.get().session_id), at=timezone.now())
    letter = Message.objects.get(kind="billing/payment_kept")
    assert letter.recipient == order.email
    assert "cette commande avait été annulée" in letter.body_text
    browser = Client()
    browser.force_login(order.placed_by, backend="accounts.backends.AccountBackend")
    for address in (order.get_absolute_url(), reverse("accounts:space")):
        page = browser.get(address).content.decode()
        assert "notre service client s’en occupe" in page
        assert "Rien n’a été débité" not in page


def test_a_payment_that_was_begun_is_named_on_the_order_page(processor: Processor, order: Order):
    browser = Client()
    browser.force_login(order.placed_by, backend="accounts.backends.AccountBackend")
    assert "Un paiement a été commencé" not in browser.get(order.get_absolute_url()).content.decode()
    start(order)
    assert "Un paiement a été commencé" in browser.get(order.get_absolute_url()).content.decode()
