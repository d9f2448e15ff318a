"""Two customers, two clicks, two processes in the same instant, on PostgreSQL."""

import multiprocessing
import os
import time
from urllib.parse import urlsplit

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Company
from eligibility.check import check
from notifications.models import Message
from orders import checkout
from orders.errors import BusyError, OrderError
from orders.models import Order, Stock
from tests.factories import EstablishmentFactory, OrderFactory, UserFactory
from tests.journeys import customer, register
from tests.orders import processes
from tests.orders.conftest import commitment, draft_of, shown
from tests.races import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def slow_check(monkeypatch):
    """Stretch the moment between looking and acting, so that a missing lock cannot pass by luck."""

    def slowly(siret, *, at):
        verdict = check(siret, at=at)
        time.sleep(0.15)
        return verdict

    monkeypatch.setattr(checkout, "check", slowly)


def confirming(order, user):
    said = shown(order)
    mine = Order.objects.get(pk=order.pk)
    return lambda: checkout.confirm(mine, by=user, at=timezone.now(), shown=said)


def colleague_of(user):
    """The account of another site of the same company, who may order as well."""
    colleague = UserFactory(establishment=EstablishmentFactory(company=user.establishment.company))
    register(colleague.establishment, headcount=49)
    return colleague


def test_two_colleagues_cannot_spend_the_same_quota(user, slow_check):
    colleague = colleague_of(user)
    mine, theirs = draft_of(user), draft_of(colleague)
    results = at_once(confirming(mine, user), confirming(theirs, colleague))
    assert sorted(type(result).__name__ for result in results) == ["NoneType", "OrderError"]
    refusal = next(result for result in results if result)
    assert "Une commande vient d’être passée pour votre entreprise. Prochaine commande possible" in str(refusal)
    assert sorted(Order.objects.values_list("status", flat=True)) == ["awaiting_payment", "draft"]
    assert Stock.objects.get(lot_size=40).available == 175_000 - 1


def test_two_processes_cannot_either(user):
    colleague = colleague_of(user)
    drafts = [draft_of(user), draft_of(colleague)]
    server = urlsplit(os.environ["DATABASE_URL"])
    database = server._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    context = multiprocessing.get_context("spawn")
    barrier, answers = context.Barrier(2), context.Queue()
    started = [
        context.Process(
            target=processes.confirm,
            args=(database, order.pk, tuple(str(value) for value in shown(order).__dict__.values()), barrier, answers),
        )
        for order in drafts
    ]
    for process in started:
        process.start()
    said = sorted(answers.get(timeout=60) for _ in started)
    for process in started:
        process.join(timeout=60)
        process.close()
    assert said[1] == "confirmed"
    assert said[0].startswith("Une commande vient d’être passée")
    assert Order.objects.spending().count() == 1


def test_a_double_click_makes_one_order_and_lands_on_it_twice(user, slow_check):
    order = draft_of(user)
    url = reverse("orders:summary", args=[order.reference])
    browsers = [Client(), Client()]
    for browser in browsers:
        browser.force_login(user, backend="accounts.backends.AccountBackend")
    said = commitment(browsers[0].get(url))
    pages = at_once(*(lambda browser=browser: browser.post(url, said) for browser in browsers))
    assert [page["Location"] for page in pages] == [order.get_absolute_url()] * 2
    assert order.events.count() == Message.objects.count() == 1
    assert Stock.objects.get(lot_size=40).available == 175_000 - 1


def test_the_last_lots_are_sold_once(user):
    for _ in range(3):
        Stock.objects.update(available=3)
        users = [customer(headcount=49) for _ in range(2)]
        drafts = [draft_of(each, lots=2) for each in users]
        results = at_once(*(confirming(order, each) for order, each in zip(drafts, users, strict=True)))
        assert sorted(type(result).__name__ for result in results) == ["NoneType", "OrderError"]
        assert "Le stock ne permet plus cette quantité." in str(results)
        assert Stock.objects.get(lot_size=40).available == 1


