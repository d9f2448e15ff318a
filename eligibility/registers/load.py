"""Load a register file: look at every row, say what would change, and, if wanted and nothing objects, swap it in.

The whole load is one transaction under one lock: killed at any point it leaves nothing behind.
"""

from collections import Counter
from collections.abc import Collection
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import TextIO

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from eligibility.models import Register, RegisterLoad
from notifications.wording import paris_date

from . import diff, swap
from .exclusive import claim
from .files import LONGEST_LINE, Block, RegisterFile, opened
from .guards import Figures, Limits, objections
from .layout import read_header
from .reasons import REJECTIONS
from .refusal import LoadRefused
from .report import Report
from .sieve import Sieve
from .staging import Staged, stage


@dataclass(frozen=True)
class Wish:
    """What the operator asks for."""

    apply: bool = False
    delta: bool = False
    allowed: Collection[str] = ()  # names of the objections that do not stop this load
    rejects: TextIO | None = None  # where rejected rows are written, to be handed back to the chamber
    by: str = ""


def load(code: str, path: str, wish: Wish) -> Report:
    """Load a file into a register, or raise LoadRefused and change nothing. Without `apply`, only report."""
    with opened(path) as file, transaction.atomic():
        claim(f"{code.upper()} {file.name} {wish.by}".strip())
        report = _load(_register(code), file, wish)
        if not report.is_applied:
            transaction.set_rollback(True)
        return report


def _register(code: str) -> Register:
    try:
        return Register.objects.named(code)
    except Register.DoesNotExist:
        known = ", ".join(sorted(Register.objects.known_codes()))
        raise LoadRefused(f"Le registre {code} n’existe pas. Registres connus\u00a0: {known}.")


def _load(register: Register, file: RegisterFile, wish: Wish) -> Report:
    started_at = timezone.now()
    active = register.loads.filter(is_active=True).first()
    report = Report(register.code, file.name, file.sha256, file.encoding, is_delta=wish.delta)
    if active and active.sha256 == file.sha256:
        report.is_same_file = True
        return report
    if wish.delta and not active:
        raise LoadRefused(
            f"Le registre {register.code} n’est pas encore chargé\u00a0: commencez par un fichier complet."
        )

    staged = _stage(file, report, wish, started_at)
    if not report.accepted:
        raise LoadRefused(_nothing_accepted(report))
    report.diff = diff.compare(
        staged, register.code, is_delta=wish.delta, rows_in_service=active.rows_total if active else 0
    )
    report.objections = objections(_figures(report, staged, active), limits())
    report.overridden = [objection.name for objection in report.objections if objection.name in wish.allowed]
    if wish.apply and not report.unlifted:
        _put_into_service(register, report, wish, started_at)
    return report


def _stage(file: RegisterFile, report: Report, wish: Wish, at: datetime) -> Staged:
    """Clean every row into a table of its own."""
    with closing(file.blocks()) as blocks:
        first = next(blocks, Block(1, b"\n"))
        header, _, data = first.data.partition(b"\n")
        layout = read_header(header.decode()[:LONGEST_LINE])
        report.separator, report.ignored_columns = layout.separator, layout.ignored
        sieve = Sieve(layout, report, known=Register.objects.known_codes(), today=paris_date(at), rejects=wish.rejects)
        entries = sieve.entries(chain([Block(2, data)], blocks))
        staged = stage(report.register, entries, is_delta=wish.delta, is_kept=wish.apply)
    if staged.repeats:
        report.warnings["duplicate"] = staged.repeats
    report.accepted, report.newest_on = staged.rows, staged.newest_on
    return staged


def _put_into_service(register: Register, report: Report, wish: Wish, started_at: datetime) -> None:
    if report.is_delta:
        swap.merge(register.code)
    else:
        swap.replace(register.code)
    register.loads.filter(is_active=True).update(is_active=False)
    found = report.diff
    # A delta removes nothing: what it does not name stays.
    removed = 0 if report.is_delta else found.removed
    RegisterLoad.objects.create(
        register=register,
        mode=RegisterLoad.Mode.DELTA if report.is_delta else RegisterLoad.Mode.FULL,
        file_name=report.file_name[:255],
        sha256=report.sha256,
        rows_read=report.read,
        rows_rejected=report.rejected.total(),
        rows_added=found.added,
        rows_changed=found.changed,
        rows_removed=removed,
        rows_unchanged=found.unchanged,
        rows_total=found.added + found.changed + found.unchanged + found.removed - removed,
        newest_on=report.newest_on,
        report=report.as_json(),
        started_at=started_at,
        finished_at=timezone.now(),
        loaded_by=wish.by[:150],
    )
    report.is_applied = True


def _figures(report: Report, staged: Staged, active: RegisterLoad | None) -> Figures:
    return Figures(
        is_full=not report.is_delta,
        read=report.read,
        accepted=report.accepted,
        rejected=report.rejected.total(),
        removed=report.diff.removed,
        current_rows=report.diff.removed + report.diff.changed + report.diff.unchanged,
        bands=staged.bands,
        current_bands=Counter() if report.is_delta else diff.current_bands(report.register),
        newest_on=report.newest_on,
        current_newest_on=active.newest_on if active else None,
    )


def limits() -> Limits:
    return Limits(
        min_rows=settings.REGISTER_MIN_ROWS,
        max_reject_rate=settings.REGISTER_MAX_REJECT_RATE,
        max_drop=settings.REGISTER_MAX_DROP,
        max_shift=settings.REGISTER_MAX_SHIFT,
    )


def _nothing_accepted(report: Report) -> str:
    """Why an empty load is refused whatever was allowed: most often it is the other network's file."""
    if not report.read:
        return "Le fichier ne contient aucune ligne."
    reason, rows = report.rejected.most_common(1)[0]
    if reason == "register_other":
        return f"Ce fichier n’est pas celui du registre {report.register}\u00a0: ses lignes sont d’un autre registre."
    return f"Aucune ligne n’est retenue\u00a0: {REJECTIONS[reason]} ({rows} sur {report.read})."
