"""Following parcels: each event stored once, each step told once, in whatever order La Poste tells them."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from notifications.models import Message
from notifications.sms import sms_length
from shipping import laposte, notices, preparation, tracking
from shipping.models import Shipment, TrackingEvent
from tests.sandbox.conftest import Http

from .conftest import a_shipment

pytestmark = pytest.mark.django_db(transaction=True)


def told(kind: str, channel: str = "email") -> int:
    return Message.objects.filter(kind=f"shipping/{kind}", channel=channel).count()


@pytest.fixture
def shipped(outside: Http) -> Shipment:
    shipment = a_shipment()
    preparation.label(shipment, at=timezone.now())
    preparation.dispatch(shipment, by=None, at=timezone.now())
    return shipment


def event(code: str, *, hours: float = 0, point: str = "") -> laposte.Event:
    return laposte.Event(code=code, label=f"Libellé {code}", at=timezone.now() + timedelta(hours=hours), point=point)


def apply(shipment: Shipment, *events: laposte.Event, later: timedelta = timedelta()) -> Shipment:
    tracking.apply(shipment, events, at=timezone.now() + later)
    shipment.refresh_from_db()
    return shipment


def test_the_whole_way_over_the_wire(shipped: Shipment, outside: Http):
    steps = [("PC1", "step_picked_up"), ("EP1", "step_eve"), ("AG1", "step_pickup_ready"), ("DI1", "delivered")]
    for number, (code, kind) in enumerate(steps, 1):
        outside.post(f"/parcels/{shipped.parcel_number}/advance", json={"step": code}).raise_for_status()
        for _ in range(2):
            assert tracking.poll(at=timezone.now() + timedelta(hours=3 * number)) in (0, 1)
        assert (told(kind), told(kind, "sms")) == (1, 1), code
    shipped.refresh_from_db()
    assert shipped.status == Shipment.Status.DELIVERED
    assert shipped.delivered_at is not None
    assert shipped.is_final
    assert tracking.poll(at=timezone.now() + timedelta(days=5)) == 0


def test_the_same_answer_twice_changes_nothing(shipped: Shipment):
    seen = [event("PC1"), event("ET1", hours=1)]
    for _ in range(2):
        apply(shipped, *seen)
    assert TrackingEvent.objects.count() == 2
    assert told("step_picked_up") == 1


def test_an_older_event_that_arrives_late_takes_no_step_back(shipped: Shipment):
    apply(shipped, event("AG1", hours=2, point="Bureau de poste de Redon"))
    apply(shipped, event("ET1", hours=1))
    assert shipped.status == Shipment.Status.READY_FOR_PICKUP


def test_the_eve_and_the_day_are_told_once(shipped: Shipment):
    apply(shipped, event("EP1"))
    apply(shipped, event("MD2", hours=1))
    assert (told("step_eve"), told("step_today")) == (1, 0)


def test_delivered_after_a_return_closes_the_matter(shipped: Shipment):
    apply(shipped, event("RE1"))
    assert shipped.status == Shipment.Status.RETURNED
    assert not shipped.is_final
    apply(shipped, event("DI1", hours=1))
    assert shipped.status == Shipment.Status.DELIVERED


def test_an_unknown_code_is_stored_and_shown(shipped: Shipment, client):
    apply(shipped, event("XX9"))
    assert shipped.status == Shipment.Status.SHIPPED
    page = client.get(reverse("shipping:track", args=[shipped.parcel_number])).content.decode()
    assert "Libellé XX9" in page


def test_old_news_seen_late_is_stored_and_rings_nobody(shipped: Shipment):
    apply(shipped, event("PC1"), event("EP1", hours=1), later=timedelta(days=5))
    assert (told("step_picked_up"), told("step_picked_up", "sms")) == (1, 0)
    assert (told("step_eve"), told("step_eve", "sms")) == (0, 0)


def test_events_of_another_parcel_that_had_this_number_are_ignored(shipped: Shipment):
    apply(shipped, event("DI1", hours=-24 * 400))
    assert shipped.status == Shipment.Status.SHIPPED
    assert TrackingEvent.objects.count() == 0


def test_who_wants_no_sms_gets_none(shipped: Shipment):
    shipped.order.sms_wanted = False
    shipped.order.save(update_fields=["sms_wanted"])
    apply(shipped, event("PC1"))
    assert (told("step_picked_up"), told("step_picked_up", "sms")) == (1, 0)


@pytest.mark.parametrize("mode", ["failing", "slow", "unauthorized", "quota", "html"])
def test_when_la_poste_fails_nothing_changes(shipped: Shipment, outside: Http, mode: str, monkeypatch):
    monkeypatch.setattr(laposte, "TIMEOUT", (1, 1))
    outside.post(f"/parcels/{shipped.parcel_number}/advance", json={"step": "PC1"}).raise_for_status()
    outside.switch("laposte", mode, 2)
    assert tracking.poll(at=timezone.now() + timedelta(hours=3)) == 0
    outside.switch("laposte", "ok")
    assert tracking.poll(at=timezone.now() + timedelta(hours=3)) == 1


def test_a_stranger_sees_steps_only_and_the_owner_the_order_too(shipped: Shipment, client):
    apply(shipped, event("PC1"))
    url = reverse("shipping:track", args=[shipped.parcel_number])
    order = shipped.order
    public = client.get(url).content.decode()
    assert "Prise en charge" in public
    for secret in (order.reference, order.legal_name, order.contact_name, order.street_name, order.email):
        assert secret not in public
    client.force_login(order.placed_by)
    assert order.reference in client.get(url).content.decode()


def test_an_unknown_number_reads_like_one_without_steps(client, db):
    page = client.get(reverse("shipping:track", args=["6A00000000000"])).content.decode()
    assert "Pas encore d’étape" in page


@pytest.mark.parametrize("typed", ["", "abc", "6A9927775682678901", "é" * 13, "x" * 10_000])
def test_a_number_that_cannot_be_one_is_asked_again(client, db, typed: str):
    response = client.get(reverse("shipping:search"), {"numero": typed})
    assert response.status_code == 200


@pytest.mark.parametrize("kind", ["shipped", "step_picked_up", "step_eve", "step_today", "step_pickup_ready",
                                  "step_incident", "step_returning", "delivered"])  # fmt: skip
def test_every_sms_fits_one_message_with_the_longest_values(shipped: Shipment, kind: str):
    shipped.parcel_number = "6A1234567890123"
    shipped.save(update_fields=["parcel_number"])
    Message.objects.all().delete()
    stored = TrackingEvent.objects.create(shipment=shipped, code="AG1", label="x", at=timezone.now(), point="x" * 120)
    with transaction.atomic():
        notices.post(shipped, kind, event=stored, at=timezone.now())
    assert sms_length(Message.objects.get(channel="sms").body_text) <= 160
