"""manage.py load_register: look at a register file, and put it into service with --apply.

It stands up here because it brings together those who may order (eligibility) and those who do (accounts).
"""

from argparse import ArgumentParser
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TextIO

from django.core.management.base import BaseCommand, CommandError

from eligibility.registers.files import STANDARD_INPUT
from eligibility.registers.guards import NAMES
from eligibility.registers.load import Wish, load
from eligibility.registers.operator import operator
from eligibility.registers.progress import watched
from eligibility.registers.refusal import LoadRefused
from masques.management.customers import customers


class Command(BaseCommand):
    help = "Contrôle un fichier de registre (CCI, CMA) et, avec --apply, le met en service."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("register", help="code du registre\u00a0: cci, cma")
        parser.add_argument("file", help=f"fichier à charger, ou {STANDARD_INPUT} pour l’entrée standard")
        parser.add_argument(
            "--apply", action="store_true", help="met le fichier en service\u00a0; sans cela, rien ne change"
        )
        parser.add_argument("--delta", action="store_true", help="ajoute et modifie sans retirer")
        parser.add_argument("--rejects", metavar="FICHIER", help="écrit les lignes rejetées, à rendre à la chambre")
        parser.add_argument(
            "--progress", action="store_true", help="montre l’avancement, même si la sortie n’est pas un terminal"
        )
        for name in NAMES:
            parser.add_argument(f"--allow-{name}", action="append_const", dest="allowed", const=name, help=_HELP[name])

    def handle(self, *args: Any, **options: Any) -> None:
        with ExitStack() as stack:
            try:
                rejects = stack.enter_context(_written(options["rejects"])) if options["rejects"] else None
                wish = Wish(
                    apply=options["apply"],
                    delta=options["delta"],
                    allowed=options["allowed"] or (),
                    rejects=rejects,
                    by=operator(),
                    customers=customers,
                    progress=stack.enter_context(watched(options["progress"])),
                )
                report = load(options["register"], options["file"], wish)
            except (LoadRefused, OSError) as refusal:
                raise CommandError(f"Chargement refusé, rien n’est changé. {refusal}")
        for line in report.lines():
            self.stdout.write(line)
        if report.unlifted:
            raise CommandError("Chargement refusé, rien n’est changé\u00a0: levez chaque objection par son nom.")
        if report.is_applied:
            self.stdout.write(self.style.SUCCESS(f"Le registre {report.register} est en service."))
        elif not report.is_same_file:
            self.stdout.write("Essai à blanc\u00a0: rien n’est changé. Ajoutez --apply pour mettre en service.")


def _written(path: str) -> TextIO:
    """A file for the rejected rows; its mark makes spreadsheets read UTF-8."""
    return Path(path).open("w", encoding="utf-8-sig", newline="")


_HELP = {
    "few-rows": "accepte moins de lignes que le minimum",
    "many-rejects": "accepte plus de rejets que la limite",
    "wrong-register": "accepte un fichier dont la plupart des lignes nomment un autre registre",
    "drop": "accepte de retirer plus de lignes que la limite",
    "shift": "accepte une répartition des effectifs très différente",
    "older": "accepte un fichier plus ancien que le registre en service",
}
