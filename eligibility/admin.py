"""Registers, loads and admissions at the staff desk. What a load found is read-only; an admission is granted here."""

from datetime import date
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminTextInputWidget

from notifications.wording import siret

from .admissions import proposed_end, validate_end
from .cases.admin import CaseAdmin as CaseAdmin  # Django finds admin classes here
from .fields import SiretField
from .models import Admission, Register, RegisterLoad, RegisterRollback, SireneLoad
from .quota import HEADCOUNT_LIMIT
from .siret import strip_separators


class ReadOnlyAdmin(ModelAdmin):
    """A list to look at: nothing is added, changed or deleted by hand."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Register)
class RegisterAdmin(ModelAdmin):
    list_display = ("code", "label", "loaded_at", "rows")
    ordering = ("code",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Register]:
        """Each register with its load in service; a register without one has none."""
        return super().get_queryset(request).with_active_load()

    @admin.display(description="chargé le", ordering="loaded_at")
    def loaded_at(self, register: Any) -> Any:
        return register.loaded_at

    @admin.display(description="lignes")
    def rows(self, register: Any) -> Any:
        return register.rows

    def get_readonly_fields(self, request: HttpRequest, obj: Register | None = None) -> tuple[str, ...]:
        """Rows and admissions carry the code: it is chosen once."""
        return ("code",) if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class LoadAdmin(ReadOnlyAdmin):
    """Loads, each with the report that its operator read."""

    exclude = ("report",)
    readonly_fields = ("told",)

    @admin.display(description="rapport", empty_value="–")
    def told(self, load: RegisterLoad | SireneLoad) -> SafeString | None:
        lines = load.report.get("lines")
        return format_html('<div class="desk__report">{}</div>', "\n".join(lines)) if lines else None


@admin.register(RegisterLoad)
class RegisterLoadAdmin(LoadAdmin):
    list_display = (
        "register", "mode", "file_name", "finished_at", "rows", "rejected", "loaded_by", "is_active", "is_former",
    )  # fmt: skip
    list_filter = ("register", "mode", "is_active")
    list_select_related = ("register",)
    search_fields = ("file_name", "sha256__startswith")

    @admin.display(description="lignes", ordering="rows_total")
    def rows(self, load: RegisterLoad) -> int:
        return load.rows_total

    @admin.display(description="rejets", ordering="rows_rejected")
    def rejected(self, load: RegisterLoad) -> int:
        return load.rows_rejected


@admin.register(RegisterRollback)
class RegisterRollbackAdmin(ReadOnlyAdmin):
    list_display = ("register", "withdrawn", "restored", "at", "by")
    list_filter = ("register",)
    list_select_related = ("withdrawn", "restored")


@admin.register(SireneLoad)
class SireneLoadAdmin(LoadAdmin):
    list_display = ("stock", "file_name", "finished_at", "rows_total", "loaded_by", "is_active")
    list_filter = ("stock", "is_active")
    search_fields = ("file_name", "sha256__startswith")


class AdmissionForm(forms.ModelForm):
    """Grant an admission for a SIRET dictated or pasted in any shape."""

    siret = SiretField(widget=UnfoldAdminTextInputWidget)

    class Meta:
        model = Admission
        fields = ("siret", "legal_name", "headcount", "network", "territory", "expires_on")

    def clean_expires_on(self) -> date:
        """A day that has passed withdraws the admission."""
        expires_on: date = self.cleaned_data["expires_on"]
        validate_end(expires_on)
        return expires_on

    def clean_headcount(self) -> int:
        headcount: int = self.cleaned_data["headcount"]
        if headcount >= HEADCOUNT_LIMIT:
            raise forms.ValidationError(
                f"L’offre est réservée aux entreprises de moins de {HEADCOUNT_LIMIT}\u00a0salariés."
            )
        return headcount


@admin.register(Admission)
class AdmissionAdmin(ModelAdmin):
    form = AdmissionForm
    list_display = ("spaced", "legal_name", "headcount", "network", "author", "expires_on")
    list_filter = ("network", "territory", "expires_on")
    list_select_related = ("network", "author")
    search_fields = ("siret__exact", "siren__exact", "legal_name__icontains")
    search_help_text = "SIRET, SIREN ou raison sociale"
    readonly_fields = ("author", "created_at")

    @admin.display(description="SIRET", ordering="siret")
    def spaced(self, admission: Admission) -> str:
        return siret(admission.siret)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Admission], search_term: str
    ) -> tuple[QuerySet[Admission], bool]:
        number = strip_separators(search_term)
        return super().get_search_results(request, queryset, number if number.isdecimal() else search_term)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"expires_on": proposed_end(timezone.now())} | super().get_changeform_initial_data(request)

    def save_model(self, request: HttpRequest, obj: Admission, form: Any, change: bool) -> None:
        """The person who grants it is its author; changing it later does not make another one so."""
        if not change and request.user.is_authenticated:
            obj.author = request.user
        super().save_model(request, obj, form, change)
