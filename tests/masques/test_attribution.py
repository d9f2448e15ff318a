"""Every action of the desk leaves its author in the audit trail, beside what the rows themselves remember."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from notifications.models import Message
from shipping.models import Shipment
from tests.factories import CaseFactory, OrderFactory, UserFactory
from tests.masques.test_groups import actions
from tests.staff import set_up_application

pytestmark = pytest.mark.django_db


def shipment(**facts: Any) -> Shipment:
    return Shipment.objects.create(order=OrderFactory(paid=True), weight_kg="0.50", **facts)


def colleague() -> User:
    user: User = UserFactory(staff=True)
    set_up_application(user)
    return user


# A row on which each action has something to do. A new action needs its line here.
ROWS: dict[tuple[str, str], Callable[[], Any]] = {
    ("accounts_user", "unlock"): UserFactory,
    ("accounts_user", "send_password_link"): UserFactory,
    ("accounts_user", "reset_second_factor"): colleague,
    ("accounts_user", "close"): colleague,
    ("accounts_user", "reopen"): colleague,
    ("eligibility_case", "close_cases"): CaseFactory,
    ("notifications_message", "resend"): lambda: Message.objects.create(
        channel="email", kind="orders/order_confirmed", recipient="a@b.example", dedupe_key="k", status="sent",
        body_text="Bonjour",
    ),
    ("orders_order", "cancel_unpaid"): OrderFactory,
    ("shipping_shipment", "prepare"): shipment,
    ("shipping_shipment", "label"): shipment,
    ("shipping_shipment", "dispatch_parcels"): lambda: shipment(parcel_number="6A12345678901"),
    ("shipping_shipment", "release_doubt"): lambda: shipment(label_state="doubtful", label_asked_at=timezone.now()),
}  # fmt: skip
# What the row itself remembers of its author.
REMEMBERED: dict[tuple[str, str], Callable[[Any], object]] = {
    ("eligibility_case", "close_cases"): lambda row: row.closed_by,
    ("notifications_message", "resend"): lambda row: row.resends.get().resent_by.username,
    ("orders_order", "cancel_unpaid"): lambda row: row.events.get().by.username,
    ("shipping_shipment", "prepare"): lambda row: row.prepared_by.username,
    ("shipping_shipment", "dispatch_parcels"): lambda row: row.shipped_by.username,
    ("shipping_shipment", "release_doubt"): lambda row: row.label_message.removeprefix("Vérifié chez Colissimo par "),
}


def run(page: str, action: str, row: Any) -> Client:
    client = Client()
    client.force_login(UserFactory(username="chef", staff=True, is_superuser=True))
    data = {"action": action, "_selected_action": [row.pk], "index": "0"}
    assert client.post(reverse(f"admin:{page}_changelist"), data).status_code == 302
    return client


@pytest.mark.parametrize(("page", "action"), [(page, action) for page, action, _ in actions()])
def test_an_action_leaves_who_did_what_to_which_row(page: str, action: str) -> None:
    assert (page, action) in ROWS, f"give {action} a row to act on in ROWS"
    row = ROWS[page, action]()
    run(page, action, row)
    entry = LogEntry.objects.get()
    assert entry.user.username == "chef"
    assert entry.content_type.model_class() is apps.get_model(*page.split("_", 1))
    assert entry.object_id == str(row.pk)
    assert entry.get_change_message().endswith(".")
    if remembers := REMEMBERED.get((page, action)):
        row.refresh_from_db()
        assert remembers(row) == "chef"


def test_what_was_refused_leaves_nothing() -> None:
    run("orders_order", "cancel_unpaid", OrderFactory(paid=True))
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize("action", ["prepare", "label", "dispatch_parcels", "release_doubt"])
def test_a_parcel_that_was_refused_leaves_nothing_either(action: str) -> None:
    order = OrderFactory(refunded=True)
    client = run("shipping_shipment", action, Shipment.objects.create(order=order, weight_kg="0.50"))
    assert not LogEntry.objects.exists()
    assert client.get("/gestion/").status_code == 200


def test_a_form_leaves_its_author_too() -> None:
    """Django's own work, as long as nobody takes it away: an admission has its author, and the trail its line."""
    client = Client()
    client.force_login(UserFactory(username="chef", staff=True, is_superuser=True))
    register = apps.get_model("eligibility", "register").objects.create(code="CCI", label="CCI")
    form = {"siret": "732 829 320 00074", "legal_name": "LE GAL", "headcount": "12", "network": register.pk,
            "territory": "METRO", "expires_on": f"{timezone.localdate() + timedelta(days=30):%d/%m/%Y}"}  # fmt: skip
    page = client.post(reverse("admin:eligibility_admission_add"), form)
    assert page.status_code == 302, page.context["adminform"].form.errors
    assert apps.get_model("eligibility", "admission").objects.get().author.username == "chef"
    assert LogEntry.objects.get().user.username == "chef"
