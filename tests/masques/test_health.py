"""Alive, ready, how much waits: for the load balancer and the monitor."""

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import Client
from django.utils import timezone

from masques import tasks
from masques.health import HEARTBEAT_MAX_AGE
from masques.tasks import HEARTBEAT
from notifications.models import Message
from orders.models import Order
from shipping.models import Shipment
from tests.factories import OrderFactory
from tests.shipping.conftest import pay

NOTHING_LISTENS = "redis://127.0.0.1:1/1"
PAGES = ("/healthz", "/readyz", "/metrics")


@pytest.fixture
def beating() -> None:
    tasks.heartbeat()


@pytest.fixture
def no_redis(settings) -> None:
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": NOTHING_LISTENS}}


@pytest.fixture
def no_database(db, monkeypatch) -> Iterator[None]:
    def refuse(connection: BaseDatabaseWrapper) -> None:
        raise OperationalError('connection to server at "10.1.2.3" failed: password authentication failed')

    with monkeypatch.context() as patch:
        patch.setattr(BaseDatabaseWrapper, "cursor", refuse)
        yield


def test_alive_asks_nothing_of_any_engine(client, no_redis):
    response = client.get("/healthz")  # without a database fixture, a query fails
    assert (response.status_code, response.content) == (200, b"ok\n")


def test_ready_while_database_cache_and_worker_are(client, db, beating):
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {"ready": True, "database": "ok", "cache": "ok", "worker": "ok"}


def test_without_a_heartbeat_it_is_not_ready(client, db):
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json() == {"ready": False, "database": "ok", "cache": "ok", "worker": "no heartbeat yet"}


@pytest.mark.parametrize(("age", "status"), [(HEARTBEAT_MAX_AGE - 5, 200), (HEARTBEAT_MAX_AGE + 5, 503)])
def test_an_old_heartbeat_says_how_old_it_is(client, db, age, status):
    cache.set(HEARTBEAT, time.time() - age)
    response = client.get("/readyz")
    assert response.status_code == status
    assert response.json()["worker"] == ("ok" if status == 200 else f"last heartbeat {age} s ago")


def test_without_redis_it_is_not_ready_and_pages_are_still_served(client, db, no_redis):
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json() == {
        "ready": False, "database": "ok", "cache": "ConnectionError", "worker": "ConnectionError",
    }  # fmt: skip
    assert client.get("/").status_code == 200
    assert client.get("/aide/").status_code == 200


def test_without_a_database_it_is_not_ready_and_tells_no_stranger_why(client, no_database, beating):
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json() == {"ready": False, "database": "OperationalError", "cache": "ok", "worker": "ok"}
    assert b"10.1.2.3" not in response.content


@pytest.mark.parametrize("path", PAGES)
def test_nobody_keeps_an_answer_and_only_reading_is_allowed(client, db, settings, path):
    response = client.get(path, headers={"Authorization": f"Bearer {settings.METRICS_TOKEN}"})
    assert "no-store" in response["Cache-Control"]
    assert client.post(path).status_code == 405
    assert client.head(path, headers={"Authorization": f"Bearer {settings.METRICS_TOKEN}"}).content == b""


@pytest.mark.parametrize("path", PAGES)
def test_it_sets_no_cookie(client, db, path):
    assert not client.get(path).cookies


# --- figures for the monitor


def figures(client: Client) -> dict[str, float]:
    response = client.get("/metrics", headers={"Authorization": "Bearer metrics"})
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/plain")
    lines = [line for line in response.content.decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.partition(" ") for line in lines)}


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Bearer wrong", "metrics2", "Bearer metricsé", "Basic metrics"]
)
def test_without_the_token_there_is_no_such_page(client, db, settings, header):
    settings.METRICS_TOKEN = "metrics"
    response = client.get("/metrics", headers={"Authorization": header} if header else {})
    assert response.status_code == 404
    assert b"masques_" not in response.content


def test_where_no_token_is_set_nobody_reads_it(client, db, settings):
    settings.METRICS_TOKEN = ""
    for header in ("", "Bearer ", "Bearer metrics"):
        assert client.get("/metrics", headers={"Authorization": header}).status_code == 404


def test_the_figures_count_what_waits(client, db, settings):
    settings.METRICS_TOKEN = "metrics"
    assert set(figures(client).values()) == {0}
    OrderFactory()
    paid = pay(OrderFactory())
    Shipment.objects.create(order=paid, weight_kg="0.50")
    late = OrderFactory()
    late.payments.create(
        amount_incl_vat=late.total_incl_vat, session_expires_at=late.due_at, amount_received=late.total_incl_vat,
        status="succeeded", succeeded_at=timezone.now() - timedelta(minutes=2),
    )  # fmt: skip
    for number, status in enumerate(("pending", "failed", "failed", "sent")):
        Message.objects.create(
            channel="sms", kind="a/b", recipient="+33639980001", dedupe_key=str(number), status=status
        )
    assert Order.objects.count() == 3
    assert figures(client) == {
        "masques_orders_awaiting_payment": 2, "masques_payments_unsettled": 1, "masques_invoices_without_pdf": 1,
        "masques_shipments_to_prepare": 1, "masques_messages_pending": 1, "masques_messages_failed": 2,
    }  # fmt: skip
