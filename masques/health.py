"""Is it alive, is it ready, how much waits: for the load balancer and the monitor."""

import hmac
import time
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from billing.models import Invoice, Payment
from notifications.models import Message
from orders.models import Order
from shipping.models import Shipment

from .tasks import HEARTBEAT

HEARTBEAT_MAX_AGE = 120  # seconds; beat marks every 5


@login_not_required
@never_cache
@require_safe
def alive(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
@never_cache
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Database, cache, and – through the age of the heartbeat – beat and worker. 503 when one of them fails.

    Pages go on being served without worker or beat: a load balancer should look at `/healthz`.
    """
    checks = {"database": _check(_database), "cache": _check(_cache), "worker": _check(_heartbeat)}
    is_ready = all(state == "ok" for state in checks.values())
    return JsonResponse({"ready": is_ready, **checks}, status=200 if is_ready else 503)


def _check(probe: Callable[[], str]) -> str:
    try:
        return probe()
    except Exception as error:  # noqa: BLE001 – any failure of any engine means "not ready", never an error page
        return type(error).__name__


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return "ok"


def _cache() -> str:
    cache.set("readyz", "1", 10)
    return "ok"


def _heartbeat() -> str:
    marked = cache.get(HEARTBEAT)
    if marked is None:
        return "no heartbeat yet"
    age = time.time() - marked
    return "ok" if age < HEARTBEAT_MAX_AGE else f"last heartbeat {age:.0f} s ago"


@login_not_required
@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Queues of work in Prometheus's format; not public: needs `Authorization: Bearer <METRICS_TOKEN>`."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not settings.METRICS_TOKEN or not hmac.compare_digest(given.encode(), settings.METRICS_TOKEN.encode()):
        raise Http404
    registry = CollectorRegistry()
    gauges = {
        "masques_orders_awaiting_payment": Order.objects.awaiting_payment(),
        "masques_payments_unsettled": Payment.objects.filter(succeeded_at__isnull=False, settled_at__isnull=True),
        "masques_invoices_without_pdf": Invoice.objects.filter(pdf_path=""),
        "masques_shipments_to_prepare": Shipment.objects.filter(status=Shipment.Status.TO_PREPARE),
        "masques_messages_pending": Message.objects.filter(status="pending"),
        "masques_messages_failed": Message.objects.filter(status="failed"),
    }
    for name, queryset in gauges.items():
        Gauge(name, name.replace("_", " "), registry=registry).set(queryset.count())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
