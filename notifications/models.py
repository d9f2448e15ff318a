"""The outbox: one row for each e-mail or SMS, from the transaction that wanted it to the relay that took it."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone


class Channel(models.TextChoices):
    EMAIL = "email", "E-mail"
    SMS = "sms", "SMS"


class Status(models.TextChoices):
    PENDING = "pending", "À envoyer"
    SENDING = "sending", "Envoi en cours"
    SENT = "sent", "Envoyé"
    FAILED = "failed", "Échec"
    WITHDRAWN = "withdrawn", "Retiré"


class Urgency(models.IntegerChoices):
    """Who goes first when the relay is slow: a code is waited for now, a notice can come within the hour."""

    CODE = 1, "Code"
    RECEIPT = 2, "Reçu"
    NOTICE = 3, "Information"


class Failure(models.TextChoices):
    """Why the last attempt failed; the class decides whether and when there is another."""

    CONNECTION = "connection", "Serveur d’envoi injoignable"
    DELAYED = "delayed", "Refus provisoire"
    CONFIGURATION = "configuration", "Réglage ou accès du serveur d’envoi"
    UNKNOWN_RECIPIENT = "unknown_recipient", "Destinataire inconnu"
    REFUSED = "refused", "Refus définitif"
    UNCERTAIN = "uncertain", "Issue incertaine"


class MessageQuerySet(models.QuerySet["Message"]):
    def due(self, now: datetime) -> MessageQuerySet:
        """Rows waiting to be sent whose time has come."""
        return self.filter(status=Status.PENDING, next_attempt_at__lte=now)

    def stuck(self, since: datetime) -> MessageQuerySet:
        """Rows claimed before `since` by a worker that never told how it ended."""
        return self.filter(status=Status.SENDING, claimed_at__lt=since)

    def withdraw(self) -> int:
        """Take back what has not left yet; a secret text is erased with its reason."""
        return self.filter(status=Status.PENDING).update(
            status=Status.WITHDRAWN,
            **{
                name: Case(When(is_secret=True, then=Value("")), default=F(name), output_field=models.TextField())
                for name in Message.TEXT
            },
        )

    def failed(self) -> MessageQuerySet:
        return self.filter(status=Status.FAILED)

    def given_up(self) -> MessageQuerySet:
        """Messages that failed and that nobody has sent again: somebody should look."""
        return self.failed().filter(resends=None)

    def to_unknown_recipient(self) -> MessageQuerySet:
        """Messages refused because the mailbox or the number does not exist."""
        return self.filter(status=Status.FAILED, failure=Failure.UNKNOWN_RECIPIENT)

    def most_urgent_first(self) -> MessageQuerySet:
        return self.order_by("urgency", "next_attempt_at", "pk")


class Message(models.Model):
    TEXT = ("subject", "body_text", "body_html")

    channel = models.CharField("canal", max_length=5, choices=Channel.choices)
    kind = models.CharField("type", max_length=80, help_text="Modèle du texte, par exemple orders/order_confirmed.")
    recipient = models.CharField("destinataire", max_length=254)
    subject = models.CharField("objet", max_length=200, blank=True)
    body_text = models.TextField("texte", blank=True)
    body_html = models.TextField("texte HTML", blank=True)
    about = models.CharField(
        "à propos de", max_length=80, blank=True, help_text="Référence de commande, SIRET ou numéro de demande."
    )
    dedupe_key = models.CharField("clé", max_length=200)

    status = models.CharField("état", max_length=10, choices=Status.choices, default=Status.PENDING)
    urgency = models.PositiveSmallIntegerField("urgence", choices=Urgency.choices, default=Urgency.NOTICE)
    attempts = models.PositiveSmallIntegerField("essais", default=0)
    next_attempt_at = models.DateTimeField("prochain essai", default=timezone.now)
    not_after = models.DateTimeField("sans objet après", null=True, blank=True)
    claimed_at = models.DateTimeField("pris en charge", null=True, blank=True)
    sent_at = models.DateTimeField("envoyé", null=True, blank=True)
    created_at = models.DateTimeField("créé", default=timezone.now)
    failure = models.CharField("cause de l’échec", max_length=20, choices=Failure.choices, blank=True)
    last_error = models.CharField("réponse du serveur", max_length=500, blank=True)
    is_secret = models.BooleanField(
        "confidentiel",
        default=False,
        help_text="Code ou lien personnel\u00a0: texte effacé après l’envoi, jamais renvoyé.",
    )
    resend_of = models.ForeignKey(
        "self", models.SET_NULL, verbose_name="renvoi de", null=True, blank=True, related_name="resends"
    )
    resent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        verbose_name="renvoyé par",
        null=True,
        blank=True,
        related_name="+",
    )

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = "message"
        verbose_name_plural = "messages"
        ordering = ("-pk",)
        permissions = [("resend_message", "Peut renvoyer un message")]
        constraints = [
            models.UniqueConstraint(
                fields=["dedupe_key"],
                name="message_dedupe_key_unique",
                violation_error_message="Ce message existe déjà.",
            ),
        ]
        indexes = [
            # The two questions the sweeper asks every few seconds: both stay as small as the work that is left.
            models.Index(fields=["urgency", "next_attempt_at"], name="message_due", condition=Q(status=Status.PENDING)),
            models.Index(fields=["claimed_at"], name="message_stuck", condition=Q(status=Status.SENDING)),
            models.Index(fields=["-id"], name="message_failed", condition=Q(status=Status.FAILED)),
            models.Index(fields=["about"], name="message_about"),
            models.Index(fields=["recipient"], name="message_recipient"),
            models.Index(fields=["created_at"], name="message_created_at"),
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()} {self.kind.rpartition('/')[2]} ({self.pk})"

    @property
    def at_most_once(self) -> bool:
        """Whether a second copy would be worse than none: every SMS, and everything with a code or link in it."""
        return self.is_secret or self.channel == Channel.SMS
