"""Look a SIRET up and judge it: the one door to the registers for sign-up, drafts and confirmation."""

import logging
from datetime import datetime

from django.db import DatabaseError, connection
from django.db.models import Exists, FilteredRelation, OuterRef, Q

from notifications.wording import paris_date

from .evidence import Evidence, Grant, Row
from .models import Register, RegisterEntry, RegisterLoad
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
    is_any_register_loaded, grant = _loaded_and_granted(siren, at)
    return Evidence(siret, at, is_any_register_loaded, rows, grant)


def _loaded_and_granted(siren: str, at: datetime) -> tuple[bool, Grant | None]:
    """Whether a register is in service, and the newest admission of the company: every admission has a network."""
    registers = Register.objects.annotate(
        is_loaded=Exists(RegisterLoad.objects.filter(register=OuterRef("pk"), is_active=True)),
        admission=FilteredRelation(
            "admissions", condition=Q(admissions__siren=siren, admissions__expires_on__gte=paris_date(at))
        ),
    ).order_by("admission__created_at")
    is_any_register_loaded, grant = False, None
    for code, is_loaded, admission, headcount, legal_name, territory in registers.values_list(
        "code", "is_loaded", "admission", "admission__headcount", "admission__legal_name", "admission__territory"
    ):
        is_any_register_loaded = is_any_register_loaded or is_loaded
        if admission is not None:
            grant = Grant(code, headcount, legal_name, Zone(territory) if territory else None)
    return is_any_register_loaded, grant
