"""The public pages: help and contact, legal texts, site map, robots."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.views.decorators.http import require_http_methods, require_safe

from accounts import kept
from notifications.addresses import absolute
from notifications.wording import NBSP

from . import contact, legal_facts

NOT_FOR_ROBOTS = ("/gestion/", "/mon-espace/", "/commandes/", "/captcha/", "/webhooks/", "/rejet-siret/", "/suivi/")


@kept.keeps_typed("pages:help")
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def help_page(request: HttpRequest) -> HttpResponse:
    """Answer the usual questions, and take a message for the service client."""
    form = contact.form_for(request)
    if form.is_valid():
        contact.refuse_too_many(form, request)
    if form.is_valid():
        form.send(request)
        messages.success(request, "Votre message est parti. Réponse pendant les heures d’ouverture.")
        return redirect("pages:help")
    if not form.is_bound:
        kept.refill(form, request)
    return render(request, "pages/aide.html", {"form": form})


def spaced(siren: str) -> str:
    """732 829 320."""
    return NBSP.join((siren[:3], siren[3:6], siren[6:]))


def _page(request: HttpRequest, name: str, **context: Any) -> HttpResponse:
    return render(request, f"pages/{name}.html", {"seller": settings.SELLER, **context})


@login_not_required
@require_safe
def legal(request: HttpRequest) -> HttpResponse:
    return _page(request, "mentions-legales", host=settings.HOST, siren=spaced(settings.SELLER["siren"]))


@login_not_required
@require_safe
def terms(request: HttpRequest) -> HttpResponse:
    return _page(request, "cgv", version=legal_facts.terms_version())


@login_not_required
@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    return _page(
        request,
        "donnees-personnelles",
        dpo_email=settings.DPO_EMAIL,
        purposes=legal_facts.PURPOSES,
        periods=legal_facts.PERIODS,
        has_google=bool(settings.RECAPTCHA_PUBLIC_KEY and settings.RECAPTCHA_PRIVATE_KEY),
    )


@login_not_required
@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    return _page(request, "accessibilite", stated_on=legal_facts.ACCESSIBILITY_STATED_ON)


@login_not_required
@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    return _page(request, "plan-du-site")


@login_not_required
@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """The icon where programs look that do not read our pages; its own address changes with the picture."""
    return redirect(static("img/favicon.png"))


@login_not_required
@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Let search engines read the public pages; the demo is not for them at all."""
    closed = ["/"] if settings.DEMO else NOT_FOR_ROBOTS
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in closed), f"# {absolute('/plan-du-site/')}"]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")
