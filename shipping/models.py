"""The parcels: one shipment per dispatch of an order, on an axis of its own beside the order's life."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q

from orders.models import Order

SILENCE = timedelta(days=7)
UNREAD = timedelta(days=1)  # twice the longest pause between two questions


class ShipmentQuerySet(models.QuerySet["Shipment"]):
    def silent(self, at: datetime) -> ShipmentQuerySet:
        """Parcels under way of which La Poste has told nothing for a week."""
        heard_of = TrackingEvent.objects.filter(shipment=OuterRef("pk"), at__gt=at - SILENCE)
        return self.filter(
            ~Exists(heard_of), is_final=False, status=Shipment.Status.SHIPPED, shipped_at__lt=at - SILENCE
        )


class Shipment(models.Model):
    """One parcel of one paid order, from the preparation queue to its delivery."""

    class Status(models.TextChoices):
        TO_PREPARE = "to_prepare", "À préparer"
        PREPARING = "preparing", "En préparation"
        SHIPPED = "shipped", "Expédiée"
        READY_FOR_PICKUP = "ready_for_pickup", "À retirer au bureau de poste"
        DELIVERED = "delivered", "Livrée"
        INCIDENT = "incident", "Incident de livraison"
        RETURNED = "returned", "Retournée"

    class LabelState(models.TextChoices):
        NONE = "", "Pas d’étiquette"
        WANTED = "wanted", "Demande en attente"  # staff want it, a job will ask
        ASKED = "asked", "Demandée"  # the request left; without an answer a label may have been bought
        DONE = "done", "Imprimable"
        DOUBTFUL = "doubtful", "À vérifier"
        REFUSED = "refused", "Refusée"

    order = models.ForeignKey(Order, models.PROTECT, related_name="shipments", verbose_name="commande")
    rank = models.PositiveSmallIntegerField("envoi n°", default=1)  # a reshipment is a second row
    status = models.CharField("état", max_length=20, choices=Status, default=Status.TO_PREPARE)
    weight_kg = models.DecimalField("poids (kg)", max_digits=5, decimal_places=2)

    label_state = models.CharField("étiquette", max_length=10, choices=LabelState, blank=True)
    label_message = models.CharField("réponse de Colissimo", max_length=500, blank=True)
    label_asked_at = models.DateTimeField("étiquette demandée le", null=True, blank=True)
    label_path = models.CharField("fichier de l’étiquette", max_length=200, blank=True)
    label_sha256 = models.CharField("empreinte de l’étiquette", max_length=64, blank=True)
    customs_path = models.CharField("fichier CN23", max_length=200, blank=True)
    customs_sha256 = models.CharField("empreinte du CN23", max_length=64, blank=True)
    parcel_number = models.CharField("n° de colis", max_length=15, null=True, blank=True, unique=True)
    partner_barcode = models.CharField("code de routage", max_length=40, blank=True)

    created_at = models.DateTimeField("créé le", auto_now_add=True)
    prepared_at = models.DateTimeField("préparation commencée le", null=True, blank=True)
    shipped_at = models.DateTimeField("expédiée le", null=True, blank=True)
    delivered_at = models.DateTimeField("livrée le", null=True, blank=True)
    checked_at = models.DateTimeField("dernière lecture du suivi", null=True, blank=True)
    is_final = models.BooleanField("suivi terminé", default=False)
    prepared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="préparée par"
    )
    shipped_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="expédiée par"
    )

    objects = ShipmentQuerySet.as_manager()

    class Meta:
        verbose_name = "expédition"
        ordering = ["created_at", "pk"]
        indexes = [
            models.Index("created_at", name="shipment_to_prepare", condition=Q(status="to_prepare")),
            models.Index("label_asked_at", name="shipment_label", condition=Q(label_state__in=["wanted", "asked"])),
            models.Index("checked_at", name="shipment_followed", condition=Q(is_final=False, shipped_at__isnull=False)),
        ]
        constraints = [
            models.UniqueConstraint(fields=["order", "rank"], name="shipment_rank_is_unique"),
            models.CheckConstraint(
                condition=~Q(status__in=["shipped", "ready_for_pickup", "delivered"])
                | Q(parcel_number__isnull=False, shipped_at__isnull=False),
                name="shipment_under_way_has_a_parcel",
            ),
            models.CheckConstraint(
                condition=Q(parcel_number__isnull=True) | Q(parcel_number__regex=r"^[0-9A-Z]{11,15}$"),
                name="shipment_parcel_number_is_well_formed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order} – {self.get_status_display()}"

    def is_unread(self, *, at: datetime) -> bool:
        """Whether the parcel is under way and La Poste has not let us read about it for a day."""
        is_under_way = self.shipped_at is not None and not self.is_final
        return is_under_way and self.checked_at is not None and self.checked_at < at - UNREAD

    @property
    def track_url(self) -> str:
        """La Poste's own page about the parcel."""
        return settings.LAPOSTE_TRACKING_PAGE.format(parcel=self.parcel_number) if self.parcel_number else ""


class TrackingEvent(models.Model):
    """One event told by La Poste. The same answer twice stores nothing new."""

    shipment = models.ForeignKey(Shipment, models.CASCADE, related_name="events", verbose_name="expédition")
    code = models.CharField("code", max_length=10)
    label = models.CharField("libellé", max_length=300, blank=True)
    at = models.DateTimeField("le")
    seen_at = models.DateTimeField("lu le", auto_now_add=True)
    point = models.CharField("point de retrait", max_length=120, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = "étape de suivi", "étapes de suivi"
        ordering = ["-at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["shipment", "code", "at"], name="tracking_event_is_stored_once")]

    def __str__(self) -> str:
        return f"{self.code} {self.label}"
