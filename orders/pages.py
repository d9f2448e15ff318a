"""Public pages: the mask, its leaflet, the price list."""

import logging

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from . import leaflet as leaflets
from . import pricing
from .calendar import paris_date

logger = logging.getLogger(__name__)


@login_not_required
@require_safe
def product(request: HttpRequest) -> HttpResponse:
    """What the mask is."""
    return render(request, "orders/product.html", {"leaflet_size": leaflets.size()})


@login_not_required
@require_safe
def leaflet(request: HttpRequest) -> HttpResponse | FileResponse:
    """The leaflet as PDF; its text is on the product page too, where no PDF can be made."""
    try:
        pdf = leaflets.open_pdf()
    except OSError:  # Pango is missing, or the disk is full
        logger.exception("no leaflet")
        messages.warning(request, "La notice en PDF est momentanément indisponible. Son contenu est sur cette page.")
        return redirect("orders:product")
    response = FileResponse(pdf, content_type="application/pdf", filename="notice-masque.pdf")
    patch_cache_control(response, public=True, max_age=3600)
    return response


@login_not_required
@require_safe
def prices(request: HttpRequest) -> HttpResponse:
    """The price list in force today."""
    today = paris_date(timezone.now())
    return render(request, "orders/prices.html", {"zones": pricing.grid(today), "today": today})
