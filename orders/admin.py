"""Orders, prices and stock at the staff desk. States and amounts move through the verbs only."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin, TabularInline
from unfold.contrib.filters.admin import RangeDateFilter
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

from accounts.desk import ExactSearch, ReadOnly, ShowsPhones
from notifications.wording import count

from . import reference, stock
from .desk_forms import RecipientForm
from .errors import OrderError
from .models import Order, OrderEvent, Price, Stock, VatRate


class EventInline(ReadOnly, TabularInline):
    model = OrderEvent
    fields = readonly_fields = ("at", "status", "by", "note")
    ordering = ("at", "pk")
    extra = 0


@admin.register(Order)
class OrderAdmin(ShowsPhones, ExactSearch):
    form = RecipientForm
    list_display = ("reference", "establishment", "status", "quantity", "total_incl_vat", "confirmed_at")
    list_filter = ("status", "offer", "zone", ("confirmed_at", RangeDateFilter))
    list_filter_submit = True
    list_select_related = ("establishment",)
    search_fields = ("reference__exact", "establishment__siret__exact", "email__iexact")
    search_help_text = "Référence, SIRET, adresse e-mail, n° de colis ou de facture"
    date_hierarchy = "confirmed_at"
    ordering = ("-created_at", "-pk")
    inlines = (EventInline,)
    fieldsets = (
        (
            None,
            {"fields": (("reference", "status"), ("establishment", "placed_by"), ("offer", "quantity"), "see_also")},
        ),
        (
            "Montants (EUR)",
            {
                "fields": (
                    ("zone", "headcount"),
                    ("unit_price_excl_vat", "total_excl_vat"),
                    ("vat_rate", "vat_amount"),
                    ("total_incl_vat", "terms_version"),
                    "vat_text",
                )
            },
        ),
        (
            "Dates",
            {
                "fields": (
                    ("created_at", "confirmed_at"),
                    ("due_at", "paid_at"),
                    ("cancelled_at", "expired_at"),
                    ("refunded_at", "period"),
                )
            },
        ),
        ("Livraison", {"fields": (*Order.RECIPIENT_FIELDS, "purchase_order")}),
    )
    editable_fields = (*Order.RECIPIENT_FIELDS, "purchase_order")

    def get_fieldsets(self, request: HttpRequest, obj: Order | None = None) -> Any:
        """Numbers that cannot be changed are written as people say them."""
        if obj is not None and obj.can_mend_recipient and self.has_change_permission(request, obj):
            return self.fieldsets
        *others, (title, options) = self.fieldsets
        return (*others, (title, options | {"fields": self.shown(options["fields"])}))

    def get_readonly_fields(self, request: HttpRequest, obj: Order | None = None) -> tuple[str, ...]:
        fieldsets = self.get_fieldsets(request, obj)
        names = [name for _, options in fieldsets for row in options["fields"] for name in _names(row)]
        may_edit = obj is not None and obj.can_mend_recipient
        return tuple(name for name in names if not (may_edit and name in self.editable_fields))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Order], search_term: str
    ) -> tuple[QuerySet[Order], bool]:
        """A reference, a parcel or an invoice is found as it is dictated: in lower case, with blanks."""
        try:
            return queryset.filter(reference=reference.parse(search_term)), False
        except ValueError:
            dictated = "".join(search_term.split()).upper()
        for number in ("shipments__parcel_number", "invoice__number"):
            if dictated and (found := queryset.filter(**{number: dictated})).exists():
                return found, False
        return super().get_search_results(request, queryset, search_term)

    @admin.display(description="quantité", ordering="lots")
    def quantity(self, order: Order) -> str:
        return f"{count(order.lots, 'lot')} de {order.lot_size}"

    @admin.display(description="période dépensée")
    def period(self, order: Order) -> str:
        days = order.quota_period
        return f"du {days.lower:%d/%m/%Y} jusqu’au {days.upper:%d/%m/%Y} exclu" if days else "–"

    @admin.display(description="voir aussi")
    def see_also(self, order: Order) -> SafeString:
        """What other rooms know of this order, found by its reference."""
        lists = (
            ("règlements", "billing_payment"),
            ("facture", "billing_invoice"),
            ("expéditions", "shipping_shipment"),
            ("messages", "notifications_message"),
        )
        links = ((f"{reverse(f'admin:{model}_changelist')}?q={order.reference}", words) for words, model in lists)
        return format_html_join(" · ", '<a href="{}">{}</a>', links)

    def construct_change_message(
        self, request: HttpRequest, form: forms.ModelForm, formsets: Any, add: bool = False
    ) -> str | list[Any]:
        """What was there and what stands there now: a parcel may already be on its way to the former address."""
        assert isinstance(form, RecipientForm)
        changes = ((form.fields[name].label, form.initial[name], form.said(name)) for name in form.changed_data)
        return ". ".join(
            f"{label}\u00a0: «\u00a0{before}\u00a0» → «\u00a0{after}\u00a0»" for label, before, after in changes
        )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _names(row: str | tuple[str, ...]) -> tuple[str, ...]:
    return (row,) if isinstance(row, str) else row


class DatedAdmin(ModelAdmin):
    """Rows that hold for a period: a new one is added, an old one is only given its end."""

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if obj is None:
            return ()
        return tuple(field.name for field in self.model._meta.fields if field.name not in ("id", "valid_to"))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Price)
class PriceAdmin(DatedAdmin):
    list_display = ("zone", "lot_size", "amount_excl_vat", "valid_from", "valid_to")
    list_filter = ("zone", "lot_size")


@admin.register(VatRate)
class VatRateAdmin(DatedAdmin):
    list_display = ("zone", "rate", "legal_text", "valid_from", "valid_to")
    list_filter = ("zone",)


class CorrectionForm(forms.ModelForm):
    """A count that differs, a delivery, damage: what is added or taken away, never the new total."""

    correction = forms.IntegerField(
        label="Correction (lots)",
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="Lots à ajouter, ou à retirer avec le signe −. Les commandes continuent pendant ce temps.",
    )
    reason = forms.CharField(label="Motif", max_length=120, widget=UnfoldAdminTextInputWidget)

    class Meta:
        model = Stock
        fields = ()

    def clean_correction(self) -> int:
        correction: int = self.cleaned_data["correction"]
        if self.instance.available + correction < 0:
            raise ValidationError("Le stock ne peut pas être négatif.")
        return correction


@admin.register(Stock)
class StockAdmin(ModelAdmin):
    form = CorrectionForm
    list_display = ("lot_size", "available")
    fields = ("lot_size", "available", "correction", "reason")
    readonly_fields = ("lot_size", "available")

    def save_model(self, request: HttpRequest, obj: Stock, form: Any, change: bool) -> None:
        """Apply the correction beside the orders that are being confirmed, without reading the stock first."""
        try:
            stock.correct(obj.lot_size, form.cleaned_data["correction"])
        except OrderError as refusal:
            messages.error(request, str(refusal))

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> str | list[Any]:
        return f"Correction de {form.cleaned_data['correction']:+d} lots. Motif\u00a0: {form.cleaned_data['reason']}"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
