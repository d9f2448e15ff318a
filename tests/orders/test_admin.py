"""Orders, prices and stock at the staff desk."""

from datetime import date
from decimal import Decimal

import pytest
from django.contrib.admin.models import LogEntry
from django.test import RequestFactory
from django.urls import reverse
from django.utils import timezone

from orders import catalogue
from orders.admin import OrderAdmin
from orders.models import Order, Price, Stock, VatRate
from tests.factories import OrderFactory, UserFactory

NOW = timezone.now()


@pytest.fixture
def desk(client, db):
    """A superuser's browser."""
    catalogue.seed()
    client.force_login(UserFactory(staff=True, is_superuser=True))
    return client


@pytest.mark.parametrize("typed", ["{0}", " {1} ", "{siret}", "{email}"])
def test_an_order_is_found_by_what_a_caller_dictates(desk, typed):
    order, _other = OrderFactory(), OrderFactory()
    text = typed.format(
        order.reference, f"{order.reference[:4]} {order.reference[4:]}".lower(),
        siret=order.establishment.siret, email=order.email,
    )  # fmt: skip
    page = desk.get(reverse("admin:orders_order_changelist"), {"q": text})
    assert [found.pk for found in page.context["cl"].queryset] == [order.pk]


def test_the_list_of_orders_costs_a_fixed_number_of_queries(desk, django_assert_max_num_queries):
    OrderFactory.create_batch(10)
    with django_assert_max_num_queries(12):
        desk.get(reverse("admin:orders_order_changelist"))


def test_state_and_amounts_cannot_be_typed(desk):
    order = OrderFactory()
    page = desk.get(reverse("admin:orders_order_change", args=[order.pk]))
    assert set(page.context["adminform"].form.fields) == {*Order.RECIPIENT_FIELDS, "purchase_order"}


def test_an_order_that_is_over_cannot_be_changed_at_all(desk):
    order = OrderFactory(expired=True)
    page = desk.get(reverse("admin:orders_order_change", args=[order.pk]))
    assert not page.context["adminform"].form.fields


def as_it_stands(desk, order):
    """The address of an order's sheet, and its form as the browser would send it back."""
    url = reverse("admin:orders_order_change", args=[order.pk])
    form = desk.get(url).context["adminform"].form
    typed = {name: form.initial.get(name) or "" for name in form.fields}
    return url, typed | {"events-TOTAL_FORMS": "0", "events-INITIAL_FORMS": "0"}


def test_support_mends_an_address_but_not_into_another_price_zone(desk):
    order = OrderFactory()
    url, typed = as_it_stands(desk, order)

    refused = desk.post(url, typed | {"postal_code": "97300", "city": "CAYENNE"})
    assert "zone tarifaire" in refused.context["adminform"].form.errors["postal_code"][0]

    refused = desk.post(url, typed | {"mobile": "01 42 34 56 78"})
    assert "numéro de mobile" in refused.context["adminform"].form.errors["mobile"][0]

    desk.post(url, typed | {"postal_code": "75011", "city": "PARIS", "mobile": "06 39 98 00 02"})
    order.refresh_from_db()
    assert (order.city, order.mobile) == ("PARIS", "+33639980002")


def test_telephone_numbers_are_read_written_and_remembered_as_people_say_them(desk):
    order = OrderFactory(mobile="+33639980001", phone="")
    url, typed = as_it_stands(desk, order)
    assert typed["mobile"] == "06\u00a039\u00a098\u00a000\u00a001"
    desk.post(url, typed | {"city": "RENNES"})
    order.refresh_from_db()
    assert (order.city, order.mobile) == ("RENNES", "+33639980001")
    assert "+33" not in LogEntry.objects.latest("pk").get_change_message()
    desk.post(url, typed | {"city": "RENNES", "mobile": "0639980002"})
    assert "→ «\u00a006\u00a039\u00a098\u00a000\u00a002\u00a0»" in LogEntry.objects.latest("pk").get_change_message()
    order.cancel(by=None, at=timezone.now())
    page = desk.get(url).content.decode()
    assert "06\u00a039\u00a098\u00a000\u00a002" in page
    assert "+33639980002" not in page


@pytest.mark.parametrize("blank", ["legal_name", "contact_name", "mobile", "email", "street_name", "city"])
def test_support_leaves_nothing_out_that_a_parcel_needs(desk, blank):
    url, typed = as_it_stands(desk, OrderFactory())
    page = desk.post(url, typed | {blank: ""})
    assert "Ce champ est obligatoire." in page.context["adminform"].form.errors[blank]


def test_support_sends_no_parcel_to_a_post_box(desk):
    url, typed = as_it_stands(desk, OrderFactory())
    page = desk.post(url, typed | {"street_name": "BP 40", "city": "CASSIS CEDEX"})
    assert {"street_name", "city"} <= set(page.context["adminform"].form.errors)


