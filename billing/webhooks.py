"""What the card processor calls. The body is only a trigger: the state is read again from its API."""

import logging

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from orders.errors import BusyError

from . import gateway, payments
from .models import ProviderEvent

logger = logging.getLogger(__name__)


@login_not_required
@csrf_exempt
@require_POST
def stripe_webhook(request: HttpRequest) -> HttpResponse:
    """400 for what the processor did not sign; 200 once heard; 503 where it should tell us again."""
    try:
        event = gateway.read_event(request.body, request.headers.get("Stripe-Signature", ""))
    except (gateway.ForgedEvent, RequestDataTooBig, UnreadablePostError) as error:
        logger.warning("webhook refused: %s", error)
        return HttpResponse(status=400)
    if ProviderEvent.objects.filter(event_id=event.id).exists():
        return HttpResponse(status=200)
    try:
        outcome = _hear(event)
    except (gateway.GatewayError, BusyError):
        return HttpResponse(status=503)
    # Written last: an event we failed on half-way must be told again, and every step above is safe to repeat.
    heard = ProviderEvent(
        event_id=event.id, kind=event.kind, object_id=event.object_id, livemode=event.livemode, outcome=outcome
    )
    ProviderEvent.objects.bulk_create([heard], ignore_conflicts=True)
    return HttpResponse(status=200)


def _hear(event: gateway.Event) -> str:
    if not event.kind.startswith("checkout.session.") or not event.object_id:
        return "sans effet"
    try:
        payment = payments.observe(gateway.retrieve(event.object_id), at=timezone.now())
    except gateway.Unknown:
        payment = None
    return "inconnu de cette boutique" if payment is None else payment.get_status_display()
