"""The money, for staff: everything is read; nothing is typed by hand."""

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from accounts.admin import DictatedSearch

from .models import Counter, Invoice, Payment, ProviderEvent


class ReadOnlyAdmin(DictatedSearch):
    """Rows that only verbs write."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Payment)
class PaymentAdmin(ReadOnlyAdmin):
    list_display = ("order", "amount_incl_vat", "status", "outcome", "succeeded_at", "livemode")
    list_filter = ("status", "outcome", "livemode")
    list_select_related = ("order",)
    search_fields = ("order__reference__iexact", "session_id__exact", "intent_id__exact")
    search_help_text = "Référence de commande, identifiant Stripe"
    # Not the payment page's address: whoever opens it could pay.
    fields = (
        "order", ("amount_incl_vat", "amount_received"), ("status", "outcome", "livemode"),
        ("session_id", "intent_id", "session_expires_at"), ("created_at", "checked_at", "succeeded_at", "settled_at"),
    )  # fmt: skip
    date_hierarchy = "created_at"


@admin.register(Invoice)
class InvoiceAdmin(ReadOnlyAdmin):
    list_display = ("number", "order", "issued_at", "total_incl_vat", "has_pdf")
    list_filter = ("series", "year", "vat_rate")
    list_select_related = ("order",)
    search_fields = ("number__iexact", "order__reference__iexact", "order__establishment__siret__exact")
    search_help_text = "Numéro de facture, référence de commande, SIRET"
    date_hierarchy = "issued_at"

    @admin.display(boolean=True, description="PDF")
    def has_pdf(self, invoice: Invoice) -> bool:
        return bool(invoice.pdf_path)


@admin.register(Counter)
class CounterAdmin(ReadOnlyAdmin):
    list_display = ("series", "year", "last_number", "last_issued_at")


@admin.register(ProviderEvent)
class ProviderEventAdmin(ReadOnlyAdmin):
    list_display = ("kind", "object_id", "outcome", "received_at", "livemode")
    list_filter = ("kind", "livemode")
    search_fields = ("event_id__exact", "object_id__exact")
