"""manage.py registers: what is loaded, from which file, by whom, and what can be returned to."""

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from eligibility.management.arguments import known_code
from eligibility.models import Register, RegisterLoad, RegisterRollback, SireneLoad
from eligibility.sirene.models import Stock
from notifications.wording import count, figure, paris_date, short_date

SHOWN = 10


class Command(BaseCommand):
    help = "Montre les chargements de chaque registre."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("register", nargs="?", help="code d’un registre\u00a0; sans lui, tous")

    def handle(self, *args: Any, **options: Any) -> None:
        registers = Register.objects.order_by("code")
        if options["register"]:
            registers = registers.filter(code=known_code(options["register"]))
        for register in registers:
            self.stdout.write(f"{register.code} – {register.label}")
            for line in [*_loads(register), *_rollbacks(register)] or ["  aucun chargement"]:
                self.stdout.write(line)
        if not registers:
            self.stdout.write("Aucun registre.")
        for stock in Stock if not options["register"] else ():
            self.stdout.write(stock.label)
            for line in list(_stock_loads(stock)) or ["  aucun chargement"]:
                self.stdout.write(line)


def _loads(register: Register) -> Iterator[str]:
    for load in register.loads.all()[:SHOWN]:
        yield f"  {_state(load)} {load.file_name}, {load.get_mode_display()}, {_when(load)} par {load.loaded_by}"
        yield (
            f"      {count(load.rows_total, 'ligne')}\u00a0: +{figure(load.rows_added)} ~{figure(load.rows_changed)}"
            f" −{figure(load.rows_removed)}, {count(load.rows_rejected, 'rejetée')}\u00a0; SHA-256 {load.sha256[:16]}"
        )


def _rollbacks(register: Register) -> Iterator[str]:
    for rollback in register.rollbacks.select_related("withdrawn", "restored")[:SHOWN]:
        yield f"  {_told(rollback)}"


def _stock_loads(stock: Stock) -> Iterator[str]:
    for load in SireneLoad.objects.filter(stock=stock)[:SHOWN]:
        yield f"  {_state(load)} {load.file_name}, {_when(load)} par {load.loaded_by}"
        yield (
            f"      {count(load.rows_total, 'ligne')}, dont {count(load.rows_closed, 'fermée')},"
            f" {count(load.rows_rejected, 'rejetée')}\u00a0; SHA-256 {load.sha256[:16]}"
        )
        if load.restored_at:
            yield f"      ↺ rétabli le {short_date(load.restored_at)} par {load.restored_by}"


def _state(load: RegisterLoad | SireneLoad) -> str:
    if load.is_active:
        return "● en service  "
    return "○ retour ici  " if load.is_former else "  remplacé    "


def _when(load: RegisterLoad | SireneLoad) -> str:
    days = (paris_date(timezone.now()) - paris_date(load.finished_at)).days
    return f"chargé le {short_date(paris_date(load.finished_at))} (il y a {count(days, 'jour')})"


def _told(rollback: RegisterRollback) -> str:
    withdrawn, restored = rollback.withdrawn.file_name, rollback.restored.file_name
    return (
        f"↺ le {short_date(paris_date(rollback.at))}, {rollback.by} est revenu de «\u00a0{withdrawn}\u00a0»"
        f" à «\u00a0{restored}\u00a0»"
    )
