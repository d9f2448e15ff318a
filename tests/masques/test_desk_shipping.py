"""The warehouse's actions at the desk: the verbs, one answer for each row, and only for those who may."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from notifications.models import Message
from orders.models import Order
from shipping import tasks
from shipping.models import Shipment
from tests.factories import OrderFactory, UserFactory

pytestmark = pytest.mark.django_db
LIST = "admin:shipping_shipment_changelist"


def granted(*names: str) -> Client:
    """A member of staff with these permissions."""
    staff = UserFactory(staff=True)
    staff.user_permissions.set(Permission.objects.filter(codename__in=names))
    client = Client()
    client.force_login(staff)
    return client


@pytest.fixture
def warehouse(db) -> Client:
    return granted("view_shipment", "change_shipment")


@pytest.fixture
def enqueued(monkeypatch) -> list[tuple[Any, ...]]:
    calls: list[tuple[Any, ...]] = []
    monkeypatch.setattr("shipping.admin.enqueue", lambda *call: calls.append(call))
    return calls


def shipment(number: int = 0, **facts: Any) -> Shipment:
    """In the preparation queue, with a parcel number where one is given."""
    order = OrderFactory(paid=True, mobile="+33639980001")
    return Shipment.objects.create(
        order=order, weight_kg="0.50", parcel_number=f"6A{number:011d}" if number else None, **facts
    )


def refund(row: Shipment) -> Shipment:
    Order.objects.filter(pk=row.order_id).update(status="refunded", quota_period=None, refunded_at=timezone.now())
    return row


def act(client: Client, action: str, *rows: Shipment) -> list[tuple[str, str]]:
    """Choose the rows and the action; gives the desk's answers with their colour."""
    data = {"action": action, "_selected_action": [row.pk for row in rows], "index": "0"}
    page = client.post(reverse(LIST), data, follow=True)
    assert page.status_code == 200
    for row in rows:
        row.refresh_from_db()
    return [(message.level_tag, str(message).replace("\u00a0", " ")) for message in page.context["messages"]]


def test_preparing_answers_for_each_row_and_does_what_the_rules_allow(warehouse):
    first, refunded, last = shipment(), refund(shipment()), shipment()
    answers = act(warehouse, "prepare", first, refunded, last)
    assert answers == [
        ("success", f"Commande {first.order.reference} : en préparation."),
        ("error", f"Commande {refunded.order.reference} : La commande est « Remboursée » : rien à expédier."),
        ("success", f"Commande {last.order.reference} : en préparation."),
    ]
    assert [row.status for row in (first, refunded, last)] == ["preparing", "to_prepare", "preparing"]
    assert first.prepared_by.is_staff
    assert Message.objects.filter(kind="shipping/preparation_started").count() == 2


def test_an_action_done_twice_is_harmless(warehouse):
    row = shipment(1)
    for action in ("prepare", "dispatch_parcels"):
        for _ in range(2):
            assert [level for level, _ in act(warehouse, action, row)] == ["success"]
    kinds = Message.objects.filter(channel="email").values_list("kind", flat=True)
    assert sorted(kinds) == ["shipping/preparation_started", "shipping/shipped"]


def test_a_label_is_wanted_at_once_and_bought_by_a_job(warehouse, enqueued):
    first, doubtful, labelled = shipment(), shipment(label_state="doubtful"), shipment(3, label_state="done")
    answers = act(warehouse, "label", first, doubtful, labelled)
    assert [level for level, _ in answers] == ["success", "error", "success"]
    assert "Une étiquette a peut-être déjà été achetée : vérifiez chez Colissimo." in answers[1][1]
    assert [row.label_state for row in (first, doubtful, labelled)] == ["wanted", "doubtful", "done"]
    assert (tasks.buy_label, first.pk) in enqueued
    assert (tasks.buy_label, doubtful.pk) not in enqueued


def test_dispatch_needs_a_number_and_tells_the_customer_by_e_mail_and_sms(warehouse):
    numbered, bare = shipment(1), shipment()
    answers = act(warehouse, "dispatch_parcels", numbered, bare)
    refused = f"Commande {bare.order.reference} : Demandez d’abord l’étiquette : "
    assert answers == [
        ("success", f"Commande {numbered.order.reference} : expédiée."),
        ("error", f"{refused}il n’y a pas encore de numéro de colis."),
    ]  # fmt: skip
    assert (numbered.status, bare.status) == ("shipped", "to_prepare")
    assert numbered.shipped_by.is_staff
    told = Message.objects.filter(kind="shipping/shipped").order_by("channel").values_list("channel", flat=True)
    assert list(told) == ["email", "sms"]


