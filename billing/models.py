"""The money, as rows of its own: a payment stands even where the order cannot be revived.

An invoice is frozen when it is numbered: texts, amounts, then the bytes of its PDF.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.db import models
from django.db.models import ExpressionWrapper, F, Q, Value
from django.db.models.functions import Greatest

from orders.models import Order


class PaymentQuerySet(models.QuerySet["Payment"]):
    def open(self) -> PaymentQuerySet:
        """Attempts that may still bring money."""
        return self.filter(status__in=[Payment.Status.CREATED, Payment.Status.OPEN])

    def unsettled(self) -> PaymentQuerySet:
        """Money that arrived and whose consequences are not written yet."""
        return self.filter(succeeded_at__isnull=False, settled_at__isnull=True)

    def undecided(self) -> PaymentQuerySet:
        """What an order must not lapse under: money that may come, or that came and is not accounted for."""
        return self.open() | self.unsettled()

    def to_ask_about(self, at: datetime) -> PaymentQuerySet:
        """Open attempts, each asked about ever more rarely: when a tenth of its age has passed since the last time.

        The page of an order that waits no more is to be closed: it is asked about every minute.
        """
        patience = ExpressionWrapper((Value(at) - F("created_at")) / 10, output_field=models.DurationField())
        a_minute = timedelta(minutes=1)
        is_due = Q(checked_at__lt=Value(at) - Greatest(patience, Value(a_minute)))
        is_unwanted = Q(checked_at__lt=at - a_minute) & ~Q(order__status=Order.Status.AWAITING_PAYMENT)
        return self.open().filter(is_due | is_unwanted)


class Payment(models.Model):
    """One attempt to pay one order at the card processor. Amounts are EUR TTC.

    `succeeded_at` is the provider's fact, committed alone; `settled_at` says that its consequences
    (order, invoice, receipt – or an alert to staff) were written. A sweep settles what lacks it.
    """

    class Status(models.TextChoices):
        CREATED = "created", "Créé"  # our row exists, the provider's session perhaps
        OPEN = "open", "Page de paiement ouverte"
        SUCCEEDED = "succeeded", "Réussi"
        CLOSED = "closed", "Sans suite"  # expired or abandoned: nothing was charged

    class Outcome(models.TextChoices):
        NONE = "", "–"
        ORDER_PAID = "order_paid", "Commande réglée"
        LATE = "late", "Reçu trop tard"
        OVERPAID = "overpaid", "En trop"
        CANCELLED = "cancelled", "Commande annulée"
        MISMATCH = "mismatch", "Montant ou devise inattendus"

    uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)  # idempotency key at the provider
    order = models.ForeignKey(Order, models.PROTECT, related_name="payments", verbose_name="commande")
    amount_incl_vat = models.DecimalField("montant TTC", max_digits=9, decimal_places=2)
    status = models.CharField("état", max_length=10, choices=Status, default=Status.CREATED)
    outcome = models.CharField("suite", max_length=12, choices=Outcome, blank=True)
    session_id = models.CharField("session Stripe", max_length=255, unique=True, null=True, blank=True)
    checkout_url = models.URLField("page de paiement", max_length=5000, blank=True)
    session_expires_at = models.DateTimeField("page ouverte jusqu’à")
    intent_id = models.CharField("paiement Stripe", max_length=255, blank=True, db_index=True)
    livemode = models.BooleanField("réel", default=False)
    amount_received = models.DecimalField("montant reçu", max_digits=9, decimal_places=2, null=True, blank=True)
    created_at = models.DateTimeField("créé le", auto_now_add=True)
    checked_at = models.DateTimeField("dernière question à Stripe", auto_now_add=True)
    succeeded_at = models.DateTimeField("reçu le", null=True, blank=True)
    settled_at = models.DateTimeField("traité le", null=True, blank=True)

    objects = PaymentQuerySet.as_manager()

    class Meta:
        verbose_name = "règlement"
        ordering = ["-created_at"]
        indexes = [
            models.Index("created_at", name="payment_unsettled", condition=Q(settled_at__isnull=True)),
        ]
        constraints = [
            # Two clicks on "Payer", or two tabs, share one page at the provider.
            models.UniqueConstraint(
                fields=["order"], condition=Q(status__in=["created", "open"]), name="payment_one_open_per_order"
            ),
            models.UniqueConstraint(
                fields=["order"], condition=Q(outcome="order_paid"), name="payment_one_pays_the_order"
            ),
            models.CheckConstraint(condition=Q(amount_incl_vat__gt=0), name="payment_is_positive"),
            models.CheckConstraint(
                condition=~Q(status="succeeded") | Q(succeeded_at__isnull=False, amount_received__isnull=False),
                name="payment_success_has_its_facts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order} – {self.amount_incl_vat}\u00a0€ ({self.get_status_display()})"

    @property
    def is_with_staff(self) -> bool:
        """Whether its money did not fit its order: staff decide, and the customer is told that it is here."""
        return self.outcome not in (Payment.Outcome.NONE, Payment.Outcome.ORDER_PAID)

    @property
    def has_page(self) -> bool:
        """Whether a card page may be open in some tab, or its answer be on the way."""
        return self.status == Payment.Status.OPEN


class ProviderEvent(models.Model):
    """A webhook that was heard: the unique id makes its second delivery harmless."""

    event_id = models.CharField("événement", max_length=255, unique=True)
    kind = models.CharField("type", max_length=80)
    object_id = models.CharField("objet", max_length=255, blank=True)
    livemode = models.BooleanField("réel", default=False)
    outcome = models.CharField("suite", max_length=80, blank=True)
    received_at = models.DateTimeField("reçu le", auto_now_add=True)

    class Meta:
        verbose_name, verbose_name_plural = "événement Stripe", "événements Stripe"
        ordering = ["-received_at"]

    def __str__(self) -> str:
        return f"{self.kind} {self.event_id}"


class Counter(models.Model):
    """The last number given in a series and a Paris year. Its row is locked in the issuing transaction, so that
    numbers have no gap and no double, and number order is date order."""

    series = models.CharField("série", max_length=4)
    year = models.PositiveSmallIntegerField("année")
    last_number = models.PositiveIntegerField("dernier numéro", default=0)
    last_issued_at = models.DateTimeField("dernière émission", null=True)

    class Meta:
        verbose_name, verbose_name_plural = "compteur", "compteurs"
        constraints = [models.UniqueConstraint(fields=["series", "year"], name="counter_one_per_series_and_year")]

    def __str__(self) -> str:
        return f"{self.series}{self.year}\u00a0: {self.last_number}"


class Invoice(models.Model):
    """A numbered, frozen invoice (CGI ann. II art. 242 nonies A). Never edited, never deleted. EUR.

    Series F for money that moved, DF (specimen) for the payments of a demo, a sandbox or test keys.
    """

    order = models.OneToOneField(Order, models.PROTECT, related_name="invoice", verbose_name="commande")
    payment = models.OneToOneField(Payment, models.PROTECT, related_name="invoice", verbose_name="règlement")
    series = models.CharField("série", max_length=4)
    year = models.PositiveSmallIntegerField("année")
    sequence = models.PositiveIntegerField("rang")
    number = models.CharField("numéro", max_length=20, unique=True)
    issued_at = models.DateTimeField("émise le")
    total_excl_vat = models.DecimalField("total HT", max_digits=9, decimal_places=2)
    vat_rate = models.DecimalField("taux de TVA (%)", max_digits=4, decimal_places=2)
    vat_amount = models.DecimalField("TVA", max_digits=9, decimal_places=2)
    total_incl_vat = models.DecimalField("total TTC", max_digits=9, decimal_places=2)
    content = models.JSONField("contenu figé")  # every text on the page: seller, client, addresses, lines, mentions
    pdf_path = models.CharField("fichier", max_length=200, blank=True)
    pdf_size = models.PositiveIntegerField("taille", null=True, blank=True)
    pdf_sha256 = models.CharField("empreinte SHA-256", max_length=64, blank=True)

    class Meta:
        verbose_name = "facture"
        ordering = ["-issued_at", "-pk"]
        indexes = [models.Index("issued_at", name="invoice_without_pdf", condition=Q(pdf_path=""))]
        constraints = [
            models.UniqueConstraint(fields=["series", "year", "sequence"], name="invoice_number_is_unique"),
            models.CheckConstraint(
                condition=Q(total_incl_vat=F("total_excl_vat") + F("vat_amount")), name="invoice_totals_add_up"
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_specimen(self) -> bool:
        return self.series.startswith("D")
