"""What pages and the whole journey ask of the database: few questions, and no more for a long history."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from billing.models import Invoice
from orders.models import Order
from shipping.models import Shipment
from tests.billing.conftest import Processor, processor
from tests.factories import OrderFactory
from tests.journeys import customer
from tests.masques import tour
from tests.orders.conftest import DELIVERY, commitment
from tests.sandbox.conftest import served_world, world
from tests.shipping.conftest import pay

__all__ = ["processor", "served_world", "world"]

A_PAGE, REQUESTS = 12, 12
# The first invoice of a year takes two more than the others. The aim is 60: `make bench` tells where they go.
A_JOURNEY = 81


@pytest.mark.django_db
@pytest.mark.parametrize("who", tour.EVERYBODY, ids=lambda who: who.__name__)
def test_no_page_asks_more_than_twelve_questions(who):
    visit = who()
    for name, url in visit.pages.items():
        with CaptureQueriesContext(connection) as asked:
            visit.client.get(url)
        assert len(asked) <= A_PAGE, f"{name}: " + "\n".join(query["sql"] for query in asked)


@pytest.mark.django_db
def test_public_pages_ask_a_visitor_next_to_nothing(client):
    customer()
    for name in ("home", "orders:prices"):
        with CaptureQueriesContext(connection) as asked:
            client.get(reverse(name))
        assert len(asked) == 1, name
    for name in ("orders:product", "pages:help", "pages:terms", "accounts:signup", "account_login", "shipping:search"):
        with CaptureQueriesContext(connection) as asked:
            client.get(reverse(name))
        assert len(asked) == 0, name


def history(user, orders: int) -> None:
    """So many orders of the past, each paid, invoiced, delivered."""
    for past in range(orders):
        ordered_at = timezone.now() - timedelta(days=20 * (past + 1))
        order = pay(OrderFactory(establishment=user.establishment, ordered_at=ordered_at))
        Invoice.objects.filter(order=order).update(pdf_path="invoices/x.pdf", pdf_size=20_000)
        Shipment.objects.create(
            order=order, weight_kg="0.50", status="delivered", parcel_number=f"6A{order.pk:011d}", is_final=True,
            prepared_at=ordered_at, shipped_at=ordered_at, delivered_at=ordered_at,
        )  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["accounts:space", "orders:list", "billing:invoices", "orders:shop"])
def test_a_list_asks_the_same_of_a_long_history_as_of_a_short_one(client, name):
    figures = []
    for orders in (2, 13):
        user = customer(headcount=49)
        history(user, orders)
        client.force_login(user)
        with CaptureQueriesContext(connection) as asked:
            page = client.get(reverse(name))
        assert page.status_code == 200
        figures.append(len(asked))
    assert figures[0] == figures[1]


# --- from the SIRET to the receipt


class Counted:
    """A browser whose requests and statements are counted, beginnings and ends of transactions apart."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.statements: dict[str, int] = {}

    def __call__(self, step: str, method: str, url: str, data: dict[str, str] | None = None):
        with CaptureQueriesContext(connection) as asked:
            response = getattr(self.client, method)(url, data or {})
        assert response.status_code in (200, 302, 303), step
        self.statements[step] = sum(query["sql"] not in ("BEGIN", "COMMIT") for query in asked)
        return response


@pytest.mark.django_db(transaction=True)
def test_a_whole_journey_keeps_to_its_requests_and_statements(client, processor: Processor):
    user = customer(headcount=49)
    client.force_login(user)
    go = Counted(client)
    go("home", "get", "/")
    go("SIRET", "post", "/", {"siret": user.establishment.siret})
    go("shop", "get", "/commander/")
    delivery = go("lots", "post", "/commander/", {"lots": "3"})["Location"]
    order = Order.objects.get()
    go("delivery", "get", delivery)
    summary = go("address", "post", delivery, DELIVERY)["Location"]
    said = commitment(go("summary", "get", summary))
    paying = reverse("billing:order_and_pay", args=[order.reference])
    page = go("confirm and pay", "post", paying, said)["Location"]
    way_back = processor.pay(page).headers["Location"]
    assert "session_id" in way_back
    receipt = go("return", "get", way_back)
    assert "Merci, votre règlement est enregistré" in receipt.content.decode()
    order.refresh_from_db()
    assert order.status == "paid"
    assert len(go.statements) <= REQUESTS
    assert sum(go.statements.values()) <= A_JOURNEY, go.statements
