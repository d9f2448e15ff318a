"""Look a SIRET up and judge it: the one door to the registers for sign-up, drafts and confirmation."""

import json
import logging
from dataclasses import fields
from datetime import date, datetime
from typing import Any, TypeVar

from django.db import DatabaseError, connection

from notifications.wording import paris_date

from .evidence import Evidence, Grant, Row, Site, Unit
from .siret import siren_of
from .verdict import Verdict, decide, unavailable
from .zones import Zone

logger = logging.getLogger(__name__)

# All that is known of a company, in one statement whatever the answer: it is asked at every step of an order.
# The key sorts by byte, where ':' follows '9': its establishments are the range that begins with its SIREN.
KNOWN = """
SELECT (SELECT coalesce(jsonb_agg(to_jsonb(entry)), '[]') FROM eligibility_registerentry entry
         WHERE entry.siret >= %(siren)s AND entry.siret < %(siren)s || ':'),
       EXISTS (SELECT FROM eligibility_registerload WHERE is_active),
       (SELECT to_jsonb(admission) FROM eligibility_admission admission
         WHERE admission.siren = %(siren)s AND admission.expires_on >= %(today)s
         ORDER BY admission.created_at DESC LIMIT 1),
       (SELECT to_jsonb(site) FROM eligibility_sireneestablishment site WHERE site.siret = %(siret)s),
       (SELECT to_jsonb(unit) FROM eligibility_sireneunit unit WHERE unit.siren = %(siren)s)
"""
Shape = TypeVar("Shape", Row, Site, Unit)


def check(siret: str, *, at: datetime) -> Verdict:
    """Judge a well-formed SIRET at this moment, in one query whatever the answer.

    Registers that cannot be read make the answer "unavailable", never a refusal. Inside a transaction the error
    goes on: the transaction is lost, and the caller must know.
    """
    try:
        verdict = decide(gather(siret, at=at))
    except DatabaseError:
        if connection.in_atomic_block:
            raise
        logger.exception("Registers cannot be read")
        return unavailable(siret)
    if verdict.headcounts_differ:
        logger.warning("Registers disagree about the headcount of %s: the largest counts", verdict.siren)
    return verdict


def gather(siret: str, *, at: datetime) -> Evidence:
    """Everything that is known of a SIRET and of its company at this moment."""
    with connection.cursor() as cursor:
        cursor.execute(KNOWN, {"siret": siret, "siren": siren_of(siret), "today": paris_date(at)})
        entries, is_any_register_loaded, admission, site, unit = cursor.fetchone()
    return Evidence(
        siret,
        at,
        is_any_register_loaded=is_any_register_loaded,
        rows=[_shaped(Row, entry) for entry in json.loads(entries)],
        grant=_grant(json.loads(admission)) if admission else None,
        site=_shaped(Site, json.loads(site)) if site else None,
        unit=_shaped(Unit, json.loads(unit)) if unit else None,
    )


def _shaped(shape: type[Shape], found: dict[str, Any]) -> Shape:
    """The columns that the verdict reads, out of a whole row."""
    values = {field.name: found[field.name] for field in fields(shape)}
    if values.get("updated_on"):
        values["updated_on"] = date.fromisoformat(values["updated_on"])
    return shape(**values)


def _grant(admission: dict[str, Any]) -> Grant:
    territory = admission["territory"]
    return Grant(
        admission["network_id"],
        admission["headcount"],
        admission["legal_name"],
        Zone(territory) if territory else None,
    )
