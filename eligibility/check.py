"""Look a SIRET up and judge it: the one door to the registers for sign-up, drafts and confirmation."""

import logging
from dataclasses import fields
from datetime import datetime
from typing import Any

from django.db import DatabaseError, connection
from django.db.models import Exists, FilteredRelation, Model, OuterRef, Q, Subquery
from django.db.models.functions import JSONObject

from notifications.wording import paris_date

from .evidence import Evidence, Grant, Row, Site, Unit
from .models import Register, RegisterEntry, RegisterLoad, SireneEstablishment, SireneUnit
from .siret import siren_of
from .verdict import Verdict, decide, unavailable
from .zones import Zone

logger = logging.getLogger(__name__)

ROW_COLUMNS = (
    "register", "siret", "opt_in", "is_open", "headcount", "headcount_code", "legal_name", "street", "postal_code",
    "city", "naf", "updated_on",
)  # fmt: skip


def check(siret: str, *, at: datetime) -> Verdict:
    """Judge a well-formed SIRET at this moment, in two queries whatever the answer.

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
    siren = siren_of(siret)
    rows = [Row(**row) for row in RegisterEntry.objects.of_siren(siren).values(*ROW_COLUMNS)]
    return Evidence(siret, at, rows=rows, **_registers_and_sirene(siret, at))


def _registers_and_sirene(siret: str, at: datetime) -> dict[str, Any]:
    """Whether a register is in service, the company's newest admission (each has a network), and what Sirene says.

    What Sirene says hangs on each register's line, since without a register there is no answer anyway.
    """
    siren = siren_of(siret)
    registers = Register.objects.annotate(
        is_loaded=Exists(RegisterLoad.objects.filter(register=OuterRef("pk"), is_active=True)),
        admission=FilteredRelation(
            "admissions", condition=Q(admissions__siren=siren, admissions__expires_on__gte=paris_date(at))
        ),
        site=one_row(SireneEstablishment, siret, Site),
        unit=one_row(SireneUnit, siren, Unit),
    ).order_by("admission__created_at")
    known: dict[str, Any] = {"is_any_register_loaded": False}
    for code, is_loaded, admission, headcount, legal_name, territory, site, unit in registers.values_list(
        "code", "is_loaded", "admission", "admission__headcount", "admission__legal_name", "admission__territory",
        "site", "unit",
    ):  # fmt: skip
        known["is_any_register_loaded"] |= is_loaded
        known["site"], known["unit"] = site and Site(**site), unit and Unit(**unit)
        if admission is not None:
            known["grant"] = Grant(code, headcount, legal_name, Zone(territory) if territory else None)
    return known


def one_row(model: type[Model], key: str, shape: type[Site | Unit]) -> Subquery:
    """The columns of one row, or null, as one value of a larger query: PostgreSQL looks the key up once."""
    columns = {field.name: field.name for field in fields(shape)}
    return Subquery(model._default_manager.filter(pk=key).values(found=JSONObject(**columns)))
