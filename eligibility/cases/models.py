"""A "Rejet SIRET": somebody asks support to look at a SIRET that the registers do not recognise."""

import secrets

from django.db import models


def new_token() -> str:
    """The unguessable part of the applicant's link."""
    return secrets.token_urlsafe(32)


class CaseQuerySet(models.QuerySet["Case"]):
    def under_way(self) -> "CaseQuerySet":
        return self.exclude(state=Case.State.CLOSED)


class Case(models.Model):
    """One request to look at one SIRET. At most one is under way per SIRET; a second applicant joins it."""

    class State(models.TextChoices):
        RECEIVED = "received", "reçue"
        CLOSED = "closed", "close"

    class Network(models.TextChoices):
        """What the applicant says; support checks."""

        CCI = "cci", "CCI"
        CMA = "cma", "CMA"
        BOTH = "both", "les deux"
        NEITHER = "neither", "ni l’une ni l’autre"
        UNKNOWN = "unknown", "je ne sais pas"

    token = models.CharField(max_length=43, unique=True, default=new_token, editable=False)
    state = models.CharField("état", max_length=8, choices=State, default=State.RECEIVED)
    siret = models.CharField("SIRET", max_length=14)
    legal_name = models.CharField("raison sociale", max_length=160)
    contact_name = models.CharField("nom et prénom", max_length=100)
    email = models.EmailField("adresse e-mail", max_length=254)
    phone = models.CharField("téléphone", max_length=16, blank=True)
    postal_code = models.CharField("code postal", max_length=5)
    headcount = models.PositiveIntegerField("effectif déclaré")
    register = models.CharField("réseau déclaré", max_length=8, choices=Network)
    message = models.TextField("message", max_length=2000, blank=True)
    created_at = models.DateTimeField("reçue le", auto_now_add=True)
    closed_at = models.DateTimeField("close le", null=True, editable=False)
    closed_by = models.CharField("close par", max_length=150, blank=True, editable=False)

    objects = CaseQuerySet.as_manager()

    class Meta:
        verbose_name = "demande (Rejet SIRET)"
        verbose_name_plural = "demandes (Rejet SIRET)"
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                "siret",
                condition=~models.Q(state="closed"),
                name="one_case_under_way_per_siret",
                violation_error_message="Une demande est déjà en cours pour ce SIRET.",
            )
        ]

    def __str__(self) -> str:
        return f"Demande {self.number}"

    @property
    def number(self) -> str:
        """The number that applicant and support quote, such as RS000042."""
        return f"RS{self.pk:06d}"
