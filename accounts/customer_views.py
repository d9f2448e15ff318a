"""The customer's pages about himself: Mes informations, Mon entreprise."""

from typing import Any

from allauth.account.internal.flows.manage_email import add_email
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_safe

from eligibility.check import check
from eligibility.verdict import PublicAnswer, Verdict
from eligibility.zones import communes_of
from notifications.wording import NBSP, short_date

from . import kept
from .access import CustomerRequest, customer_required
from .addresses import disclosed
from .forms import AddEmailForm
from .models import Establishment
from .profile import CompanyForm, ProfileForm

UNKNOWN_POSTAL_CODE = "Nous ne connaissons pas ce code postal. Vérifiez-le."
CODE_SENT = "Un code a été envoyé à la nouvelle adresse. L’ancienne reste active jusqu’à sa confirmation."
LAST_STEP = "inscription"


@kept.keeps_typed("accounts:profile")
@customer_required
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: CustomerRequest) -> HttpResponse:
    """Show and keep contact, wishes and delivery address; the last page of sign-up, too."""
    is_last_step = request.GET.get("etape") == LAST_STEP
    data = request.POST if request.method == "POST" else None
    form = ProfileForm(data, user=request.user, establishment=request.establishment)
    if form.is_valid():
        return _keep_profile(request, form, is_last_step=is_last_step)
    if not form.is_bound:
        kept.refill(form, request)
    return render(request, "accounts/profile.html", {"form": form, "is_last_step": is_last_step})


def _keep_profile(request: CustomerRequest, form: ProfileForm, *, is_last_step: bool) -> HttpResponse:
    address = None
    if form.changes_email:
        address = AddEmailForm(data={"email": form.cleaned_data["email"]}, user=request.user)
        if not address.is_valid():
            form.add_error("email", address.errors["email"].as_data())
            return render(request, "accounts/profile.html", {"form": form, "is_last_step": is_last_step})
        # Asks for the password first where it was not given lately; the form is then sent again by itself.
        add_email(request, address)
    form.save()
    messages.success(request, "Vos informations sont enregistrées.")
    if form.has_unknown_postal_code:
        messages.warning(request, UNKNOWN_POSTAL_CODE)
    if address:
        messages.info(request, CODE_SENT)
        return redirect("account_email_verification_sent")
    return redirect("orders:shop" if is_last_step else "accounts:profile")


@kept.keeps_typed("accounts:company")
@customer_required
@require_http_methods(["GET", "HEAD", "POST"])
def company(request: CustomerRequest) -> HttpResponse:
    """Show what the registers say and what it means; keep what stands on the invoice."""
    establishment = request.establishment
    verdict = check(establishment.siret, at=timezone.now())
    data = request.POST if request.method == "POST" else None
    form = CompanyForm(data, establishment=establishment, verdict=verdict)
    if form.is_valid():
        form.save()
        messages.success(request, "Vos informations sont enregistrées.")
        if form.has_unknown_postal_code:
            messages.warning(request, UNKNOWN_POSTAL_CODE)
        return redirect("accounts:company")
    if not form.is_bound:
        kept.refill(form, request)
    return render(request, "accounts/company.html", {"form": form} | _what_registers_say(establishment, verdict))


def _what_registers_say(establishment: Establishment, verdict: Verdict) -> dict[str, Any]:
    facts, siren = verdict.facts, establishment.siren
    registers = ", ".join(facts.registers)
    return {
        "establishment": establishment,
        "verdict": verdict,
        "is_recognised": verdict.public_answer != PublicAnswer.NOT_RECOGNISED,
        "siren": NBSP.join((siren[:3], siren[3:6], siren[6:])),
        "address": [line for line in (disclosed(facts.street), f"{facts.postal_code} {facts.city}".strip()) if line],
        "registers": registers,
        "source": f"{registers}, {short_date(facts.as_of)}" if facts.as_of else registers,
    }


@require_safe
@cache_control(private=True, max_age=86_400)
def communes(request: HttpRequest, postal_code: str) -> JsonResponse:
    """The communes of a postal code, for the list beside the field "Localité"."""
    return JsonResponse(communes_of(postal_code), safe=False)
