"""manage.py load_register: look at a register file, and put it into service with --apply."""

from argparse import ArgumentParser
from typing import Any

from eligibility.registers.load import Wish, load
from eligibility.registers.report import Report
from masques.management.loading import LoadCommand, rejects_file


class Command(LoadCommand):
    help = "Contrôle un fichier de registre (CCI, CMA) et, avec --apply, le met en service."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("register", help="code du registre\u00a0: cci, cma")
        super().add_arguments(parser)
        parser.add_argument("--delta", action="store_true", help="ajoute et modifie sans retirer")
        parser.add_argument("--rejects", metavar="FICHIER", help="écrit les lignes rejetées, à rendre à la chambre")

    def load(self, options: dict[str, Any], **wish: Any) -> Report:
        with rejects_file(options["rejects"], source=options["file"]) as rejects:
            return load(options["register"], options["file"], Wish(delta=options["delta"], rejects=rejects, **wish))

    def done(self, options: dict[str, Any]) -> str:
        return f"Le registre {options['register'].upper()} est en service."
