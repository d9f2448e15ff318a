"""Who the customer is: a user acts for one establishment (SIRET) of a company (SIREN).

The company holds the quota, and its row is the lock under which quota is spent. Establishments of one company
share quota and next order date only: never orders, addresses, drafts or invoices.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from allauth.account.models import EmailAddress
from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper

from eligibility.siret import siren_of


class PostalAddress(models.Model):
    """A French postal address, in the lines that fit a Colissimo label (35 characters each)."""

    street_number = models.CharField("numéro", max_length=8, blank=True)
    street_name = models.CharField("nom de voie", max_length=35, blank=True)
    hamlet = models.CharField("lieu-dit", max_length=35, blank=True)
    building = models.CharField("bâtiment", max_length=35, blank=True)
    address_extra = models.CharField("complément", max_length=35, blank=True)
    postal_code = models.CharField("code postal", max_length=5, blank=True)
    city = models.CharField("localité", max_length=35, blank=True)

    class Meta:
        abstract = True

    @property
    def street(self) -> str:
        """Number and street as one line of the label."""
        return f"{self.street_number} {self.street_name}".strip()

    @property
    def address_lines(self) -> list[str]:
        """The lines to print, without the recipient's name."""
        lines = [self.building, self.address_extra, self.street, self.hamlet, f"{self.postal_code} {self.city}".strip()]
        return [line for line in lines if line]


class Recipient(PostalAddress):
    """Where and to whom a parcel goes, and how its journey is told."""

    legal_name = models.CharField("raison sociale", max_length=35, blank=True)
    department = models.CharField("service", max_length=35, blank=True)
    contact_name = models.CharField("nom du destinataire", max_length=35, blank=True)
    email = models.EmailField("adresse électronique", max_length=80, blank=True)
    mobile = models.CharField("téléphone mobile", max_length=16, blank=True, help_text="Format international (E.164).")
    phone = models.CharField("téléphone", max_length=16, blank=True, help_text="Format international (E.164).")
    sms_wanted = models.BooleanField("suivi par SMS", default=True)

    RECIPIENT_FIELDS = (
        "legal_name", "department", "contact_name", "email", "mobile", "phone", "sms_wanted",
        "street_number", "street_name", "hamlet", "building", "address_extra", "postal_code", "city",
    )  # fmt: skip

    class Meta:
        abstract = True

    @property
    def delivery_lines(self) -> list[str]:
        """Recipient and address as printed on a summary, an e-mail or an invoice."""
        return [line for line in (self.legal_name, self.department, self.contact_name) if line] + self.address_lines


class Company(models.Model):
    """A legal unit (SIREN): the holder of the quota. Lock its row before spending or freeing quota."""

    siren = models.CharField("SIREN", max_length=9, unique=True)
    created_at = models.DateTimeField("créée le", auto_now_add=True)

    class Meta:
        verbose_name = "entreprise"
        constraints = [
            models.CheckConstraint(condition=Q(siren__regex=r"^[0-9]{9}$"), name="company_siren_is_nine_digits")
        ]

    def __str__(self) -> str:
        return self.siren


class Establishment(PostalAddress):
    """A site (SIRET) that orders. Its address is the billing address, first copied from the register."""

    company = models.ForeignKey(Company, models.PROTECT, related_name="establishments", verbose_name="entreprise")
    siret = models.CharField("SIRET", max_length=14, unique=True)
    legal_name = models.CharField("raison sociale", max_length=160, blank=True)
    trade_name = models.CharField("enseigne", max_length=160, blank=True)
    naf = models.CharField("code NAF", max_length=6, blank=True)
    vat_number = models.CharField("n° de TVA intracommunautaire", max_length=20, blank=True)
    usual_purchase_order = models.CharField("n° de bon de commande habituel", max_length=30, blank=True)
    created_at = models.DateTimeField("créé le", auto_now_add=True)

    class Meta:
        verbose_name = "établissement"
        permissions = [("hand_over_establishment", "Peut confier le compte d’un établissement à une autre personne")]
        constraints = [
            models.CheckConstraint(
                condition=Q(siret__regex=r"^[0-9]{14}$"), name="establishment_siret_is_fourteen_digits"
            )
        ]

    def __str__(self) -> str:
        return f"{self.legal_name or 'Établissement'} ({self.siret})"

    @property
    def siren(self) -> str:
        return siren_of(self.siret)

    @property
    def customer_number(self) -> str:
        """The number printed on invoices: `C` and six digits, from the company."""
        return f"C{self.company_id:06d}"


