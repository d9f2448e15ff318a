"""Orders, prices and stock at the staff desk. States and amounts move through the verbs only."""

from collections.abc import Callable
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import ModelAdmin, TabularInline
from unfold.contrib.filters.admin import RangeDateFilter
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

from accounts.desk import ExactSearch, ReadOnly
from accounts.fields import BAD_MOBILE, BAD_PHONE
from accounts.models import User
from eligibility.zones import zone_of
from notifications import phones
from notifications.wording import count

from . import reference, stock
from .errors import BusyError, OrderError
from .models import Order, OrderEvent, Price, Stock, VatRate

ASKED_SUPPORT = "demande reçue par téléphone ou par e-mail"


class EventInline(ReadOnly, TabularInline):
    model = OrderEvent
    fields = readonly_fields = ("at", "status", "by", "note")
    ordering = ("at", "pk")
    extra = 0


class RecipientForm(forms.ModelForm):
    """Support may mend a recipient; an address in another price zone would need another price."""

    class Meta:
        model = Order
        fields = (*Order.RECIPIENT_FIELDS, "purchase_order")

    def clean_mobile(self) -> str:
        return self._number("mobile", BAD_MOBILE, phones.is_mobile)

    def clean_phone(self) -> str:
        return self._number("phone", BAD_PHONE, bool)

    def _number(self, name: str, error: str, fits: Callable[[str], bool]) -> str:
        typed: str = self.cleaned_data[name]
        number = phones.to_e164(typed) if typed else ""
        if number is None or (number and not fits(number)):
            raise ValidationError(error)
        return number

    def clean_postal_code(self) -> str:
        postal_code: str = self.cleaned_data["postal_code"]
        try:
            zone = zone_of(postal_code)
        except ValueError:
            raise ValidationError("Le code postal comporte 5\u00a0chiffres.")
        if zone != self.instance.zone:
            raise ValidationError("Ce code postal change de zone tarifaire\u00a0: annulez la commande et refaites-la.")
        return postal_code


@admin.register(Order)
class OrderAdmin(ExactSearch):
    form = RecipientForm
    list_display = ("reference", "establishment", "status", "quantity", "total_incl_vat", "confirmed_at")
    list_filter = ("status", "offer", "zone", ("confirmed_at", RangeDateFilter))
    list_filter_submit = True
    list_select_related = ("establishment",)
    search_fields = ("reference__exact", "establishment__siret__exact", "email__iexact")
    search_help_text = "Référence, SIRET ou adresse e-mail"
    date_hierarchy = "confirmed_at"
    ordering = ("-created_at", "-pk")
    inlines = (EventInline,)
    actions = ("cancel_unpaid",)
    fieldsets = (
        (None, {"fields": (("reference", "status"), ("establishment", "placed_by"), ("offer", "quantity"))}),
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

    def get_readonly_fields(self, request: HttpRequest, obj: Order | None = None) -> tuple[str, ...]:
        names = [name for _, options in self.fieldsets for row in options["fields"] for name in _names(row)]
        is_open = obj is not None and obj.status in (Order.Status.AWAITING_PAYMENT, Order.Status.PAID)
        return tuple(name for name in names if not (is_open and name in self.editable_fields))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Order], search_term: str
    ) -> tuple[QuerySet[Order], bool]:
        """A reference is found as it is dictated: in lower case, with blanks."""
        try:
            return queryset.filter(reference=reference.parse(search_term)), False
        except ValueError:
            return super().get_search_results(request, queryset, search_term)

    @admin.display(description="quantité", ordering="lots")
    def quantity(self, order: Order) -> str:
        return f"{count(order.lots, 'lot')} de {order.lot_size}"

    @admin.display(description="période dépensée")
    def period(self, order: Order) -> str:
        days = order.quota_period
        return f"du {days.lower:%d/%m/%Y} jusqu’au {days.upper:%d/%m/%Y} exclu" if days else "–"

    @admin.action(description="Annuler les commandes non réglées", permissions=["change"])
    def cancel_unpaid(self, request: HttpRequest, queryset: QuerySet[Order]) -> None:
        for order in queryset:
            try:
                with transaction.atomic():
                    order.cancel(at=timezone.now(), by=cast(User, request.user), reason=ASKED_SUPPORT)
                    self.log_change(request, order, f"Annulée\u00a0: {ASKED_SUPPORT}.")
            except (OrderError, BusyError) as refusal:
                messages.error(request, f"Commande {order.reference}\u00a0: {refusal}")
            else:
                messages.success(request, f"Commande {order.reference}\u00a0: annulée.")

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
