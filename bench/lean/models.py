"""Three tables: who may order, what was ordered, what was paid."""

from django.conf import settings
from django.db import models


class Firm(models.Model):
    siret = models.CharField(primary_key=True, max_length=14)
    headcount = models.IntegerField()

    class Meta:
        app_label = "lean"

    def __str__(self) -> str:
        return self.siret


class Order(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    lots = models.IntegerField()
    address = models.TextField(blank=True)
    status = models.CharField(max_length=10, default="draft")
    session_id = models.CharField(max_length=255, blank=True, db_index=True)

    class Meta:
        app_label = "lean"

    def __str__(self) -> str:
        return str(self.pk)
