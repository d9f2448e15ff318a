"""Load a register file: look at every row, say what would change, and, if wanted and nothing objects, swap it in.

The whole load is one transaction under one lock. Killed at any point it leaves nothing behind.
"""

import csv
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TextIO

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from eligibility.models import Register, RegisterLoad
from notifications.wording import paris_date

from . import diff, staging, swap
from .files import Line, RegisterFile, opened
from .guards import Figures, Limits, objections
from .layout import Layout, read_header
from .reasons import REJECTIONS
from .refusal import LoadRefused
from .report import Report
from .rows import Entry, Rejected, clean

LOCK = zlib.crc32(b"eligibility.registers.load")
# What the lock's holder is called in pg_stat_activity; PostgreSQL cuts it at 63 bytes.
SIGN = "load_register "


@dataclass(frozen=True)
class Wish:
    """What the operator asks for."""

    apply: bool = False
    delta: bool = False
    allowed: Collection[str] = ()  # names of objections that do not stop this load
    rejects: TextIO | None = None  # where rejected rows are written, for the chamber
    by: str = ""


def load(register_code: str, path: str, wish: Wish) -> Report:
    """Load a file into a register, or raise LoadRefused and change nothing. Without `apply`, only report."""
    with opened(path) as file, transaction.atomic():
        _claim(f"{register_code} {file.name} {wish.by}")
        register = Register.objects.named(register_code)
        report = _load(register, file, wish)
        if not report.is_applied:
            transaction.set_rollback(True)
        return report


def _load(register: Register, file: RegisterFile, wish: Wish) -> Report:
    started_at = timezone.now()
    active = register.loads.filter(is_active=True).first()
    report = Report(register.code, file.name, file.sha256, file.encoding, is_delta=wish.delta)
    if active and active.sha256 == file.sha256:
        report.is_same_file = True
        return report
    if wish.delta and not active:
        raise LoadRefused(f"Le registre {register.code} n’a pas encore de fichier complet à compléter.")

    _stage(register, file, report, wish.rejects, paris_date(started_at))
    report.diff = diff.compare(register.code)
    report.newest_on = staging.newest_on()
    report.objections = objections(_figures(report, register, active), _limits())
    report.overridden = [objection.name for objection in report.objections if objection.name in wish.allowed]
    if not report.accepted:
        raise LoadRefused(_nothing_accepted(report))
    if wish.apply and not report.stands_in_the_way:
        _put_into_service(register, report, wish, started_at)
    return report


def _stage(register: Register, file: RegisterFile, report: Report, rejects: TextIO | None, today: date) -> None:
    """Clean every row into the staging table, and count what happens to them."""
    lines = file.lines()
    layout = read_header(next((line.text for line in lines), ""))
    report.separator, report.ignored_columns = layout.separator, layout.ignored
    cleaner = _Cleaner(register.code, layout, report, rejects, today)
    staging.fill(cleaner.entries(lines))
    report.warnings["duplicate"] = len(staging.drop_duplicates())
    report.warnings += Counter_ZERO
    report.accepted = report.read - report.rejected.total() - report.warnings["duplicate"]
