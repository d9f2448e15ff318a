"""Rows keyed by SIRET."""

from typing import Any, Self

from django.db import models


class SiretQuerySet(models.QuerySet[Any]):
    def of_siren(self, siren: str) -> Self:
        """All establishments of a company: a range on the key, since a SIRET begins with its SIREN.

        The column sorts by byte (collation C), where ':' follows '9'.
        """
        return self.filter(siret__gte=siren, siret__lt=f"{siren}:")
