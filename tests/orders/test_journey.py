"""The way from the offer to the order, page by page."""

import pytest
from django.urls import reverse

from orders.models import Order
from tests.orders.conftest import DELIVERY, commitment

PAGES = ("orders:product", "orders:prices")


@pytest.mark.parametrize("name", PAGES)
def test_public_pages_need_no_account(client, db, name):
    assert client.get(reverse(name)).status_code == 200


def test_a_customer_orders_and_pays_later(browser, user):
    page = browser.get("/commander/")
    assert "3\u00a0lots de 40" in page.content.decode()

    page = browser.post("/commander/", {"lots": "3"})
    order = Order.objects.get()
    assert page["Location"] == reverse("orders:delivery", args=[order.reference])

    assert "ATELIER" in browser.get(page["Location"]).content.decode()
    page = browser.post(page["Location"], DELIVERY)
    assert page["Location"] == reverse("orders:summary", args=[order.reference])

    page = browser.get(page["Location"])
    assert "292,76\u00a0€" in page.content.decode()

    page = browser.post(reverse("orders:summary", args=[order.reference]), commitment(page))
    assert page["Location"] == order.get_absolute_url()

    page = browser.get(page["Location"]).content.decode()
    assert f"Votre commande {order.reference} est enregistrée" in page
    order.refresh_from_db()
    assert order.status == "awaiting_payment"
    assert order.placed_by == user
    assert str(order.total_incl_vat) == "292.76"
