"""Public pages: the mask, its leaflet, the price list."""

from django.contrib.auth.decorators import login_not_required
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from . import leaflet as leaflets
from . import pricing
from .calendar import paris_date


@login_not_required
@require_safe
def product(request: HttpRequest) -> HttpResponse:
    """What the mask is."""
    return render(request, "orders/product.html", {"leaflet_size": leaflets.size()})


@login_not_required
@require_safe
@cache_control(public=True, max_age=3600)
def leaflet(request: HttpRequest) -> FileResponse:
    """The leaflet as PDF."""
    return FileResponse(leaflets.open_pdf(), content_type="application/pdf", filename="notice-masque.pdf")


@login_not_required
@require_safe
def prices(request: HttpRequest) -> HttpResponse:
    """The price list in force today."""
    today = paris_date(timezone.now())
    return render(request, "orders/prices.html", {"zones": pricing.grid(today), "today": today})
