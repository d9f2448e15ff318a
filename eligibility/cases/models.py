"""A "Rejet SIRET": somebody asks support to look at a SIRET that the registers do not recognise.

`Case` is the request and the row that is locked; its life is in `life.py`, its verbs in `verbs.py` (the applicant)
and `decisions.py` (staff). What was said is a `CaseMessage`, what was sent along a `Document`, what was done, by whom
and when, a `CaseEvent`.
"""

import secrets
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from .states import DECIDED, UNDER_WAY, Source, State

# How long an applicant's link opens after the end of a case: as long as the documents of a refusal are kept.
LINK_LIFE = timedelta(days=183)


def new_token() -> str:
    """The unguessable part of the applicant's link."""
    return secrets.token_urlsafe(32)


def by_urgency() -> list[Any]:
    """The order of the queue: the next due time first, then who waits longest; what is over comes last."""
    return [
        models.Case(models.When(state__in=UNDER_WAY, then=0), default=1).asc(),
        models.Case(models.When(state=State.DOCUMENTS_RECEIVED, then="due_at")).asc(nulls_last=True),
        models.Case(models.When(state__in=UNDER_WAY, then="created_at")).asc(nulls_last=True),
        models.F("created_at").desc(),
    ]


class CaseQuerySet(models.QuerySet["Case"]):
    def under_way(self) -> "CaseQuerySet":
        return self.filter(state__in=UNDER_WAY)

    def due_before(self, moment: datetime) -> "CaseQuerySet":
        return self.filter(state=State.DOCUMENTS_RECEIVED, due_at__lte=moment)

    def by_urgency(self) -> "CaseQuerySet":
        return self.order_by(*by_urgency())