def test_what_support_changed_is_written_down_with_what_was_there(desk):
    order = OrderFactory()
    url, typed = as_it_stands(desk, order)
    desk.post(url, typed | {"contact_name": "Camille Durand"})
    said = LogEntry.objects.get().change_message
    assert f"«\u00a0{order.contact_name}\u00a0» → «\u00a0Camille Durand\u00a0»" in said


@pytest.mark.parametrize(
    "facts", [{"label_state": "wanted"}, {"parcel_number": "6A12345678901", "shipped_at": NOW, "status": "shipped"}]
)
def test_once_a_label_is_wanted_the_address_is_fixed(desk, facts):
    order = OrderFactory(paid=True)
    order.shipments.create(weight_kg="0.50", **facts)
    page = desk.get(reverse("admin:orders_order_change", args=[order.pk]))
    assert not page.context["adminform"].form.fields


def test_an_order_is_found_by_its_parcel_and_leads_to_its_papers(desk):
    order = OrderFactory(paid=True)
    order.shipments.create(weight_kg="0.50", parcel_number="6A12345678901")
    OrderFactory(paid=True)
    page = desk.get(reverse("admin:orders_order_changelist"), {"q": "6a 1234567 8901"})
    assert [found.pk for found in page.context["cl"].queryset] == [order.pk]
    sheet = desk.get(reverse("admin:orders_order_change", args=[order.pk])).content.decode()
    assert f"{reverse('admin:shipping_shipment_changelist')}?q={order.reference}" in sheet


def test_staff_cancel_unpaid_orders_and_read_one_answer_for_each(desk):
    unpaid, paid = OrderFactory(), OrderFactory(paid=True)
    page = desk.post(
        reverse("admin:orders_order_changelist"),
        {"action": "cancel_unpaid", "_selected_action": [unpaid.pk, paid.pk]},
        follow=True,
    )
    answers = sorted(str(message) for message in page.context["messages"])
    assert len(answers) == 2
    assert any(unpaid.reference in answer and "annulée" in answer for answer in answers)
    assert any(paid.reference in answer and "réglée" in answer for answer in answers)
    unpaid.refresh_from_db()
    paid.refresh_from_db()
    assert (unpaid.status, paid.status) == ("cancelled", "paid")
    assert unpaid.events.get().by.is_staff


def test_a_price_is_closed_and_followed_never_rewritten(desk):
    price = Price.objects.get(zone="METRO", lot_size=40)
    new = {"zone": "METRO", "lot_size": 40, "amount_excl_vat": "95.00", "valid_from": "01/01/2030", "valid_to": ""}
    overlapping = desk.post(reverse("admin:orders_price_add"), new)
    assert "Une autre ligne est déjà valable" in str(overlapping.context["adminform"].form.errors)

    change = reverse("admin:orders_price_change", args=[price.pk])
    desk.post(change, {"valid_to": "01/01/2030", "amount_excl_vat": "1,00"})
    desk.post(reverse("admin:orders_price_add"), new)
    prices = Price.objects.filter(zone="METRO", lot_size=40).order_by("valid_from")
    assert [price.amount_excl_vat for price in prices] == [Decimal("92.50"), Decimal("95.00")]


def test_a_nil_rate_must_name_its_law(desk):
    VatRate.objects.filter(zone="METRO").update(valid_to=date(2030, 1, 1))
    page = desk.post(
        reverse("admin:orders_vatrate_add"),
        {"zone": "METRO", "rate": "0", "legal_text": "", "valid_from": "01/01/2030"},
    )
    assert "mention légale" in str(page.context["adminform"].form.errors)


def test_stock_is_corrected_by_a_difference_and_the_correction_is_written_down(desk):
    stock = Stock.objects.get(lot_size=40)
    url = reverse("admin:orders_stock_change", args=[stock.pk])
    Stock.objects.filter(pk=40).update(available=100)
    desk.get(url)
    Stock.objects.filter(pk=40).update(available=97)  # three lots are ordered while the page is open
    desk.post(url, {"correction": "-10", "reason": "Carton mouillé"})
    stock.refresh_from_db()
    assert stock.available == 87
    assert "-10 lots. Motif\u00a0: Carton mouillé" in LogEntry.objects.get().change_message


def test_stock_is_never_corrected_below_nothing(desk):
    Stock.objects.filter(pk=40).update(available=5)
    page = desk.post(reverse("admin:orders_stock_change", args=[40]), {"correction": "-6", "reason": "Inventaire"})
    assert "négatif" in str(page.context["adminform"].form.errors)
    assert Stock.objects.get(pk=40).available == 5


def test_orders_are_neither_added_nor_deleted_here(desk):
    order = OrderFactory()
    request = RequestFactory().get("/")
    request.user = UserFactory(staff=True, is_superuser=True)
    admin = OrderAdmin(Order, None)
    assert not admin.has_add_permission(request)
    assert not admin.has_delete_permission(request, order)
