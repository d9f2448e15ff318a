"""What the shop knows about who may order: registers, their loads, and admissions granted by support.

`RegisterEntry` has no foreign key in or out: whole loads are swapped in and out as tables, and customers keep their
SIRET and a copy of what they need.
"""

from django.conf import settings
from django.db import models
from django.db.models.functions import Left

from . import headcount as bands

# Django finds models here.
from .cases.models import CannedAnswer as CannedAnswer
from .cases.models import Case as Case
from .cases.models import CaseEvent as CaseEvent
from .cases.models import CaseMessage as CaseMessage
from .cases.models import Document as Document
from .cases.waiting import WaitingFile as WaitingFile
from .cases.waiting import WaitingMails as WaitingMails
from .querysets import SiretQuerySet
from .sirene.models import SireneEstablishment as SireneEstablishment
from .sirene.models import SireneLoad as SireneLoad
from .sirene.models import SireneUnit as SireneUnit
from .siret import SIREN_LENGTH
from .zones import Zone

# The two networks of the operation; more are rows added at the staff desk.
FIRST_REGISTERS = {
    "CCI": "Chambres de commerce et d’industrie",
    "CMA": "Chambres de métiers et de l’artisanat",
}


class RegisterQuerySet(models.QuerySet["Register"]):
    def with_active_load(self) -> "RegisterQuerySet":
        """Add `loaded_at` and `rows` of the load in service, None where there is none."""
        return self.annotate(
            in_service=models.FilteredRelation("loads", condition=models.Q(loads__is_active=True)),
            loaded_at=models.F("in_service__finished_at"),
            rows=models.F("in_service__rows_total"),
        )


class RegisterManager(models.Manager.from_queryset(RegisterQuerySet)):  # type: ignore[misc]
    def named(self, code: str) -> "Register":
        """Find a register by its code in any case; the first two come into being when they are asked for."""
        code = code.upper()
        if code in FIRST_REGISTERS:
            return self.get_or_create(code=code, defaults={"label": FIRST_REGISTERS[code]})[0]
        return self.get(code=code)

    def known_codes(self) -> set[str]:
        """All codes a file may name."""
        return {*FIRST_REGISTERS, *self.values_list("code", flat=True)}


class Register(models.Model):
    """A network whose members may order: CCI, CMA, and whatever a later row adds."""

    code = models.CharField(
        "code", max_length=12, primary_key=True, help_text="Colonne «\u00a0registre\u00a0» du fichier."
    )
    label = models.CharField("nom", max_length=100)

    objects = RegisterManager()

    class Meta:
        verbose_name = "registre"
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(code__regex=r"^[A-Z][A-Z0-9]+$"),
                name="register_code_is_capitals",
                violation_error_message="Le code s’écrit en capitales et en chiffres, sans accent ni espace.",
            )
        ]

    def __str__(self) -> str:
        return self.code


class RegisterEntryQuerySet(SiretQuerySet["RegisterEntry"]):
    """Rows of the registers."""


class RegisterEntry(models.Model):
    """What one register says of one establishment. Written by loads only.

    The table is partitioned by register (see the first migration): a load builds its partition aside and
    swaps it in. `STORED` names what a file says, in the order in which loads write it.
    """

    pk = models.CompositePrimaryKey("siret", "register")
    siret = models.CharField("SIRET", max_length=14, db_collation="C")
    register = models.CharField("registre", max_length=12, db_collation="C")
    legal_name = models.CharField("raison sociale", max_length=160)
    chamber = models.CharField("chambre", max_length=100)
    headcount = models.PositiveIntegerField("effectif exact", null=True)
    headcount_code = models.CharField("tranche d’effectif", max_length=2)
    street = models.CharField("adresse", max_length=120)
    postal_code = models.CharField("code postal", max_length=5)
    city = models.CharField("commune", max_length=80)
    naf = models.CharField("code NAF", max_length=6)
    aprm = models.CharField("code APRM", max_length=6)
    opt_in = models.BooleanField("opt-in")
    updated_on = models.DateField("mis à jour le", null=True)
    is_open = models.BooleanField("ouvert")
    # What loads compare instead of all the others; of a row that no load has written there is none.
    fingerprint = models.BigIntegerField("empreinte", null=True, editable=False)

    STORED = (
        "siret", "register", "legal_name", "chamber", "headcount", "headcount_code", "street", "postal_code", "city",
        "naf", "aprm", "opt_in", "updated_on", "is_open",
    )  # fmt: skip

    objects = RegisterEntryQuerySet.as_manager()

    class Meta:
        verbose_name = "ligne de registre"
        verbose_name_plural = "lignes de registre"

    def __str__(self) -> str:
        return f"{self.siret} ({self.register})"

    @property
    def headcount_text(self) -> str:
        return bands.text(self.headcount, self.headcount_code)


