"""The history of an order."""

from django.conf import settings
from django.db import models

from orders.states import Status


class OrderEvent(models.Model):
    """One line of an order's history: what it became, when, by whom."""

    order = models.ForeignKey("orders.Order", models.CASCADE, related_name="events", verbose_name="commande")
    status = models.CharField("état", max_length=20, choices=Status)
    at = models.DateTimeField("le")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="par"
    )
    note = models.CharField("note", max_length=200, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = "événement", "historique"
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return self.get_status_display()