def test_of_cancelling_and_paying_the_first_wins_and_the_other_reads_why(user):
    won = set()
    now = timezone.now()
    for _ in range(6):
        order = OrderFactory(establishment=user.establishment)
        cancelling, paying = (Order.objects.get(pk=order.pk) for _ in range(2))
        results = at_once(
            lambda order=cancelling: order.cancel(at=now, by=user), lambda order=paying: order.mark_paid(at=now)
        )
        order.refresh_from_db()
        assert [type(result).__name__ for result in results] == (
            ["NoneType", "OrderError"] if order.status == "cancelled" else ["OrderError", "NoneType"]
        )
        assert (order.paid_at is None) == (order.status == "cancelled")
        assert order.events.count() == 1
        won.add(order.status)
        Order.objects.filter(pk=order.pk).update(quota_period=None, status="refunded")
    assert won <= {"cancelled", "paid"}


def test_of_paying_and_expiring_one_wins(user):
    for _ in range(4):
        order = OrderFactory(establishment=user.establishment)
        expiring, paying = (Order.objects.get(pk=order.pk) for _ in range(2))
        at = order.expires_from
        expired, paid = at_once(
            lambda order=expiring, at=at: order.expire(at=at), lambda order=paying, at=at: order.mark_paid(at=at)
        )
        order.refresh_from_db()
        assert (expired, paid) == (False, None) or (expired is True and isinstance(paid, OrderError))
        assert order.status == ("expired" if expired else "paid")
        Order.objects.filter(pk=order.pk).update(quota_period=None, status="refunded")


def test_an_address_typed_in_another_tab_while_confirming_is_never_taken_unseen(user, slow_check):
    order = draft_of(user)
    other_tab = Order.objects.get(pk=order.pk)

    def write():
        time.sleep(0.05)  # the first tab is between looking and acting now
        checkout.set_delivery(other_tab, {"city": "AILLEURS"}, at=timezone.now())

    confirmed, written = at_once(confirming(order, user), write)
    assert confirmed is None
    assert isinstance(written, OrderError)
    assert Order.objects.get().city == "REDON"


def test_two_tabs_that_order_at_once_share_one_draft(user):
    verdict = check(user.establishment.siret, at=timezone.now())

    def opening():
        return checkout.open_draft(user.establishment, by=user, verdict=verdict, lots=2, at=timezone.now())

    for _ in range(5):
        drafts = at_once(opening, opening, opening)
        assert len({draft.pk for draft in drafts}) == Order.objects.count() == 1
        Order.objects.all().delete()


def test_a_draft_that_is_being_confirmed_is_not_swept_away(user, slow_check):
    order = draft_of(user)
    confirm = confirming(order, user)

    def sweep():
        time.sleep(0.05)
        checkout.delete_untouched(since=timezone.now())

    assert at_once(confirm, sweep) == [None, None]
    assert Order.objects.get().status == "awaiting_payment"


@pytest.mark.usefixtures("little_patience")
class TestBusy:
    @staticmethod
    def hold(company: Company, seconds: float = 1):
        """Keep the company's row, as another operation that takes long would."""

        def run():
            with transaction.atomic():
                Company.objects.select_for_update(of=("self",)).get(pk=company.pk)
                time.sleep(seconds)

        return run

    def test_a_lock_that_does_not_come_is_a_sentence_and_nothing_is_written(self, user):
        order = draft_of(user)
        confirm = confirming(order, user)

        def click():
            time.sleep(0.1)
            confirm()

        _, answer = at_once(self.hold(user.establishment.company), click)
        assert isinstance(answer, BusyError)
        assert not isinstance(answer, OrderError)
        assert Order.objects.get().is_draft
        assert not Message.objects.exists()

    def test_the_page_says_so_and_can_be_sent_again(self, user):
        order = draft_of(user)
        url = reverse("orders:summary", args=[order.reference])
        browser = Client()
        browser.force_login(user, backend="accounts.backends.AccountBackend")
        said = commitment(browser.get(url))

        def click():
            time.sleep(0.1)
            return browser.post(url, said)

        _, page = at_once(self.hold(user.establishment.company), click)
        assert page.status_code == 200
        assert "réessayez dans un instant" in page.content.decode()
        assert browser.post(url, said).status_code == 302
