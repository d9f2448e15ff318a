"""Work that is lost on the way is found again: nothing the customer sees is missing, and nothing comes twice."""

from collections.abc import Callable

import psycopg
import pytest
from playwright.sync_api import Page, expect

from sandbox.supervisor import Stack, answers
from tests.browser.customer import Customer
from tests.browser.desk import Desk
from tests.browser.outside import Outside, until

SWEEPERS = (
    "notifications.tasks.deliver_due",
    "billing.tasks.settle_payments",
    "billing.tasks.make_missing_pdfs",
    "shipping.tasks.open_missing",
)


@pytest.mark.parametrize("dead", [("worker",), ("worker", "valkey")], ids=["worker", "worker and broker"])
def test_an_order_paid_while_nobody_works_loses_nothing_and_doubles_nothing(
    stack: Stack,
    page: Page,
    customer: Callable[..., Customer],
    desk: Callable[[], Desk],
    outside: Outside,
    dead: tuple[str, ...],
) -> None:
    buyer, staff = customer(page), desk()
    buyer.sign_up()
    buyer.order()
    before = len(buyer.subjects())
    for name in dead:
        stack.kill_child(name)
    try:
        outside.switch("stripe", "twice")
        buyer.commit_and_pay()
        buyer.pay()
        buyer.expect_thanks()
        the_pages_keep_working(buyer)
        assert len(buyer.subjects()) == before
        assert "valkey" in dead or outside.waiting_tasks() >= 2, "two messages wait in the broker"
    finally:
        for name in reversed(dead):
            stack.start_child(name)

    everything_arrives(stack, buyer, staff, outside)
    outside.stack_runs(*SWEEPERS, *SWEEPERS)
    until(lambda: not outside.waiting_tasks(), "the worker's queue to be empty")
    subjects = buyer.subjects()[before:]
    assert sorted(subject.split(" ")[0] for subject in subjects) == ["Commande", "Reçu"], subjects


def the_pages_keep_working(buyer: Customer) -> None:
    page = buyer.page
    page.goto("/mes-factures/")
    expect(page.locator("main")).to_contain_text("Le PDF est en cours de préparation")
    page.goto(f"/commandes/{buyer.reference}/")
    expect(page.locator("main .tag")).to_have_text("Réglée")
    page.goto("/mon-espace/")
    expect(page.locator("main")).to_contain_text(buyer.reference)


def everything_arrives(stack: Stack, buyer: Customer, staff: Desk, outside: Outside) -> None:
    for subject in (f"Commande {buyer.reference} enregistrée", f"Reçu de paiement – commande {buyer.reference}"):
        outside.nudged(
            *SWEEPERS, probe=lambda subject=subject: outside.mails(buyer.email, subject), what=f"e-mail « {subject} »"
        )
    outside.nudged(*SWEEPERS, probe=lambda: staff.look_up(buyer.reference), what="the order in the queue")
    buyer.await_invoice()
    until(lambda: answers(f"{stack.shop_url}/readyz"), "a heartbeat: beat has found the broker again")
    stack.check()


def test_a_message_that_the_mail_server_puts_off_arrives_once(
    stack: Stack, page: Page, customer: Callable[..., Customer], outside: Outside
) -> None:
    buyer = customer(page)
    buyer.sign_up()
    buyer.order()
    outside.switch("mail", "failing")
    buyer.commit_and_pay_later()
    subject = f"Commande {buyer.reference} enregistrée"
    until(lambda: the_log(stack, buyer) == [("pending", 1)], "a first attempt that fails")
    assert outside.mails(buyer.email, subject) == []

    outside.switch("mail", "ok")
    let_time_pass(stack, buyer)
    outside.nudged(
        "notifications.tasks.deliver_due", probe=lambda: outside.mails(buyer.email, subject), what=f"« {subject} »"
    )
    let_time_pass(stack, buyer)
    outside.stack_runs("notifications.tasks.deliver_due")
    until(lambda: not outside.waiting_tasks(), "the worker's queue to be empty")
    assert len(outside.mails(buyer.email, subject)) == 1
    assert the_log(stack, buyer) == [("sent", 2)]


def the_log(stack: Stack, buyer: Customer) -> list[tuple[str, int]]:
    """State and attempts of the e-mail about this order."""
    sql = "SELECT status, attempts FROM notifications_message WHERE about = %s AND channel = 'email'"
    with psycopg.connect(stack.database_url) as connection:
        return connection.execute(sql, [buyer.reference]).fetchall()


def let_time_pass(stack: Stack, buyer: Customer) -> None:
    """A server that puts a message off is asked again after five minutes: they are over."""
    sql = "UPDATE notifications_message SET next_attempt_at = now() - interval '1 minute' WHERE about = %s"
    with psycopg.connect(stack.database_url) as connection:
        connection.execute(sql, [buyer.reference])
