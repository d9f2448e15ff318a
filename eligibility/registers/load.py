"""Load a register file: look at every row, say what would change, and, if wanted and nothing objects, swap it in.

The whole load is one transaction under one lock: killed at any point it leaves nothing behind.
"""

from collections import Counter
from collections.abc import Collection
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import Any, TextIO

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from eligibility.models import Register, RegisterLoad
from notifications.wording import paris_date

from . import diff, swap
from .exclusive import claim
from .files import LONGEST_LINE, Block, RegisterFile, opened
from .fingerprints import specimen
from .guards import Figures, Limits, objections
from .history import enter, register_named
from .layout import read_header
from .losses import Customers, losers
from .progress import Silent
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
    customers: Customers | None = None  # whose loss of eligibility is to be told
    progress: Silent = field(default_factory=Silent)


def load(code: str, path: str, wish: Wish) -> Report:
    """Load a file into a register, or raise LoadRefused and change nothing. Without `apply`, only report."""
    with opened(path) as file, transaction.atomic():
        claim(f"registre {code.upper()}", file=file.name, by=wish.by)
        report = _load(register_named(code), file, wish)
        if not report.is_applied:
            transaction.set_rollback(True)
        return report


def _load(register: Register, file: RegisterFile, wish: Wish) -> Report:
    started_at = timezone.now()
    active = register.loads.filter(is_active=True).first()
    report = Report(register.code, file.name, file.sha256, file.encoding, is_delta=wish.delta)
    # A file that went in as a delta has removed nothing: as a full one it still has something to do.
    is_all_done = wish.delta or (active is not None and active.mode == RegisterLoad.Mode.FULL)
    if active and active.sha256 == file.sha256 and is_all_done:
        report.is_same_file = True
        return report
    if wish.delta and not active:
        raise LoadRefused(
            f"Le registre {register.code} n’est pas encore chargé\u00a0: commencez par un fichier complet."
        )

    staged = _stage(file, report, wish, started_at)
    if not report.accepted:
        raise LoadRefused(report.why_nothing)
    wish.progress.step("Comparaison avec le registre en service")
    report.diff = diff.compare(staged, register.code, active)
    if active and wish.customers:
        wish.progress.step("Recherche des clients qui perdraient leur droit")
        report.losers = losers(staged, register.code, report.diff.changes, wish.customers, at=started_at)
    report.objections = objections(_figures(report, staged, active), limits())
    report.overridden = [objection.name for objection in report.objections if objection.name in wish.allowed]
    if wish.apply and not report.unlifted:
        wish.progress.step("Mise en service")
        _put_into_service(register, report, wish, started_at, for_the_next=_to_compare_with(staged, active))
    return report


def _stage(file: RegisterFile, report: Report, wish: Wish, at: datetime) -> Staged:
    """Clean every row into a table of its own."""
    with closing(file.blocks()) as blocks:
        first = next(blocks, Block(1, b"\n"))
        header, _, data = first.data.partition(b"\n")
        layout = read_header(header.decode()[:LONGEST_LINE])
        report.separator, report.ignored_columns = layout.separator, layout.ignored
        sieve = Sieve(layout, report, known=Register.objects.known_codes(), today=paris_date(at), rejects=wish.rejects)
        watched = wish.progress.reading(chain([Block(2, data)], blocks), file.size)
        staged = stage(
            report.register, sieve.entries(watched), is_delta=wish.delta, is_kept=wish.apply, progress=wish.progress,
            today=paris_date(at),
        )  # fmt: skip
    if staged.repeats:
        report.warnings["duplicate"] = staged.repeats
    report.accepted, report.newest_on = staged.rows, staged.newest_on
    return staged


def _put_into_service(
    register: Register, report: Report, wish: Wish, started_at: datetime, *, for_the_next: dict[str, Any]
) -> None:
    """Write the load down, then exchange: readers wait only for what is left between that and the commit."""
    found = report.diff
    # A delta removes nothing: what it does not name stays.
    removed = 0 if report.is_delta else found.removed
    enter(
        register,
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
        **for_the_next,
    )
    if report.is_delta:
        swap.merge(register.code)
    else:
        swap.replace(register.code)
    report.is_applied = True


def _to_compare_with(staged: Staged, active: RegisterLoad | None) -> dict[str, Any]:
    """What spares the next load some reading, while it is true of every row: a delta is one writer among others."""
    ours = specimen()
    if not staged.is_delta:
        return {"bands": staged.bands, "specimen": ours}
    return {"bands": None, "specimen": ours if active and active.specimen == ours else None}


def _figures(report: Report, staged: Staged, active: RegisterLoad | None) -> Figures:
    return Figures(
        is_full=not report.is_delta,
        read=report.read,
        accepted=report.accepted,
        rejected=report.rejected.total(),
        of_others=report.rejected["register_other"] + report.rejected["register_unknown"],
        removed=report.diff.removed,
        current_rows=report.diff.removed + report.diff.changed + report.diff.unchanged,
        bands=staged.bands,
        current_bands=Counter() if report.is_delta else _current_bands(report.register, active),
        newest_on=report.newest_on,
        current_newest_on=active.newest_on if active else None,
    )


def _current_bands(register: str, active: RegisterLoad | None) -> Counter[str]:
    return diff.current_bands(register) if active is None or active.bands is None else Counter(active.bands)


def limits() -> Limits:
    return Limits(
        min_rows=settings.REGISTER_MIN_ROWS,
        max_reject_rate=settings.REGISTER_MAX_REJECT_RATE,
        max_drop=settings.REGISTER_MAX_DROP,
        max_shift=settings.REGISTER_MAX_SHIFT,
    )