class Case(models.Model):
    """One request to look at one SIRET. At most one is under way per SIRET; a second applicant joins it."""

    State, Source = State, Source

    class Network(models.TextChoices):
        """What the applicant says; support checks."""

        CCI = "cci", "CCI"
        CMA = "cma", "CMA"
        BOTH = "both", "les deux"
        NEITHER = "neither", "ni l’une ni l’autre"
        UNKNOWN = "unknown", "je ne sais pas"

    token = models.CharField(max_length=43, unique=True, default=new_token, editable=False)
    state = models.CharField("état", max_length=19, choices=State, default=State.RECEIVED, editable=False)
    source = models.CharField("origine", max_length=5, choices=Source, default=Source.FORM, editable=False)
    siret = models.CharField("SIRET", max_length=14, blank=True)
    legal_name = models.CharField("raison sociale", max_length=160, blank=True)
    contact_name = models.CharField("nom et prénom", max_length=100, blank=True)
    email = models.EmailField("adresse e-mail", max_length=254, blank=True)
    phone = models.CharField("téléphone", max_length=16, blank=True)
    postal_code = models.CharField("code postal", max_length=5, blank=True)
    headcount = models.PositiveIntegerField("effectif déclaré", null=True, blank=True)
    register = models.CharField("réseau déclaré", max_length=8, choices=Network, blank=True)
    message = models.TextField("message", max_length=2000, blank=True)
    verdict_then = models.JSONField("verdict à l’ouverture", default=dict, editable=False)
    created_at = models.DateTimeField("reçue le", default=timezone.now, editable=False)

    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+",
        verbose_name="suivie par", editable=False,
    )  # fmt: skip
    documents_wanted = models.TextField("documents demandés", blank=True, editable=False)
    documents_requested_at = models.DateTimeField("documents demandés le", null=True, editable=False)
    documents_received_at = models.DateTimeField("documents reçus le", null=True, editable=False)
    due_at = models.DateTimeField("à traiter avant", null=True, editable=False)
    reminded_at = models.DateTimeField("rappel au service le", null=True, editable=False)
    # The applicant has written since staff last acted.
    news_at = models.DateTimeField("nouvelles du demandeur le", null=True, editable=False)
    decided_at = models.DateTimeField("décidée le", null=True, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name="décidée par",
        editable=False,
    )  # fmt: skip
    refusal = models.CharField("motif du refus", max_length=500, blank=True, editable=False)
    admission = models.OneToOneField(
        "eligibility.Admission", models.SET_NULL, null=True, related_name="+", verbose_name="admission accordée",
        editable=False,
    )  # fmt: skip
    closed_at = models.DateTimeField("close le", null=True, editable=False)
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="merged", verbose_name="réunie à", editable=False
    )
    anonymised_at = models.DateTimeField("rendue anonyme le", null=True, editable=False)
    # Grows with every change of state and every message: a page opened before it must be read again.
    version = models.PositiveIntegerField("version", default=0, editable=False)

    objects = CaseQuerySet.as_manager()

    class Meta:
        verbose_name = "demande (Rejet SIRET)"
        verbose_name_plural = "demandes (Rejet SIRET)"
        ordering = ["-created_at", "-pk"]
        permissions = [
            ("handle_case", "Peut prendre en charge une demande Rejet SIRET et y répondre"),
            ("decide_case", "Peut accepter ou refuser une demande Rejet SIRET"),
            ("reopen_case", "Peut rouvrir une demande Rejet SIRET"),
            ("merge_case", "Peut réunir deux demandes Rejet SIRET"),
            ("read_document", "Peut télécharger les justificatifs d’une demande Rejet SIRET"),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="case_due", condition=Q(state="documents_received")),
            models.Index(fields=["decided_at"], name="case_decided"),
        ]
        constraints = [
            models.UniqueConstraint(
                "siret",
                condition=Q(state__in=UNDER_WAY),
                name="one_case_under_way_per_siret",
                violation_error_message="Une demande est déjà en cours pour ce SIRET.",
            ),
            models.CheckConstraint(condition=Q(state__in=State.values), name="case_state_is_known"),
            models.CheckConstraint(
                condition=Q(siret__regex=r"^[0-9]{14}$") | Q(siret="", anonymised_at__isnull=False),
                name="case_siret_is_fourteen_digits",
            ),
            # An e-mail may lack the rest; support asks for it.
            models.CheckConstraint(
                condition=~Q(source="form")
                | Q(anonymised_at__isnull=False)
                | Q(headcount__isnull=False, legal_name__gt="", contact_name__gt="", email__gt="", register__gt=""),
                name="case_by_form_is_complete",
            ),
            models.CheckConstraint(
                condition=~Q(state="documents_received") | Q(documents_received_at__isnull=False, due_at__isnull=False),
                name="case_with_documents_has_a_due_time",
            ),
            models.CheckConstraint(
                condition=Q(state__in=DECIDED, decided_at__isnull=False)
                | Q(~Q(state__in=DECIDED), decided_at__isnull=True, decided_by__isnull=True),
                name="case_decided_knows_when",
            ),
            models.CheckConstraint(
                condition=~Q(state="refused") | Q(refusal__gt="") | Q(anonymised_at__isnull=False),
                name="case_refused_says_why",
            ),
            models.CheckConstraint(
                condition=Q(state="closed", closed_at__isnull=False)
                | Q(~Q(state="closed"), closed_at__isnull=True, merged_into__isnull=True),
                name="case_closed_knows_when",
            ),
        ]

    def __str__(self) -> str:
        return f"Demande {self.number}"

    @property
    def number(self) -> str:
        """The number that applicant and support quote, such as RS000042."""
        return f"RS{self.pk:06d}"

    @property
    def is_under_way(self) -> bool:
        return self.state in UNDER_WAY

    @property
    def current(self) -> "Case":
        """The case in which this one is looked after: itself, unless it was merged into another."""
        return self.merged_into.current if self.merged_into else self

    @property
    def applicants(self) -> set[str]:
        """The addresses of all who asked: this case's and those of the cases merged into it."""
        return {self.email.lower(), *(email.lower() for email in self.merged.values_list("email", flat=True))}

    def is_overdue(self, *, at: datetime) -> bool:
        return self.state == State.DOCUMENTS_RECEIVED and self.due_at is not None and self.due_at <= at

    def is_link_expired(self, *, at: datetime) -> bool:
        """Whether the applicant's link has had its time: some months after the end of the case."""
        ended_at = self.decided_at or self.closed_at
        return ended_at is not None and ended_at + LINK_LIFE <= at


