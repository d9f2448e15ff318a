"""« Chercher un SIRET »: everything the shop knows of an establishment and of its company, and why the verdict fell.

The explanation is the verdict's own table of rules, walked on the same evidence: there is no second copy to keep.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.db.models.expressions import OrderBy
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods

from accounts.models import Establishment
from eligibility.cases.models import Case
from eligibility.check import gather
from eligibility.models import (
    Admission,
    RegisterEntry,
    RegisterLoad,
    SireneEstablishment,
    SireneLoad,
    SireneUnit,
)  # fmt: skip
from eligibility.rules import Line, explain
from eligibility.sirene.models import Stock
from eligibility.siret import SIREN_LENGTH, SiretError, parse, siren_of, strip_separators
from eligibility.verdict import Verdict, decide
from orders.models import Order

# A company of a thousand sites fills no page: what is not shown is counted.
SHOWN = 25
LOOKUPS, ASKED = "lookups", "recherche"  # in the session, in the address
LOOKUPS_KEPT = 20


class NumberForm(forms.Form):
    """A SIRET or a SIREN, dictated or pasted in any shape."""

    q = forms.CharField(label="SIRET ou SIREN", max_length=100)

    def clean_q(self) -> str:
        number = strip_separators(self.cleaned_data["q"])
        try:
            return parse(number)
        except SiretError as error:
            if error.code == "siren_only":
                return number
            raise ValidationError(str(error))


@dataclass(frozen=True)
class Some:
    """The first rows of a list, and how many more there are."""

    rows: list[Any]
    more: int = 0


@dataclass(frozen=True)
class Answer:
    """The verdict on one establishment and its explanation."""

    verdict: Verdict
    lines: list[Line]


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("eligibility.view_registerentry", raise_exception=True)
def lookup(request: HttpRequest) -> HttpResponse:
    """Look a number up; without one, ask for it. A number never stands in an address, whose place is the logs."""
    if request.method == "POST":
        form = NumberForm(request.POST)
        if form.is_valid():
            return redirect(f"{reverse('lookup')}?{urlencode({ASKED: _remember(request, form.cleaned_data['q'])})}")
        return _page(request, form)
    number = request.session.get(LOOKUPS, {}).get(request.GET.get(ASKED, ""), "")
    known = _known(number, request, at=timezone.now()) if number else {}
    return _page(request, NumberForm(initial={"q": number}), **known)


def _remember(request: HttpRequest, number: str) -> str:
    """Keep what was asked in the session, under a name for the address: each tab has its own, and can be reloaded."""
    name = secrets.token_urlsafe(6)
    lookups = [*request.session.get(LOOKUPS, {}).items(), (name, number)]
    request.session[LOOKUPS] = dict(lookups[-LOOKUPS_KEPT:])
    return name


def _page(request: HttpRequest, form: NumberForm, **known: Any) -> HttpResponse:
    context = admin.site.each_context(request) | {"title": "Chercher un SIRET", "form": form} | known
    return TemplateResponse(request, "admin/siret.html", context)


def _known(number: str, request: HttpRequest, *, at: datetime) -> dict[str, Any]:
    """All there is, as far as this member of staff may see it."""
    siren = siren_of(number)
    siret = number if len(number) > SIREN_LENGTH else ""
    of_company = {"siret__startswith": siren}
    register_loads = {load.register_id: load for load in RegisterLoad.objects.filter(is_active=True)}
    sirene_loads = {load.stock: load for load in SireneLoad.objects.filter(is_active=True)}
    entries = _some(RegisterEntry.objects.of_siren(siren).order_by(*_ahead(siret), "register"))
    return {
        "siret": siret,
        "siren": siren,
        "answer": _answer(siret, at=at) if siret else None,
        "entries": Some([(entry, register_loads.get(entry.register)) for entry in entries.rows], entries.more),
        "sites": _some(SireneEstablishment.objects.of_siren(siren).order_by(*_ahead(siret))),
        "site_load": sirene_loads.get(Stock.ESTABLISHMENTS),
        "unit": SireneUnit.objects.filter(pk=siren).first(),
        "unit_load": sirene_loads.get(Stock.UNITS),
        "today": timezone.localdate(at),
        "admissions": _visible(request, Admission.objects.filter(siren=siren).select_related("author")),
        "cases": _visible(request, Case.objects.filter(**of_company).order_by("-created_at")),
        "establishments": _visible(
            request, Establishment.objects.filter(**of_company).select_related("account").order_by(*_ahead(siret))
        ),
        "orders": _visible(
            request,
            Order.objects.filter(company__siren=siren).select_related("establishment").order_by("-created_at", "-pk"),
        ),
    }


def _answer(siret: str, *, at: datetime) -> Answer:
    evidence = gather(siret, at=at)
    return Answer(decide(evidence), explain(evidence))


def _ahead(siret: str) -> tuple[OrderBy, str]:
    """Order the establishment asked for ahead of the others of its company."""
    return ExpressionWrapper(Q(siret=siret), output_field=BooleanField()).desc(), "siret"


def _visible(request: HttpRequest, rows: QuerySet[Any]) -> Some | None:
    """The rows, or nothing at all for somebody who may not see their list."""
    opts = rows.model._meta
    return _some(rows) if request.user.has_perm(f"{opts.app_label}.view_{opts.model_name}") else None


def _some(rows: QuerySet[Any]) -> Some:
    found = list(rows[: SHOWN + 1])
    return Some(found[:SHOWN], rows.count() - SHOWN if len(found) > SHOWN else 0)