def test_a_doubt_is_released_with_the_name_of_who_looked(warehouse):
    doubtful, calm = shipment(label_state="doubtful"), shipment()
    answers = act(warehouse, "release_doubt", doubtful, calm)
    assert [level for level, _ in answers] == ["success", "error"]
    assert "n’a pas d’étiquette à vérifier" in answers[1][1]
    assert doubtful.label_state == ""
    assert doubtful.label_message.startswith("Vérifié chez Colissimo par client")


@pytest.mark.parametrize("action", ["prepare", "label", "dispatch_parcels", "release_doubt"])
def test_who_may_only_look_can_do_nothing(action, enqueued):
    row = shipment(1, label_state="doubtful" if action == "release_doubt" else "")
    client = granted("view_shipment")
    page = client.get(reverse(LIST))
    assert page.status_code == 200
    assert f'value="{action}"' not in page.content.decode()
    act(client, action, row)
    assert (row.status, row.prepared_at, row.shipped_at) == ("to_prepare", None, None)
    assert row.label_state == ("doubtful" if action == "release_doubt" else "")
    assert enqueued == []
    assert not Message.objects.exists()


def test_who_has_no_permission_sees_no_parcels():
    row = shipment()
    client = granted("view_order")
    for url in (reverse(LIST), reverse("admin:shipping_shipment_change", args=[row.pk])):
        assert client.get(url).status_code == 403
    assert client.post(reverse(LIST), {"action": "prepare", "_selected_action": [row.pk]}).status_code == 403


def test_no_field_of_a_parcel_is_typed_by_hand(warehouse):
    row = shipment(1)
    url = reverse("admin:shipping_shipment_change", args=[row.pk])
    assert not warehouse.get(url).context["adminform"].form.fields
    inlines = {"events-TOTAL_FORMS": "0", "events-INITIAL_FORMS": "0"}
    warehouse.post(url, {"status": "delivered", "parcel_number": "6A99999999999", "rank": "9"} | inlines)
    row.refresh_from_db()
    assert (row.status, row.parcel_number, row.rank) == ("to_prepare", "6A00000000001", 1)


class TestDocuments:
    @pytest.fixture
    def row(self) -> Shipment:
        files = storages["private"]
        return shipment(
            7,
            label_path=files.save("labels/test/etiquette.pdf", ContentFile(b"%PDF label")),
            customs_path=files.save("labels/test/cn23.pdf", ContentFile(b"%PDF customs")),
        )

    def url(self, row: Shipment, name: str) -> str:
        return reverse("admin:shipping_document", args=[row.pk, name])

    @pytest.mark.parametrize(("name", "content"), [("etiquette", b"%PDF label"), ("cn23", b"%PDF customs")])
    def test_the_stored_bytes_come_as_a_download_that_nobody_keeps(self, warehouse, row, name, content):
        response = warehouse.get(self.url(row, name))
        assert response["Content-Type"] == "application/pdf"
        assert response["Content-Disposition"] == f'attachment; filename="{name}-6A00000000007.pdf"'
        assert "no-store" in response["Cache-Control"]
        assert b"".join(response.streaming_content) == content

    def test_the_sheet_links_to_them(self, warehouse, row):
        page = warehouse.get(reverse("admin:shipping_shipment_change", args=[row.pk])).content.decode()
        assert self.url(row, "etiquette") in page
        assert self.url(row, "cn23") in page

    def test_what_does_not_exist_is_not_found(self, warehouse, row):
        for url in (
            self.url(row, "facture"),
            self.url(shipment(), "etiquette"),
            "/gestion/shipping/shipment/0/cn23.pdf",
        ):
            assert warehouse.get(url).status_code == 404

    def test_strangers_customers_and_other_staff_get_none(self, row):
        customer = Client()
        customer.force_login(UserFactory())
        assert granted("view_order").get(self.url(row, "etiquette")).status_code == 404
        for client in (Client(), customer):
            assert client.get(self.url(row, "etiquette")).status_code == 302


@pytest.mark.parametrize("rows", [1, 30])
def test_the_list_costs_a_fixed_number_of_queries(warehouse, django_assert_max_num_queries, rows):
    for number in range(rows):
        shipment(number + 1)
    with django_assert_max_num_queries(10):
        warehouse.get(reverse(LIST))


def test_a_parcel_is_found_by_what_a_caller_dictates(warehouse):
    row, _other = shipment(1), shipment(2)
    reference, siret = row.order.reference, row.order.establishment.siret
    for typed in (
        reference, f"{reference[:4]} {reference[4:]}".lower(), "6a 0000 0000 001", siret,
        f"{siret[:3]}\u00a0{siret[3:6]} {siret[6:9]} {siret[9:]}",
    ):  # fmt: skip
        page = warehouse.get(reverse(LIST), {"q": typed})
        assert list(page.context["cl"].queryset) == [row], typed
