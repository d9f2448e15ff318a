"""What Sirene says of establishments and of legal units. Written by loads only.

Neither table has a foreign key in or out: a load builds a new table aside and swaps it in. Closed establishments and
ceased units are kept with their number and state alone: enough to say "closed", nothing about people who no longer
trade. What INSEE masks for a partly confidential firm (`[ND]`) is empty.
"""

from django.db import models

from eligibility import headcount as bands
from eligibility.querysets import SiretQuerySet


class Stock(models.TextChoices):
    """The two files INSEE publishes at the start of each month, by the names operators give them."""

    ESTABLISHMENTS = "etablissements", "Stock Sirene des établissements"
    UNITS = "unites_legales", "Stock Sirene des unités légales"


class SireneEstablishmentQuerySet(SiretQuerySet["SireneEstablishment"]):
    """Rows of StockEtablissement."""


class SireneEstablishment(models.Model):
    """A row of StockEtablissement, keyed by SIRET."""

    siret = models.CharField("SIRET", max_length=14, primary_key=True, db_collation="C")
    is_open = models.BooleanField("ouvert")
    is_confidential = models.BooleanField("diffusion partielle")
    is_head_office = models.BooleanField("siège")
    trade_name = models.CharField("enseigne", max_length=100)
    address_extra = models.CharField("complément d’adresse", max_length=80)
    street = models.CharField("adresse", max_length=160)
    box = models.CharField("distribution spéciale", max_length=80)
    postal_code = models.CharField("code postal", max_length=5)
    city = models.CharField("commune", max_length=100)
    commune = models.CharField("code commune", max_length=5)
    cedex = models.CharField("cedex", max_length=120)
    naf = models.CharField("code NAF", max_length=6)
    aprm = models.CharField("code APRM", max_length=6)
    headcount_code = models.CharField("tranche d’effectif de l’établissement", max_length=2)
    headcount_year = models.PositiveSmallIntegerField("année de l’effectif", null=True)

    objects = SireneEstablishmentQuerySet.as_manager()

    class Meta:
        verbose_name = "établissement Sirene"
        verbose_name_plural = "établissements Sirene"

    def __str__(self) -> str:
        return self.siret

    @property
    def headcount_text(self) -> str:
        return bands.text(None, self.headcount_code)


class SireneUnit(models.Model):
    """A row of StockUniteLegale, keyed by SIREN. `headcount_code` is the one that decides."""

    siren = models.CharField("SIREN", max_length=9, primary_key=True, db_collation="C")
    is_active = models.BooleanField("active")
    is_confidential = models.BooleanField("diffusion partielle")
    legal_name = models.CharField("dénomination", max_length=160)
    acronym = models.CharField("sigle", max_length=40)
    legal_category = models.CharField("catégorie juridique", max_length=4)
    naf = models.CharField("code NAF", max_length=6)
    headcount_code = models.CharField("tranche d’effectif de l’entreprise", max_length=2)
    headcount_year = models.PositiveSmallIntegerField("année de l’effectif", null=True)

    class Meta:
        verbose_name = "unité légale Sirene"
        verbose_name_plural = "unités légales Sirene"

    def __str__(self) -> str:
        return self.siren

    @property
    def headcount_text(self) -> str:
        return bands.text(None, self.headcount_code)


class SireneLoad(models.Model):
    """One load of a stock file that went live: what was read, from which file, by whom."""

    stock = models.CharField("stock", max_length=16, choices=Stock)
    file_name = models.CharField("fichier", max_length=255)
    sha256 = models.CharField("empreinte SHA-256", max_length=64)
    rows_read = models.PositiveIntegerField("lignes lues")
    rows_rejected = models.PositiveIntegerField("lignes rejetées")
    rows_total = models.PositiveIntegerField("lignes après chargement")
    rows_closed = models.PositiveIntegerField("dont fermées ou cessées")
    rows_confidential = models.PositiveIntegerField("dont à diffusion partielle")
    newest_on = models.DateField("traitement le plus récent", null=True)
    report = models.JSONField("rapport")
    started_at = models.DateTimeField("commencé le")
    finished_at = models.DateTimeField("terminé le")
    loaded_by = models.CharField("chargé par", max_length=150)
    is_active = models.BooleanField("en service", default=True)
    is_former = models.BooleanField("retour possible", default=False)
    restored_at = models.DateTimeField("rétabli le", null=True)
    restored_by = models.CharField("rétabli par", max_length=150, blank=True)

    class Meta:
        verbose_name = "chargement Sirene"
        verbose_name_plural = "chargements Sirene"
        ordering = ["-finished_at", "-pk"]
        constraints = [
            models.UniqueConstraint("stock", condition=models.Q(is_active=True), name="one_active_load_per_stock"),
            models.UniqueConstraint("stock", condition=models.Q(is_former=True), name="one_former_load_per_stock"),
        ]

    def __str__(self) -> str:
        return f"{self.get_stock_display()} – {self.file_name}"
