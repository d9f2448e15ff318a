"""Where is the parcel? Public pages: steps only, whoever asks; the order's line for its owner."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from notifications.wording import long_date

from . import parcels
from .models import Shipment, TrackingEvent
from .steps import CODES, MEANINGS, Step, step_of


@login_not_required
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Find a parcel by the number typed, as on La Poste's site."""
    typed = request.GET.get("numero", "")
    number = parcels.normalise(typed)
    if parcels.is_well_formed(number):
        return redirect("shipping:track", number)
    error = "Le numéro comporte 11 à 15 lettres et chiffres." if "numero" in request.GET else ""
    return render(request, "shipping/search.html", {"typed": typed[:40], "error": error})


@login_not_required
@require_safe
def track(request: HttpRequest, parcel: str) -> HttpResponse:
    """The steps of a parcel from our own table; an unknown number reads like one without steps yet."""
    number = parcels.normalise(parcel)
    if not parcels.is_well_formed(number):
        return redirect("shipping:search")
    shipment = Shipment.objects.filter(parcel_number=number).select_related("order").first()
    establishment = getattr(request, "establishment", None)
    is_owner = shipment and establishment and shipment.order.establishment_id == establishment.pk
    context = {
        "number": number,
        "shipment": shipment,
        "is_silent": shipment is not None and shipment.is_unread(at=timezone.now()),
        "order": shipment.order if shipment is not None and is_owner else None,
        "steps": [_shown(event) for event in shipment.events.all()] if shipment is not None else [],
        "track_url": Shipment(parcel_number=number).track_url,
    }
    return render(request, "shipping/track.html", context)


def _shown(event: TrackingEvent) -> dict[str, object]:
    """One line of the timeline: our words; La Poste's own for a code we do not know."""
    step = step_of(event.code)
    meaning = MEANINGS[step]
    text = meaning.text
    if event.code not in CODES and event.label:
        text = f"La Poste indique\u00a0: «\u00a0{event.label.rstrip(' .')}\u00a0»."
    if step is Step.DELIVERED:
        text = f"Votre colis est livré depuis le {long_date(event.at)}."
    if step is Step.PICKUP_READY and event.point:
        text = f"Votre colis vous attend à\u00a0: {event.point}. Venez avec une pièce d’identité et le numéro du colis."
    return {"title": meaning.title, "text": text, "at": event.at, "is_problem": step in _PROBLEMS}


_PROBLEMS = frozenset({Step.INCIDENT, Step.RETURNING, Step.RETURNED})
