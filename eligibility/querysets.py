"""Rows keyed by SIRET."""

from typing import Self, TypeVar

from django.db import models

Row = TypeVar("Row", bound=models.Model)


class SiretQuerySet(models.QuerySet[Row]):
    def of_siren(self, siren: str) -> Self:
        """All establishments of a company: a range on the key, since a SIRET begins with its SIREN.

        The column sorts by byte (collation C), where ':' follows '9'.
        """
        return self.filter(siret__gte=siren, siret__lt=f"{siren}:")