class CaseEvent(models.Model):
    """One line of a case's history: its state after it, when, by whom (nobody: the applicant or the clock)."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="events", verbose_name="demande")
    state = models.CharField("état", max_length=19, choices=State)
    at = models.DateTimeField("le")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="par"
    )
    note = models.CharField("note", max_length=600, blank=True)
    version = models.PositiveIntegerField("version", default=0, editable=False)

    class Meta:
        verbose_name, verbose_name_plural = "étape", "historique"
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return self.get_state_display()


class CaseMessageQuerySet(models.QuerySet["CaseMessage"]):
    def shown_to(self, email: str) -> "CaseMessageQuerySet":
        """What passed between one applicant and support: no internal note, nothing of anybody else.

        Of two cases that were merged, neither applicant reads the other's words. A message without words may still
        have brought documents.
        """
        own = Q(sender__iexact=email, is_other_sender=False)
        return self.filter(Q(direction=CaseMessage.Direction.OUT) | Q(direction=CaseMessage.Direction.IN) & own)


class CaseMessage(models.Model):
    """Something said in a case: by the applicant, to the applicant, or among staff."""

    class Direction(models.TextChoices):
        IN = "in", "reçu"
        OUT = "out", "envoyé"
        NOTE = "note", "note interne"

    case = models.ForeignKey(Case, models.CASCADE, related_name="messages", verbose_name="demande")
    direction = models.CharField("sens", max_length=4, choices=Direction)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="auteur"
    )
    sender = models.EmailField("expéditeur", max_length=254, blank=True)
    # Somebody else than the applicant: staff read it, the applicant's page does not show it, nobody is answered.
    is_other_sender = models.BooleanField("autre expéditeur", default=False)
    subject = models.CharField("objet", max_length=200, blank=True)
    body = models.TextField("texte", blank=True)
    # A sentence for each file that was not taken.
    refused = models.JSONField("fichiers refusés", default=list, blank=True)
    created_at = models.DateTimeField("le")
    # An e-mail's Message-ID, or the page's own: the same sending twice is one message.
    message_id = models.CharField(max_length=255, null=True, blank=True, unique=True, editable=False)

    objects = CaseMessageQuerySet.as_manager()

    class Meta:
        verbose_name = "message (Rejet SIRET)"
        verbose_name_plural = "messages (Rejet SIRET)"
        ordering = ["created_at", "pk"]

    def __str__(self) -> str:
        return f"{self.case} – {self.get_direction_display()}"


class DocumentQuerySet(models.QuerySet["Document"]):
    def kept(self) -> "DocumentQuerySet":
        return self.filter(deleted_at__isnull=True)


class Document(models.Model):
    """A supporting document: the facts here, the bytes in the private storage under a random name."""

    class Scan(models.TextChoices):
        NONE = "none", "non analysé"
        CLEAN = "clean", "sain"
        INFECTED = "infected", "infecté"

    case = models.ForeignKey(Case, models.CASCADE, related_name="documents", verbose_name="demande")
    message = models.ForeignKey(CaseMessage, models.CASCADE, related_name="documents", verbose_name="message")
    name = models.CharField("nom", max_length=200)
    content_type = models.CharField("type", max_length=20)
    size = models.PositiveIntegerField("taille")
    sha256 = models.CharField("empreinte SHA-256", max_length=64)
    path = models.CharField(max_length=100, blank=True, editable=False)
    scan = models.CharField("analyse", max_length=8, choices=Scan, default=Scan.NONE)
    received_at = models.DateTimeField("reçu le")
    deleted_at = models.DateTimeField("supprimé le", null=True, editable=False)

    objects = DocumentQuerySet.as_manager()

    class Meta:
        verbose_name = "justificatif"
        ordering = ["received_at", "pk"]
        indexes = [models.Index(fields=["received_at"], name="document_kept", condition=Q(deleted_at__isnull=True))]

    def __str__(self) -> str:
        return self.name


class CannedAnswer(models.Model):
    """A text that staff start from; what is sent is what they make of it."""

    class Use(models.TextChoices):
        DOCUMENTS = "documents", "demander des documents"
        REFUSAL = "refusal", "refuser"
        ANSWER = "answer", "répondre"

    key = models.SlugField("clé", max_length=40, unique=True, help_text="Reconnaît les réponses d’origine.")
    use = models.CharField("sert à", max_length=9, choices=Use)
    title = models.CharField("titre", max_length=100)
    text = models.TextField("texte", max_length=2000)
    is_active = models.BooleanField("proposée", default=True)

    class Meta:
        verbose_name = "réponse type"
        verbose_name_plural = "réponses types"
        ordering = ["use", "title"]

    def __str__(self) -> str:
        return self.title