class RegisterLoad(models.Model):
    """One load that went live: what was read, from which file, by whom. `is_active` marks the register's latest."""

    class Mode(models.TextChoices):
        FULL = "full", "complet"
        DELTA = "delta", "différentiel"

    register = models.ForeignKey(Register, models.PROTECT, related_name="loads", verbose_name="registre")
    mode = models.CharField("mode", max_length=5, choices=Mode)
    file_name = models.CharField("fichier", max_length=255)
    sha256 = models.CharField("empreinte SHA-256", max_length=64)
    rows_read = models.PositiveIntegerField("lignes lues")
    rows_rejected = models.PositiveIntegerField("lignes rejetées")
    rows_added = models.PositiveIntegerField("ajoutées")
    rows_changed = models.PositiveIntegerField("modifiées")
    rows_removed = models.PositiveIntegerField("retirées")
    rows_unchanged = models.PositiveIntegerField("inchangées")
    rows_total = models.PositiveIntegerField("lignes du registre après chargement")
    newest_on = models.DateField("mise à jour la plus récente", null=True)
    # For the next load to compare with: rows by headcount code, and the mark of how fingerprints were made. NULL where
    # a delta has made them untrue of the whole register.
    bands = models.JSONField("lignes par tranche d’effectif", null=True, editable=False)
    specimen = models.BigIntegerField("empreinte témoin", null=True, editable=False)
    report = models.JSONField("rapport")
    started_at = models.DateTimeField("commencé le")
    finished_at = models.DateTimeField("terminé le")
    loaded_by = models.CharField("chargé par", max_length=150)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="compte"
    )
    is_active = models.BooleanField("en service", default=True)
    is_former = models.BooleanField("retour possible", default=False)

    class Meta:
        verbose_name = "chargement"
        ordering = ["-finished_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                "register", condition=models.Q(is_active=True), name="one_active_load_per_register"
            ),
            models.UniqueConstraint(
                "register", condition=models.Q(is_former=True), name="one_former_load_per_register"
            ),
            models.CheckConstraint(
                condition=~models.Q(is_active=True, is_former=True), name="a_load_is_not_its_own_former"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.register_id} – {self.file_name}"


class RegisterRollback(models.Model):
    """A return from one load to the other, and who decided it. Rows are only ever added."""

    register = models.ForeignKey(Register, models.PROTECT, related_name="rollbacks", verbose_name="registre")
    withdrawn = models.ForeignKey(RegisterLoad, models.PROTECT, related_name="+", verbose_name="chargement retiré")
    restored = models.ForeignKey(RegisterLoad, models.PROTECT, related_name="+", verbose_name="chargement rétabli")
    at = models.DateTimeField("le")
    by = models.CharField("par", max_length=150)

    class Meta:
        verbose_name = "retour au chargement précédent"
        verbose_name_plural = "retours au chargement précédent"
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.register_id} – {self.withdrawn.file_name} → {self.restored.file_name}"


class Admission(models.Model):
    """Support's word that a company may order although registers miss it. It outlives every load.

    It counts for the whole company (SIREN) and gives the headcount; closed, too large and territory still refuse.
    """

    siret = models.CharField("SIRET", max_length=14)
    siren = models.GeneratedField(
        expression=Left("siret", SIREN_LENGTH),
        output_field=models.CharField(max_length=SIREN_LENGTH),
        db_persist=True,
        db_index=True,
        verbose_name="SIREN",
    )
    legal_name = models.CharField("raison sociale", max_length=160, blank=True)
    headcount = models.PositiveIntegerField("effectif de l’entreprise")
    network = models.ForeignKey(Register, models.PROTECT, related_name="admissions", verbose_name="réseau")
    territory = models.CharField(
        "territoire", max_length=8, choices=Zone, blank=True,
        help_text="Retenu quand aucun registre ne donne de code postal.",
    )  # fmt: skip
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="accordée par", editable=False
    )
    created_at = models.DateTimeField("accordée le", auto_now_add=True)
    expires_on = models.DateField("valable jusqu’au", help_text="Ce jour compris.")

    class Meta:
        verbose_name = "admission"
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(siret__regex=r"^[0-9]{14}$"), name="admission_siret_is_fourteen_digits"
            )
        ]

    def __str__(self) -> str:
        return f"Admission {self.siret}"
