"""The states of an order and which may follow which. The parcel and the money have lives of their own."""

from django.db import models


class Status(models.TextChoices):
    DRAFT = "draft", "Demande en cours"
    AWAITING_PAYMENT = "awaiting_payment", "À régler"
    PAID = "paid", "Réglée"
    CANCELLED = "cancelled", "Annulée"
    EXPIRED = "expired", "Expirée, non réglée"
    REFUNDED = "refunded", "Remboursée"


NEXT: dict[str, set[str]] = {
    Status.DRAFT: {Status.AWAITING_PAYMENT},
    Status.AWAITING_PAYMENT: {Status.PAID, Status.CANCELLED, Status.EXPIRED},
    Status.PAID: {Status.REFUNDED},
    Status.EXPIRED: {Status.PAID},  # late money that staff or the payment sweep accept
    Status.CANCELLED: set(),
    Status.REFUNDED: set(),
}
