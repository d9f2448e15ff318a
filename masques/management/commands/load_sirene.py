"""manage.py load_sirene: look at a stock file of Sirene, and put it into service with --apply.

It stands up here because it brings together what Sirene knows (eligibility) and who is a customer (accounts).
"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from eligibility.registers.files import STANDARD_INPUT
from eligibility.registers.guards import DROP, FEW_ROWS, MANY_REJECTS, OLDER
from eligibility.registers.operator import operator
from eligibility.registers.progress import watched
from eligibility.registers.refusal import LoadRefused
from eligibility.sirene.load import Wish, load
from eligibility.sirene.models import Stock
from masques.management.customers import customers


class Command(BaseCommand):
    help = "Contrôle un fichier stock de Sirene (Insee) et, avec --apply, le met en service."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "stock",
            choices=Stock.values,
            help="etablissements (StockEtablissement) ou unites_legales (StockUniteLegale)",
        )
        parser.add_argument("file", help=f"fichier à charger, ou {STANDARD_INPUT} pour l’entrée standard")
        parser.add_argument(
            "--apply", action="store_true", help="met le fichier en service\u00a0; sans cela, rien ne change"
        )
        parser.add_argument(
            "--progress", action="store_true", help="montre l’avancement, même si la sortie n’est pas un terminal"
        )
        for name, text in _ALLOWED.items():
            parser.add_argument(f"--allow-{name}", action="append_const", dest="allowed", const=name, help=text)

    def handle(self, *args: Any, **options: Any) -> None:
        stock = Stock(options["stock"])
        try:
            with watched(options["progress"]) as progress:
                wish = Wish(
                    apply=options["apply"],
                    allowed=options["allowed"] or (),
                    by=operator(),
                    customers=customers,
                    progress=progress,
                )
                report = load(stock, options["file"], wish)
        except (LoadRefused, OSError) as refusal:
            raise CommandError(f"Chargement refusé, rien n’est changé. {refusal}")
        for line in report.lines():
            self.stdout.write(line)
        if report.unlifted:
            raise CommandError("Chargement refusé, rien n’est changé\u00a0: levez chaque objection par son nom.")
        if report.is_applied:
            self.stdout.write(self.style.SUCCESS(f"{stock.label}\u00a0: le fichier est en service."))
        elif not report.is_same_file:
            self.stdout.write("Essai à blanc\u00a0: rien n’est changé. Ajoutez --apply pour mettre en service.")


_ALLOWED = {
    FEW_ROWS: "accepte moins de lignes que le minimum",
    MANY_REJECTS: "accepte plus de rejets que la limite",
    DROP: "accepte de retirer plus de lignes que la limite",
    OLDER: "accepte un fichier plus ancien que celui en service",
}
