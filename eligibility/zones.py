"""Postal codes: price zone, opening of the zone, and communes.

The prefix of a postal code is not the département (some forty communes differ), but it is safe for the price zone.
CEDEX codes are in no list: an unknown code is a reason to warn, never to refuse.
"""

import csv
import re
from datetime import datetime
from functools import cache
from pathlib import Path

from django.conf import settings
from django.db import models

COMMUNES = Path(__file__).parent / "data" / "communes.csv"
_POSTAL_CODE = re.compile(r"[0-9]{5}")


class Zone(models.TextChoices):
    METRO = "METRO", "Métropole"
    GP_MQ_RE = "GP_MQ_RE", "Guadeloupe, Martinique, La Réunion"
    GF_YT = "GF_YT", "Guyane, Mayotte"


# Longest prefix first. Saint-Barthélemy and Saint-Martin kept Guadeloupe's prefix when they left it in 2007.
_NOT_SERVED_CODES = frozenset({"97133", "97150"})
_OVERSEAS = {"971": Zone.GP_MQ_RE, "972": Zone.GP_MQ_RE, "974": Zone.GP_MQ_RE, "973": Zone.GF_YT, "976": Zone.GF_YT}


def zone_of(postal_code: str) -> Zone | None:
    """The price zone of a postal code, None where the shop does not deliver; ValueError unless five digits."""
    if not _POSTAL_CODE.fullmatch(postal_code):
        raise ValueError("a postal code has five digits")
    if postal_code in _NOT_SERVED_CODES:
        return None
    if 1 <= int(postal_code[:2]) <= 95:
        return Zone.METRO
    return _OVERSEAS.get(postal_code[:3])


def opens_at(zone: Zone) -> datetime:
    """The moment from which this zone may order."""
    return settings.ZONE_OPENS_AT[zone]


def is_open(zone: Zone, *, at: datetime) -> bool:
    """Tell whether this zone may order at that moment."""
    return at >= opens_at(zone)


def communes_of(postal_code: str) -> list[str]:
    """The names of the communes behind a postal code, as an address writes them; none for an unknown one (CEDEX)."""
    return list(_communes().get(postal_code, ()))


def is_known(postal_code: str) -> bool:
    """Tell whether the code is in the postal list; a CEDEX code is not, and is no mistake."""
    return postal_code in _communes()


@cache
def _communes() -> dict[str, list[str]]:
    communes: dict[str, dict[str, None]] = {}
    with COMMUNES.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            # Arrondissements are rows of their own beside Paris, Lyon and Marseille; no address names them.
            if not row["name"].endswith(" Arrondissement"):
                communes.setdefault(row["postal_code"], {})[row["name"]] = None
    return {postal_code: list(names) for postal_code, names in communes.items()}
