"""What waits beside the cases: files of a form that was not right yet, and e-mails that a person must see."""

from django.db import models
from django.db.models import Q

from .models import Document


class WaitingFile(models.Model):
    """A good file of a form that was sent with mistakes. It waits for the same form of the same browser, an hour.

    The facts here, the bytes in the private storage under a random name, as with a `Document`. See `shelf.py`.
    """

    # A secret that only the browser's session knows, and the number of the form.
    owner = models.CharField(max_length=43, editable=False)
    sending = models.UUIDField(editable=False)
    name = models.CharField("nom", max_length=200)
    content_type = models.CharField("type", max_length=20)
    size = models.PositiveIntegerField("taille")
    sha256 = models.CharField("empreinte SHA-256", max_length=64)
    path = models.CharField(max_length=100, unique=True, editable=False)
    scan = models.CharField("analyse", max_length=8, choices=Document.Scan, default=Document.Scan.NONE)
    kept_at = models.DateTimeField("gardé depuis", db_index=True)

    class Meta:
        verbose_name = "fichier en attente de son formulaire"
        verbose_name_plural = "fichiers en attente de leur formulaire"
        ordering = ["pk"]
        indexes = [models.Index(fields=["owner", "sending"], name="waiting_file_of_form")]

    def __str__(self) -> str:
        return self.name


class WaitingMails(models.Model):
    """How many e-mails lay in the folder for a person when the mailbox was last read: one row, written by the poll."""

    to_see = models.PositiveIntegerField("e-mails à voir")
    counted_at = models.DateTimeField("comptés le")

    class Meta:
        verbose_name = verbose_name_plural = "e-mails à voir"
        constraints = [
            models.CheckConstraint(
                condition=Q(pk=1), name="one_count_of_waiting_mails", violation_error_message="Un seul compte suffit."
            )
        ]

    def __str__(self) -> str:
        return str(self.to_see)
