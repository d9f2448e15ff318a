"""Rejet SIRET for the applicant: the form, its receipt, and the page behind the unguessable link."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from captcha.ratelimit import RateLimit, client_ip
from notifications.wording import count

from .forms import CaseForm
from .models import Case
from .verbs import open_case

# The refusal page sends the SIRET in a POST with this name: a SIRET never stands in an address.
START = "start"
RECEIPT = "case_receipt"
openings = RateLimit("case", lambda: settings.CASE_RATE)


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def case_new(request: HttpRequest) -> HttpResponse:
    """Ask support to look at a SIRET. Works without any register."""
    if request.method != "POST" or START in request.POST:
        form = CaseForm(request=request, initial={"siret": request.POST.get("siret", "")[:40]})
        return _form_page(request, form)
    form = CaseForm(request.POST, request=request)
    if not form.is_valid():
        return _form_page(request, form)
    if wait := openings.allow(client_ip(request)):
        minutes = count(-(-wait // 60), "minute")
        text = f"Réessayez dans {minutes}\u00a0: votre saisie est conservée."
        return _form_page(request, form, wait=text, status=429)
    opened = open_case(at=timezone.now(), **form.facts)
    request.session[RECEIPT] = opened.case.number if opened.is_new else ""
    return redirect("eligibility:case_sent")


def _form_page(request: HttpRequest, form: CaseForm, *, wait: str = "", status: int = 200) -> HttpResponse:
    context = {"form": form, "wait": wait, "support_email": settings.SUPPORT_EMAIL}
    return render(request, "eligibility/case_new.html", context, status=status)


@login_not_required
@never_cache
@require_safe
def case_sent(request: HttpRequest) -> HttpResponse:
    """Say that the request is recorded, or joined to the one under way; reloading says it again."""
    number = request.session.get(RECEIPT)
    if number is None:
        return redirect("eligibility:case_new")
    return render(request, "eligibility/case_sent.html", {"number": number})


@login_not_required
@never_cache
@require_safe
def case(request: HttpRequest, token: str) -> HttpResponse:
    """Show the applicant where the request stands."""
    return render(request, "eligibility/case.html", {"case": get_object_or_404(Case, token=token)})
