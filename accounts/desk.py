"""What the desk's pages have in common, for the apps from here upwards: how one searches, what is only looked at."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from eligibility.siret import strip_separators
from notifications import phones


class ExactSearch(ModelAdmin):
    """Search by what a caller dictates: a number is found with or without its blanks."""

    number_fields: tuple[str, ...] = ()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        number = strip_separators(search_term)
        return super().get_search_results(request, queryset, number if number.isdigit() else search_term)


class DictatedSearch(ModelAdmin):
    """Search by references and numbers only: the blanks with which a caller dictates them mean nothing."""

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return super().get_search_results(request, queryset, "".join(search_term.split()))


class ReadOnly:
    """Nothing is added, changed or deleted here: the verbs do that."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ShowsPhones:
    """Telephone numbers as people say them; `shown` names the fields of a form so."""

    @staticmethod
    def shown(names: Iterable[str]) -> tuple[str, ...]:
        return tuple(f"{name}_shown" if name in ("mobile", "phone") else name for name in names)

    @admin.display(description="téléphone mobile")
    def mobile_shown(self, row: Any) -> str:
        return phones.show(row.mobile) or "–"

    @admin.display(description="téléphone")
    def phone_shown(self, row: Any) -> str:
        return phones.show(row.phone) or "–"
