"""Paying: once, whoever tells first; money that arrived is never forgotten."""

from datetime import timedelta
from decimal import Decimal
from threading import Barrier, Thread

import pytest
from django.db import connection
from django.utils import timezone

from billing import deadlines, gateway, invoicing, payments, sweeps
from billing.models import Invoice, Payment
from notifications.models import Message
from orders.errors import OrderError
from orders.models import Order
from tests.journeys import an_order

from .conftest import DECLINED, Processor

pytestmark = pytest.mark.django_db(transaction=True)


def start(order: Order) -> str:
    return payments.start(order, by=order.placed_by, at=timezone.now())


def look(order: Order) -> Payment:
    """Ask the processor about the order's newest payment, as webhook and return page do."""
    payment = order.payments.latest("pk")
    payments.observe(gateway.retrieve(payment.session_id), at=timezone.now())
    order.refresh_from_db()
    payment.refresh_from_db()
    return payment


def messages(kind: str) -> int:
    return Message.objects.filter(kind=f"billing/{kind}").count()


def test_a_payment_marks_the_order_numbers_one_invoice_and_posts_one_receipt(processor: Processor):
    order = an_order(lots=1)
    assert processor.pay(start(order)).status_code == 303
    for _ in range(3):
        payment = look(order)
    assert order.status == Order.Status.PAID
    assert payment.outcome == Payment.Outcome.ORDER_PAID
    assert payment.amount_received == order.total_incl_vat == Decimal("97.59")
    assert order.paid_at == payment.succeeded_at
    assert Invoice.objects.get().order == order
    assert messages("payment_receipt") == 1


def test_the_processor_is_asked_for_the_frozen_total_to_the_cent(processor: Processor):
    order = an_order(headcount=49, lots=3)
    start(order)
    session = gateway.retrieve(order.payments.get().session_id)
    assert session.amount == order.total_incl_vat == Decimal("292.76")
    assert session.currency == "eur"


def test_two_clicks_share_one_page(processor: Processor):
    order = an_order()
    assert start(order) == start(order)
    assert order.payments.count() == 1


def test_a_refused_card_charges_nothing_and_leaves_the_order_payable(processor: Processor):
    order = an_order()
    processor.pay(start(order), DECLINED)
    payment = look(order)
    assert order.status == Order.Status.AWAITING_PAYMENT
    assert payment.succeeded_at is None
    assert processor.pay(start(order)).status_code == 303
    look(order)
    assert order.status == Order.Status.PAID


