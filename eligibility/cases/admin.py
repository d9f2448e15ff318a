"""Rejet SIRET at the staff desk: a list to look at; what applicants wrote is read-only."""

from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import ModelAdmin

from eligibility.siret import strip_separators

from .decisions import close
from .models import Case


@admin.register(Case)
class CaseAdmin(ModelAdmin):
    list_display = ("number", "siret", "legal_name", "contact_name", "headcount", "register", "state", "created_at")
    list_filter = ("state", "register", "created_at")
    search_fields = ("siret__exact", "email__iexact", "legal_name__icontains")
    search_help_text = "Numéro de demande, SIRET, adresse e-mail ou raison sociale"
    date_hierarchy = "created_at"
    fields = (
        "number", "state", "created_at", "siret", "legal_name", "postal_code", "headcount", "register", "contact_name",
        "email", "phone", "message", "closed_at",
    )  # fmt: skip
    actions = ("close_cases",)

    @admin.display(description="numéro", ordering="pk")
    def number(self, case: Case) -> str:
        return case.number

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Case], search_term: str
    ) -> tuple[QuerySet[Case], bool]:
        """Find by what a caller dictates: RS000042, or a SIRET with its blanks."""
        dictated = strip_separators(search_term).upper()
        if dictated.startswith("RS") and dictated[2:].isdecimal():
            return queryset.filter(Q(pk=int(dictated[2:]))), False
        return super().get_search_results(request, queryset, dictated if dictated.isdecimal() else search_term)

    @admin.action(description="Clore la demande", permissions=["close"])
    def close_cases(self, request: HttpRequest, queryset: QuerySet[Case]) -> None:
        for case in queryset:
            close(case, by=cast(AbstractBaseUser, request.user), at=timezone.now())
            self.message_user(request, f"Demande {case.number}\u00a0: close.", messages.SUCCESS)

    def has_close_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("eligibility.change_case")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