class DeliveryProfile(Recipient):
    """What the customer chose to keep for the next delivery."""

    establishment = models.OneToOneField(
        Establishment, models.CASCADE, related_name="delivery_profile", verbose_name="établissement"
    )

    class Meta:
        verbose_name = "adresse de livraison habituelle"
        verbose_name_plural = "adresses de livraison habituelles"

    def __str__(self) -> str:
        return ", ".join(self.delivery_lines)


class UserQuerySet(models.QuerySet["User"]):
    def unconfirmed(self) -> "UserQuerySet":
        """Sign-ups whose e-mail was never confirmed: they reserve neither name, nor address, nor SIRET."""
        return self.filter(establishment=None, is_staff=False, last_login=None).exclude(emailaddress__verified=True)

    def awaiting_code(self) -> "UserQuerySet":
        """Whose address nobody has confirmed yet: sign-ups, new staff, who was handed an establishment's account."""
        return self.exclude(emailaddress__verified=True)

    def confirmed(self) -> "UserQuerySet":
        """Accounts that count: everybody but unconfirmed sign-ups."""
        return self.exclude(pk__in=User.objects.unconfirmed().values("pk"))

    def joined_before(self, moment: datetime) -> "UserQuerySet":
        return self.filter(date_joined__lt=moment)

    def named(self, username: str) -> "UserQuerySet":
        """The account of this user name, whatever its case."""
        return self.filter(username__iexact=username)

    def addressed(self, email: str) -> "UserQuerySet":
        """Accounts that use this address, confirmed or not: a pending sign-up may have typed somebody else's."""
        return self.filter(Q(email=email) | Q(pk__in=EmailAddress.objects.filter(email=email).values("user")))


class AccountManager(UserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    """Django's user manager, speaking the queryset's words; a class of its own, because migrations name it."""


class User(AbstractUser):
    """A person who signs in: the account of one establishment, or a member of staff without one."""

    class Civility(models.TextChoices):
        NONE = "", "–"
        MADAM = "mme", "Madame"
        SIR = "m", "Monsieur"

    email = models.EmailField("adresse électronique", blank=True)
    # Typed at sign-up; bound to an establishment, under the company's lock, once the e-mail is confirmed.
    signup_siret = models.CharField("SIRET demandé", max_length=14, blank=True)
    establishment = models.OneToOneField(
        Establishment, models.PROTECT, null=True, blank=True, related_name="account", verbose_name="établissement"
    )
    civility = models.CharField("civilité", max_length=3, choices=Civility, blank=True)
    job_title = models.CharField("fonction", max_length=60, blank=True)
    department = models.CharField("service", max_length=35, blank=True)
    mobile = models.CharField("téléphone mobile", max_length=16, blank=True, help_text="Format international (E.164).")
    phone = models.CharField("téléphone", max_length=16, blank=True, help_text="Format international (E.164).")
    sms_wanted = models.BooleanField("étapes de livraison par SMS", default=True)
    renewal_wanted = models.BooleanField("prévenir quand une commande est de nouveau possible", default=True)

    # Keys of the second factors, for staff; set by `AccountBackend` on the user of a request.
    second_factors: Sequence[int] = ()

    objects: ClassVar[AccountManager] = AccountManager()

    class Meta(AbstractUser.Meta):
        verbose_name, verbose_name_plural = "compte", "comptes"
        permissions = [
            ("unlock_user", "Peut lever le frein de connexion d’un compte"),
            ("send_password_link", "Peut envoyer à un compte un lien de mot de passe"),
            ("manage_staff", "Peut retirer le second moyen d’un collègue et fermer ou rouvrir son compte"),
        ]
        # UPPER, because that is how Django asks for __iexact: the constraint is the index of the sign-in page.
        constraints = [
            models.UniqueConstraint(
                Upper("email"),
                name="user_email_unique",
                condition=~Q(email=""),
                violation_error_message="Un compte existe déjà avec cette adresse.",
            ),
            models.UniqueConstraint(
                Upper("username"),
                name="user_username_unique",
                violation_error_message="Cet identifiant n’est pas disponible.",
            ),
        ]
        indexes = [models.Index("email", name="user_by_email")]

    @property
    def is_signing_up(self) -> bool:
        """Whether the account is of the person’s own making and has no SIRET yet: its address may still be changed."""
        return not self.is_staff and self.establishment_id is None

    @property
    def contact_name(self) -> str:
        """First and last name, or nothing: a user name is never shown to a carrier."""
        return self.get_full_name()
