"""« Chercher un SIRET »: everything the shop knows of an establishment and of its company, and why the verdict fell.

The explanation is the verdict's own table of rules, walked on the same evidence: there is no second copy to keep.
"""

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
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

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


@require_safe
@permission_required("eligibility.view_registerentry", raise_exception=True)
def lookup(request: HttpRequest) -> HttpResponse:
    """Look a number up; without one, ask for it."""
    form = NumberForm(request.GET if "q" in request.GET else None)
    context = admin.site.each_context(request) | {"title": "Chercher un SIRET", "form": form}
    if form.is_valid():
        context |= _known(form.cleaned_data["q"], request, at=timezone.now())
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