def test_webhook_and_return_page_in_the_same_moment_confirm_once(processor: Processor):
    order = an_order()
    processor.pay(start(order))
    session = gateway.retrieve(order.payments.get().session_id)
    barrier, failures = Barrier(2), []

    def tell() -> None:
        try:
            barrier.wait(5)
            payments.observe(session, at=timezone.now())
        except Exception as error:  # noqa: BLE001
            failures.append(error)
        finally:
            connection.close()

    threads = [Thread(target=tell) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert Invoice.objects.count() == 1
    assert messages("payment_receipt") == 1
    order.refresh_from_db()
    assert order.events.filter(status=Order.Status.PAID).count() == 1


def test_money_is_kept_when_its_consequences_fail_and_the_sweep_draws_them(processor: Processor, monkeypatch):
    order = an_order()
    processor.pay(start(order))

    def broken(*args: object) -> None:
        raise RuntimeError("no number today")

    with monkeypatch.context() as patch:
        patch.setattr(invoicing, "issue", broken)
        with pytest.raises(RuntimeError):
            look(order)
    payment = order.payments.get()
    assert payment.succeeded_at is not None
    assert payment.settled_at is None
    order.refresh_from_db()
    assert order.status == Order.Status.AWAITING_PAYMENT
    sweeps.settle_all(at=timezone.now())
    order.refresh_from_db()
    assert order.status == Order.Status.PAID
    assert Invoice.objects.count() == 1


def test_the_sweep_finds_a_payment_whose_webhook_was_lost(processor: Processor):
    order = an_order()
    processor.pay(start(order))
    sweeps.settle_all(at=timezone.now() + timedelta(minutes=5))
    order.refresh_from_db()
    assert order.status == Order.Status.PAID


def test_a_processor_that_does_not_answer_is_said_and_the_order_kept(processor: Processor):
    order = an_order()
    processor.switch("failing")
    with pytest.raises(OrderError, match="momentanément indisponible"):
        start(order)
    processor.switch("ok")
    assert start(order).startswith("http")
    assert order.payments.open().count() == 1


def test_no_page_is_opened_after_the_announced_deadline(processor: Processor):
    order = an_order(at=timezone.now() - timedelta(days=9))
    with pytest.raises(OrderError, match="dépassé"):
        start(order)


def test_a_page_never_outlives_the_silent_grace(processor: Processor):
    order = an_order()
    payments._open_attempt(order, at=order.due_at - timedelta(minutes=1))
    assert order.payments.get().session_expires_at == order.expires_from


def test_money_for_a_lapsed_order_is_recorded_and_shown_to_staff(processor: Processor):
    order = an_order()
    processor.pay(start(order))
    assert order.expire(at=order.expires_from)
    payment = look(order)
    assert payment.outcome == Payment.Outcome.LATE
    assert order.status == Order.Status.EXPIRED
    assert messages("payment_alert") == 1
    assert Invoice.objects.count() == 0


def test_money_for_a_cancelled_order_is_recorded_and_the_order_stays_cancelled(processor: Processor):
    order = an_order()
    processor.pay(start(order))
    order.cancel(at=timezone.now(), by=order.placed_by)
    payment = look(order)
    assert payment.outcome == Payment.Outcome.CANCELLED
    assert order.status == Order.Status.CANCELLED


def test_the_page_of_a_cancelled_order_is_closed_by_the_sweep(processor: Processor):
    order = an_order()
    url = start(order)
    order.cancel(at=timezone.now(), by=order.placed_by)
    sweeps.settle_all(at=timezone.now() + timedelta(minutes=5))
    assert order.payments.get().status == Payment.Status.CLOSED
    assert processor.pay(url).status_code != 303


def test_another_amount_than_ours_is_kept_apart(processor: Processor):
    order = an_order()
    processor.pay(start(order))
    Payment.objects.update(amount_incl_vat=Decimal("1.00"))
    payment = look(order)
    assert payment.outcome == Payment.Outcome.MISMATCH
    assert order.status == Order.Status.AWAITING_PAYMENT
    assert messages("payment_alert") == 1


def test_an_unpaid_order_lapses_after_the_grace_and_its_page_is_closed(processor: Processor):
    order = an_order()
    url = start(order)
    just_before, after = order.expires_from - timedelta(seconds=1), order.expires_from
    assert deadlines.expire_overdue(at=just_before) == 0
    assert deadlines.expire_overdue(at=after) == 1
    assert deadlines.expire_overdue(at=after) == 0
    order.refresh_from_db()
    assert order.status == Order.Status.EXPIRED
    assert order.quota_period is None
    assert processor.pay(url).status_code != 303
    assert Message.objects.filter(kind="orders/order_expired").count() == 1


def test_a_payment_found_while_closing_the_page_wins_over_the_deadline(processor: Processor):
    order = an_order()
    processor.pay(start(order))
    assert deadlines.expire_overdue(at=order.expires_from) == 0
    order.refresh_from_db()
    assert order.status == Order.Status.PAID


def test_nothing_lapses_while_the_processor_is_silent(processor: Processor):
    order = an_order()
    start(order)
    processor.switch("failing")
    assert deadlines.expire_overdue(at=order.expires_from) == 0
    order.refresh_from_db()
    assert order.status == Order.Status.AWAITING_PAYMENT
    processor.switch("ok")
    assert deadlines.expire_overdue(at=order.expires_from) == 1


def test_payment_and_expiry_in_the_same_moment_end_in_one_state(processor: Processor):
    order = an_order()
    processor.pay(start(order))
    session = gateway.retrieve(order.payments.get().session_id)
    barrier, failures = Barrier(2), []

    def run(verb) -> None:
        try:
            barrier.wait(5)
            verb()
        except Exception as error:  # noqa: BLE001
            failures.append(error)
        finally:
            connection.close()

    mine = Order.objects.get(pk=order.pk)
    threads = [
        Thread(target=run, args=[lambda: payments.observe(session, at=order.expires_from)]),
        Thread(target=run, args=[lambda: mine.expire(at=order.expires_from)]),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    order.refresh_from_db()
    outcome = order.payments.get().outcome
    assert (order.status, outcome) in {("paid", "order_paid"), ("expired", "late")}
    assert Invoice.objects.count() == (1 if order.status == "paid" else 0)
