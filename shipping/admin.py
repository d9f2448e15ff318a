"""The warehouse's desk: prepare, label, dispatch, one answer per row."""

import logging
from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.files.storage import storages
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import TabularInline

from accounts.desk import DictatedSearch
from accounts.models import User
from notifications.queue import enqueue
from orders.errors import BusyError, OrderError

from . import preparation, tasks
from .errors import ShippingError
from .models import Shipment, TrackingEvent
from .parcels import has_right_key

logger = logging.getLogger(__name__)
# Name in the address and of the file → field that holds its path, words of the link.
DOCUMENTS = {"etiquette": ("label_path", "Étiquette"), "cn23": ("customs_path", "CN23")}


class NewsFilter(admin.SimpleListFilter):
    """Parcels nobody has heard of for a week."""

    title, parameter_name = "nouvelles de La Poste", "nouvelles"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("aucune", "Aucune depuis 7\u00a0jours")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.silent(timezone.now()) if self.value() == "aucune" else queryset


def author(request: HttpRequest) -> User:
    """The member of staff who acts."""
    assert isinstance(request.user, User)
    return request.user


class TrackingEventInline(TabularInline):
    model = TrackingEvent
    fields = readonly_fields = ("at", "code", "label", "point", "seen_at")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Shipment)
class ShipmentAdmin(DictatedSearch):
    """Every field is a fact written by a verb; the actions are the verbs."""

    list_display = (
        "order", "status", "recipient", "content", "label_told", "parcel", "documents", "paid_at", "shipped_at",
    )  # fmt: skip
    list_filter = ("status", "label_state", NewsFilter, "order__zone", "order__lot_size")
    list_select_related = ("order",)
    search_fields = ("order__reference__iexact", "parcel_number__iexact", "order__establishment__siret__exact")
    search_help_text = "Référence de commande, numéro de colis, SIRET"
    actions = ("prepare", "label", "dispatch_parcels", "release_doubt")
    inlines = (TrackingEventInline,)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return (*(field.name for field in Shipment._meta.fields), "documents")

    @admin.display(description="destinataire")
    def recipient(self, shipment: Shipment) -> str:
        return f"{shipment.order.legal_name}, {shipment.order.postal_code} {shipment.order.city}"

    @admin.display(description="contenu")
    def content(self, shipment: Shipment) -> str:
        return f"{shipment.order.lots} × {shipment.order.lot_size}"

    @admin.display(description="réglée le", ordering="order__paid_at")
    def paid_at(self, shipment: Shipment) -> object:
        return shipment.order.paid_at

    @admin.display(description="étiquette", ordering="label_state")
    def label_told(self, shipment: Shipment) -> str:
        """The state, with Colissimo's own words where staff must act."""
        state = shipment.get_label_state_display()
        is_trouble = shipment.label_state in (Shipment.LabelState.REFUSED, Shipment.LabelState.DOUBTFUL)
        return f"{state}\u00a0: {shipment.label_message}" if is_trouble and shipment.label_message else state

    @admin.display(description="colis", ordering="parcel_number")
    def parcel(self, shipment: Shipment) -> str | SafeString:
        number = shipment.parcel_number
        if not number:
            return "–"
        if has_right_key(number) is False:
            return f"{number} – Clé du numéro de colis inattendue\u00a0: vérifiez le numéro."
        return format_html('<a href="{}">{}</a>', reverse("shipping:track", args=[number]), number)

    @admin.display(description="documents à imprimer")
    def documents(self, shipment: Shipment) -> str | SafeString:
        links = [
            format_html('<a href="{}">{}</a>', reverse("admin:shipping_document", args=[shipment.pk, name]), words)
            for name, (field, words) in DOCUMENTS.items()
            if getattr(shipment, field)
        ]
        return format_html(" · ".join("{}" for _ in links), *links) if links else "–"

    def get_urls(self) -> list[URLPattern]:
        document = path("<int:pk>/<str:name>.pdf", self.admin_site.admin_view(self.document), name="shipping_document")
        return [document, *super().get_urls()]

    def document(self, request: HttpRequest, pk: int, name: str) -> FileResponse | HttpResponseRedirect:
        """The stored label or customs form: printing again never buys a second one."""
        shipment = get_object_or_404(self.get_queryset(request), pk=pk)
        if not self.has_view_permission(request, shipment) or name not in DOCUMENTS:
            raise Http404
        stored = getattr(shipment, DOCUMENTS[name][0])
        if not stored:
            raise Http404
        try:
            file = storages["private"].open(stored)
        except OSError:
            logger.exception("%s of parcel %s cannot be read", name, shipment.parcel_number)
            self.message_user(request, f"Le fichier {stored} ne peut pas être lu.", messages.ERROR)
            return redirect("admin:shipping_shipment_change", pk)
        return FileResponse(file, as_attachment=True, filename=f"{name}-{shipment.parcel_number}.pdf")

    @admin.action(description="Mettre en préparation (e-mail au client)", permissions=["change"])
    def prepare(self, request: HttpRequest, queryset: QuerySet[Shipment]) -> None:
        now, by = timezone.now(), author(request)
        self._each(request, queryset, lambda row: preparation.prepare(row, by=by, at=now), "en préparation")

    @admin.action(description="Demander l’étiquette Colissimo", permissions=["change"])
    def label(self, request: HttpRequest, queryset: QuerySet[Shipment]) -> None:
        now = timezone.now()

        def want(shipment: Shipment) -> str | None:
            preparation.want_label(shipment, at=now)
            if shipment.label_state == Shipment.LabelState.DONE:
                return "l’étiquette existe déjà, imprimez-la depuis la fiche"
            enqueue(tasks.buy_label, shipment.pk)
            return None

        self._each(request, queryset, want, "étiquette demandée, actualisez la liste dans un instant")

    @admin.action(description="Marquer expédiée (e-mail et SMS au client)", permissions=["change"])
    def dispatch_parcels(self, request: HttpRequest, queryset: QuerySet[Shipment]) -> None:
        now, by = timezone.now(), author(request)
        self._each(request, queryset, lambda row: preparation.dispatch(row, by=by, at=now), "expédiée")

    @admin.action(description="Lever le doute\u00a0: aucune étiquette achetée", permissions=["change"])
    def release_doubt(self, request: HttpRequest, queryset: QuerySet[Shipment]) -> None:
        by, done = author(request), "l’étiquette peut être redemandée"
        self._each(request, queryset, lambda row: preparation.release_doubt(row, by=by), done)

    def _each(
        self, request: HttpRequest, queryset: QuerySet[Shipment], verb: Callable[[Shipment], str | None], done: str
    ) -> None:
        """Call the verb on every row: what the rules refuse is said, the rest is done. A verb may say more itself."""
        for shipment in queryset.select_related("order").order_by("pk"):
            try:
                with transaction.atomic():
                    answer = verb(shipment) or done
                    self.log_change(request, shipment, f"{answer[0].upper()}{answer[1:]}.")
            except (ShippingError, OrderError, BusyError) as error:
                self.message_user(request, f"Commande {shipment.order}\u00a0: {error}", messages.ERROR)
            else:
                self.message_user(request, f"Commande {shipment.order}\u00a0: {answer}.", messages.SUCCESS)
