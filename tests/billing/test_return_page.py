"""Back from the card page: every case of the screens, and "nothing was charged" only where that is known."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from billing import gateway, invoicing
from billing.models import Payment
from orders.models import Order
from tests.journeys import an_order

from .conftest import DECLINED, Processor

pytestmark = pytest.mark.django_db(transaction=True)
NOTHING_CHARGED = "ien n’a été débité"


class Buyer:
    """A customer with one order to pay."""

    def __init__(self) -> None:
        self.order = an_order()
        self.browser = Client()
        self.browser.force_login(self.order.placed_by, backend="accounts.backends.AccountBackend")

    def leave(self) -> str:
        """Press the button; the address of the card page."""
        return self.browser.post(reverse("billing:pay", args=[self.order.reference])).headers["Location"]

    @property
    def session_id(self) -> str:
        return self.order.payments.latest("pk").session_id

    def come_back(self, query: str = "abandon=1") -> tuple[str, str]:
        """The state of the page, and its words."""
        address = reverse("billing:return", args=[self.order.reference])
        page = self.browser.get(f"{address}?{query}")
        assert page.status_code == 200
        return page.context["state"], page.content.decode().replace("&nbsp;", "\u00a0")


@pytest.fixture
def buyer(processor: Processor) -> Buyer:
    return Buyer()


def test_paid(buyer: Buyer, processor: Processor):
    processor.pay(buyer.leave())
    for _ in range(2):
        state, text = buyer.come_back(f"session_id={buyer.session_id}")
        assert state == "paid"
        assert "Merci, votre règlement est enregistré" in text
        assert buyer.order.email in text


def test_paid_and_then_back_by_the_other_door(buyer: Buyer, processor: Processor):
    processor.pay(buyer.leave())
    assert buyer.come_back()[0] == "paid"


def test_not_sure_yet(buyer: Buyer):
    buyer.leave()
    state, text = buyer.come_back(f"session_id={buyer.session_id}")
    assert state == "waiting"
    assert "Nous attendons la confirmation de votre banque" in text
    assert 'http-equiv="refresh"' in text
    assert NOTHING_CHARGED not in text


def test_given_up(buyer: Buyer):
    buyer.leave()
    state, text = buyer.come_back()
    assert state == "left"
    assert "Vous avez quitté la page de paiement, rien n’a été débité" in text
    assert "Reprendre le paiement" in text


def test_refused_by_the_bank(buyer: Buyer, processor: Processor):
    processor.pay(buyer.leave(), DECLINED)
    state, text = buyer.come_back()
    assert state == "refused"
    assert "Votre banque a refusé le paiement. Rien n’a été débité. Essayez une autre carte" in text
    assert "Réessayer" in text


def test_the_page_expired_under_the_customers_hands(buyer: Buyer):
    buyer.leave()
    gateway.close(buyer.session_id)
    state, text = buyer.come_back(f"session_id={buyer.session_id}")
    assert state == "left"
    assert NOTHING_CHARGED in text


@pytest.mark.parametrize("query", ["abandon=1", "session_id"])
def test_while_the_processor_is_down_nothing_is_claimed(buyer: Buyer, processor: Processor, query: str):
    processor.pay(buyer.leave())
    processor.switch("failing")
    state, text = buyer.come_back(query if "=" in query else f"session_id={buyer.session_id}")
    assert state == ("down" if query == "abandon=1" else "waiting")
    assert NOTHING_CHARGED not in text
    if state == "down":
        assert "Le paiement est momentanément indisponible. Votre commande est conservée jusqu’au" in text


def test_money_not_yet_accounted_for_is_waited_for(buyer: Buyer, processor: Processor, monkeypatch):
    processor.pay(buyer.leave())

    def broken(*args: object) -> None:
        raise RuntimeError("no number today")

    monkeypatch.setattr(invoicing, "issue", broken)
    for query in (f"session_id={buyer.session_id}", f"session_id={buyer.session_id}", "abandon=1"):
        state, text = buyer.come_back(query)
        assert state == "waiting"
        assert NOTHING_CHARGED not in text


def overdue(order: Order, by: timedelta) -> None:
    """Move the deadline into the past."""
    Order.objects.filter(pk=order.pk).update(due_at=timezone.now() - by)


def test_between_deadline_and_expiry(buyer: Buyer):
    buyer.leave()
    overdue(buyer.order, timedelta(seconds=5))
    state, text = buyer.come_back()
    assert state == "grace"
    assert "Un paiement déjà commencé est encore pris en compte" in text


def test_lapsed(buyer: Buyer):
    buyer.leave()
    assert buyer.order.expire(at=buyer.order.expires_from)
    state, text = buyer.come_back()
    assert state == "over"
    assert f"Le délai de règlement de la commande {buyer.order.reference} est dépassé\u00a0: elle est annulée" in text


def test_lapsed_and_paid_too_late(buyer: Buyer, processor: Processor):
    processor.pay(buyer.leave())
    assert buyer.order.expire(at=buyer.order.expires_from)
    state, text = buyer.come_back()
    assert state == "with_staff"
    assert "Ne payez pas une seconde fois" in text
    assert NOTHING_CHARGED not in text


def test_cancelled_and_the_processor_down(buyer: Buyer, processor: Processor):
    processor.pay(buyer.leave())
    buyer.order.cancel(at=timezone.now(), by=None)
    processor.switch("failing")
    state, text = buyer.come_back()
    assert state == "waiting"
    assert NOTHING_CHARGED not in text


def test_another_amount_than_ours(buyer: Buyer, processor: Processor):
    processor.pay(buyer.leave())
    buyer.order.payments.update(amount_incl_vat="1.00")
    assert buyer.come_back()[0] == "with_staff"


def test_never_left(buyer: Buyer):
    assert buyer.come_back("")[0] == "left"


def test_refunded_since(buyer: Buyer):
    Order.objects.filter(pk=buyer.order.pk).update(status="refunded", quota_period=None, paid_at=timezone.now())
    address = reverse("billing:return", args=[buyer.order.reference])
    assert buyer.browser.get(address).headers["Location"] == buyer.order.get_absolute_url()


def test_the_page_of_another_order_or_company_does_not_exist(buyer: Buyer):
    theirs = Buyer()
    theirs.leave()
    address = reverse("billing:return", args=[buyer.order.reference])
    for query in (f"session_id={theirs.session_id}", "session_id=cs_test_unknown", "session_id=%7BCHECKOUT"):
        assert buyer.browser.get(f"{address}?{query}").status_code == 404
    assert buyer.browser.get(reverse("billing:return", args=[theirs.order.reference])).status_code == 404


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("paid", "Cette commande est déjà réglée."),
        ("expired", "est dépassé\u00a0: elle est annulée. Vous pouvez en passer une nouvelle."),
        ("cancelled", "Cette commande n’attend plus de règlement."),
    ],
)
def test_an_order_that_waits_for_no_money_opens_no_page(buyer: Buyer, status: str, said: str):
    facts = {"paid_at": timezone.now()} if status == "paid" else {"quota_period": None}
    Order.objects.filter(pk=buyer.order.pk).update(status=status, **facts)
    page = buyer.browser.post(reverse("billing:pay", args=[buyer.order.reference]), follow=True)
    assert said in page.content.decode().replace("&nbsp;", "\u00a0")
    assert Payment.objects.count() == 0
