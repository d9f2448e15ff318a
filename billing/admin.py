"""The money, for staff: everything is read; nothing is typed by hand."""

import logging
from typing import cast

from django.contrib import admin, messages
from django.core.files.storage import storages
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.template.defaultfilters import filesizeformat
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

import orders.admin
from accounts.desk import DictatedSearch, ReadOnly
from accounts.models import User
from orders.errors import BusyError, OrderError
from orders.models import Order

from . import cancelling
from .models import Counter, Invoice, Payment, ProviderEvent

logger = logging.getLogger(__name__)
ASKED_SUPPORT = "demande reçue par téléphone ou par e-mail"


class ReadOnlyAdmin(ReadOnly, DictatedSearch):
    """Rows that only verbs write."""


class OrderAdmin(orders.admin.OrderAdmin):
    """An order's page with what money adds: its card page is closed before it is cancelled."""

    actions = ("cancel_unpaid",)

    @admin.action(description="Annuler les commandes non réglées", permissions=["change"])
    def cancel_unpaid(self, request: HttpRequest, queryset: QuerySet[Order]) -> None:
        for order in queryset:
            try:
                cancelling.cancel(order, at=timezone.now(), by=cast(User, request.user), reason=ASKED_SUPPORT)
                self.log_change(request, order, f"Annulée\u00a0: {ASKED_SUPPORT}.")
            except (OrderError, BusyError) as refusal:
                messages.error(request, f"Commande {order.reference}\u00a0: {refusal}")
            else:
                messages.success(request, f"Commande {order.reference}\u00a0: annulée.")


admin.site.unregister(Order)
admin.site.register(Order, OrderAdmin)


@admin.register(Payment)
class PaymentAdmin(ReadOnlyAdmin):
    list_display = ("order", "amount_incl_vat", "status", "outcome", "succeeded_at", "livemode")
    list_filter = ("status", "outcome", "livemode")
    list_select_related = ("order",)
    search_fields = (
        "order__reference__iexact", "order__establishment__siret__exact", "session_id__exact", "intent_id__exact",
    )  # fmt: skip
    search_help_text = "Référence de commande, SIRET, identifiant Stripe"
    # Not the payment page's address: whoever opens it could pay.
    fields = (
        "order", ("amount_incl_vat", "amount_received"), ("status", "outcome", "livemode"),
        ("session_id", "intent_id", "session_expires_at"), ("created_at", "checked_at", "succeeded_at", "settled_at"),
    )  # fmt: skip
    date_hierarchy = "created_at"


@admin.register(Invoice)
class InvoiceAdmin(ReadOnlyAdmin):
    list_display = ("number", "order", "order__establishment", "issued_at", "total_incl_vat", "document")
    list_filter = ("series", "year", "vat_rate")
    list_select_related = ("order__establishment",)
    search_fields = ("number__iexact", "order__reference__iexact", "order__establishment__siret__exact")
    search_help_text = "Numéro de facture, référence de commande, SIRET"
    fields = (
        ("number", "issued_at", "document"), ("order", "payment"),
        ("total_excl_vat", "vat_rate", "vat_amount", "total_incl_vat"), "pdf_sha256", "content",
    )  # fmt: skip
    readonly_fields = ("document",)
    date_hierarchy = "issued_at"

    @admin.display(description="PDF")
    def document(self, invoice: Invoice) -> str | SafeString:
        if not invoice.pdf_path:
            return "En préparation"
        url = reverse("admin:billing_invoice_pdf", args=[invoice.pk])
        return format_html('<a href="{}">Télécharger ({})</a>', url, filesizeformat(invoice.pdf_size or 0))

    def get_urls(self) -> list[URLPattern]:
        download = path("<int:pk>/facture.pdf", self.admin_site.admin_view(self.download), name="billing_invoice_pdf")
        return [download, *super().get_urls()]

    def download(self, request: HttpRequest, pk: int) -> FileResponse | HttpResponseRedirect:
        """The stored bytes, the same that the customer downloads."""
        invoice = get_object_or_404(self.get_queryset(request), pk=pk)
        if not self.has_view_permission(request, invoice) or not invoice.pdf_path:
            raise Http404
        try:
            file = storages["private"].open(invoice.pdf_path)
        except OSError:
            logger.exception("the PDF of invoice %s cannot be read", invoice)
            self.message_user(request, f"Le fichier {invoice.pdf_path} ne peut pas être lu.", messages.ERROR)
            return redirect("admin:billing_invoice_change", pk)
        return FileResponse(file, as_attachment=True, filename=f"facture-{invoice.number}.pdf")


@admin.register(Counter)
class CounterAdmin(ReadOnlyAdmin):
    list_display = ("series", "year", "last_number", "last_issued_at")


@admin.register(ProviderEvent)
class ProviderEventAdmin(ReadOnlyAdmin):
    list_display = ("kind", "object_id", "outcome", "received_at", "livemode")
    list_filter = ("kind", "livemode")
    search_fields = ("event_id__exact", "object_id__exact")
