"""A processor that hangs, fails, forgets or repeats itself: the order stays payable, and one page is open at most."""

import pytest
from django.utils import timezone

from billing import gateway, payments
from billing.models import Payment
from orders.errors import OrderError
from orders.models import Order
from tests.journeys import an_order

from .conftest import DECLINED, Processor

pytestmark = pytest.mark.django_db(transaction=True)


def start(order: Order) -> str:
    return payments.start(order, by=order.placed_by, at=timezone.now())


def test_a_creation_that_timed_out_is_repeated_with_its_key_and_makes_one_page(processor: Processor, settings):
    settings.STRIPE_TIMEOUT = 1
    gateway._client.cache_clear()
    order = an_order()
    processor.http.switch("stripe", "timeout", 3)
    url = start(order)
    processor.switch("ok")
    assert url == start(order)
    assert len(processor.world.store.all("stripe.checkout.session")) == 1


def test_a_processor_that_hangs_holds_one_request_and_not_the_next(processor: Processor, settings):
    settings.STRIPE_API_BASE = "http://127.0.0.1:1"
    gateway._client.cache_clear()
    order = an_order()
    with pytest.raises(OrderError, match="momentanément indisponible"):
        start(order)
    assert gateway.pause.is_on()
    settings.STRIPE_API_BASE = f"{processor.world.base_url}/stripe"
    gateway._client.cache_clear()
    with pytest.raises(OrderError, match="momentanément indisponible"):
        start(order)
    assert processor.world.store.all("stripe.checkout.session") == []
    gateway.pause.end()
    assert start(order).startswith("http")
    assert order.payments.count() == 1


def test_a_stored_failure_is_not_asked_for_again(processor: Processor):
    """The processor replays a 500 for a day: the next click brings a key of its own, and the lost page is unpayable."""
    order = an_order()
    processor.switch("broken")
    with pytest.raises(OrderError, match=r"Votre commande est conservée jusqu’au .* inclus"):
        start(order)
    processor.switch("ok")
    assert start(order).startswith("http")
    assert sorted(order.payments.values_list("status", flat=True)) == [Payment.Status.CLOSED, Payment.Status.OPEN]


def test_an_address_mended_by_staff_does_not_block_a_creation_that_timed_out(processor: Processor):
    """The repeated call has other parameters than the first: the processor refuses the key."""
    order = an_order()
    payment = payments._open_attempt(order, at=timezone.now())
    gateway.open_checkout(payment, return_url="http://testserver/", email="before@entreprise.example")
    with pytest.raises(OrderError):
        start(order)
    assert start(order).startswith("http")


@pytest.mark.parametrize("mode", ["conflict", "limited"])
def test_a_processor_that_puts_us_off_is_said(processor: Processor, mode: str, monkeypatch):
    monkeypatch.setattr(payments, "OTHER_CLICK", 0)
    order = an_order()
    processor.switch(mode)
    with pytest.raises(OrderError, match="momentanément indisponible"):
        start(order)
    processor.switch("ok")
    assert start(order).startswith("http")
    assert order.payments.count() == 1


def test_a_page_about_to_close_is_replaced_by_one_that_lasts(processor: Processor):
    order = an_order()
    first = start(order)
    soon = order.payments.get().session_expires_at - payments.PAGE_MARGIN
    second = payments.start(order, by=order.placed_by, at=soon)
    assert first != second
    assert processor.pay(first).status_code != 303
    assert order.payments.open().get().checkout_url == second


def test_a_page_the_processor_does_not_know_does_not_block_its_order(processor: Processor):
    order = an_order()
    first = start(order)
    processor.world.store.clear()
    assert start(order) != first
    assert sorted(order.payments.values_list("status", flat=True)) == [Payment.Status.CLOSED, Payment.Status.OPEN]


def test_a_card_refused_by_the_bank_is_known(processor: Processor):
    order = an_order()
    url = start(order)
    session_id = order.payments.get().session_id
    assert not gateway.retrieve(session_id).is_declined
    processor.pay(url, DECLINED)
    assert gateway.retrieve(session_id).is_declined
    processor.pay(url)
    paid = gateway.retrieve(session_id)
    assert (paid.is_paid, paid.is_declined, paid.is_open) == (True, False, False)
