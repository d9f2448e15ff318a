"""Orders, by adjective."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from django.db import models
from django.db.backends.postgresql.psycopg_any import DateRange

if TYPE_CHECKING:
    from .models import Order  # noqa: F401


class OrderQuerySet(models.QuerySet["Order"]):
    def drafts(self) -> OrderQuerySet:
        return self.filter(status="draft")

    def confirmed(self) -> OrderQuerySet:
        """Everything the customer ever confirmed, whatever became of it."""
        return self.exclude(status="draft")

    def awaiting_payment(self) -> OrderQuerySet:
        return self.filter(status="awaiting_payment")

    def payable(self, at: datetime) -> OrderQuerySet:
        """Unpaid and within the announced deadline: the customer may begin to pay."""
        return self.awaiting_payment().filter(due_at__gt=at)

    def paid(self) -> OrderQuerySet:
        return self.filter(status="paid")

    def spending(self) -> OrderQuerySet:
        """Orders that hold their company's period."""
        return self.filter(quota_period__isnull=False)

    def spending_any_of(self, first: date, last: date) -> OrderQuerySet:
        """Orders whose period meets these days, `last` excluded: the question the database's constraint asks."""
        return self.filter(quota_period__overlap=DateRange(first, last))

    def due_before(self, moment: datetime) -> OrderQuerySet:
        return self.filter(due_at__lt=moment)

    def untouched_since(self, moment: datetime) -> OrderQuerySet:
        return self.filter(updated_at__lt=moment)
