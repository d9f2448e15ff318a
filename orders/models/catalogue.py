"""What is sold: prices, VAT rates, and the lots left to promise. A change is a new row, never an edit of an old one."""

from datetime import date
from decimal import Decimal

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Func, Q

from eligibility.zones import Zone


class DayRange(Func):
    """The days of a validity, first included, last excluded (empty = no end)."""

    function = "daterange"
    output_field = DateRangeField()


def _no_overlap(name: str, *keys: str) -> ExclusionConstraint:
    return ExclusionConstraint(
        name=name,
        expressions=[
            *((key, RangeOperators.EQUAL) for key in keys),
            (DayRange("valid_from", "valid_to"), RangeOperators.OVERLAPS),
        ],
        violation_error_message="Une autre ligne est déjà valable pendant cette période.",
    )


def _ends_after_it_begins(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=Q(valid_to__isnull=True) | Q(valid_to__gt=models.F("valid_from")),
        name=name,
        violation_error_message="La fin de validité vient après son début.",
    )


class PriceManager(models.Manager["Price"]):
    def with_vat(self, day: date) -> "models.query.RawQuerySet[Price]":
        """The prices of that day, as the price list has them, with `vat_rate` (percent) and `vat_text` of their zone.

        Without a rate nothing can be sold: such a price is left out. Written in SQL because every page of the shop
        asks this, and composing the statement would take Django longer than PostgreSQL takes to answer it.
        """
        return self.raw(
            """
            SELECT price.*, vat.rate AS vat_rate, vat.legal_text AS vat_text
              FROM orders_price price
              JOIN orders_vatrate vat USING (zone)
             WHERE daterange(price.valid_from, price.valid_to) @> %(day)s
               AND daterange(vat.valid_from, vat.valid_to) @> %(day)s
             ORDER BY price.zone, price.lot_size DESC
            """,
            {"day": day},
        )


class Price(models.Model):
    """Price of one lot, EUR HT, delivery included, for a delivery zone and a period."""

    zone = models.CharField("zone", max_length=10, choices=Zone)
    lot_size = models.PositiveSmallIntegerField("taille du lot")
    amount_excl_vat = models.DecimalField("prix HT du lot", max_digits=8, decimal_places=2)
    valid_from = models.DateField("valable à partir du")
    valid_to = models.DateField("jusqu’au (exclu)", null=True, blank=True)

    vat_rate: Decimal  # by `with_vat`
    vat_text: str

    objects = PriceManager()

    class Meta:
        verbose_name, verbose_name_plural = "tarif", "tarifs"
        ordering = ["zone", "-lot_size", "valid_from"]
        constraints = [
            _no_overlap("price_periods_do_not_overlap", "zone", "lot_size"),
            _ends_after_it_begins("price_ends_after_it_begins"),
            models.CheckConstraint(
                condition=Q(amount_excl_vat__gt=0),
                name="price_is_positive",
                violation_error_message="Un prix est plus grand que zéro.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_zone_display()}, lot de {self.lot_size}"


class VatRate(models.Model):
    """VAT of a delivery zone in percent (5.50 means 5,5 %), with the text of law printed when it is nil."""

    zone = models.CharField("zone", max_length=10, choices=Zone)
    rate = models.DecimalField("taux (%)", max_digits=4, decimal_places=2, validators=[MinValueValidator(0)])
    legal_text = models.CharField("mention légale", max_length=200, blank=True)
    valid_from = models.DateField("valable à partir du")
    valid_to = models.DateField("jusqu’au (exclu)", null=True, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = "taux de TVA", "taux de TVA"
        ordering = ["zone", "valid_from"]
        constraints = [
            _no_overlap("vat_periods_do_not_overlap", "zone"),
            _ends_after_it_begins("vat_ends_after_it_begins"),
            models.CheckConstraint(
                condition=Q(rate__gt=0) | ~Q(legal_text=""),
                name="vat_exemption_names_its_law",
                violation_error_message="Un taux nul demande sa mention légale\u00a0: elle figure sur la facture.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_zone_display()}\u00a0: {self.rate}\u00a0%"


class Stock(models.Model):
    """Lots left to promise, one row per lot size. `orders.stock` is its only writer."""

    lot_size = models.PositiveSmallIntegerField("taille du lot", primary_key=True)
    available = models.IntegerField("lots disponibles")

    class Meta:
        verbose_name, verbose_name_plural = "stock", "stocks"
        ordering = ["lot_size"]
        constraints = [
            models.CheckConstraint(
                condition=Q(available__gte=0),
                name="stock_is_never_negative",
                violation_error_message="Le stock ne peut pas être négatif.",
            ),
        ]

    def __str__(self) -> str:
        return f"Lots de {self.lot_size}\u00a0: {self.available}"
