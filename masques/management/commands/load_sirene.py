"""manage.py load_sirene: look at a stock file of Sirene, and put it into service with --apply."""

from argparse import ArgumentParser
from typing import Any

from eligibility.registers.guards import DROP, FEW_ROWS, MANY_REJECTS, OLDER
from eligibility.sirene.load import Wish, load
from eligibility.sirene.models import Stock
from eligibility.sirene.report import Report
from masques.management.loading import LIFTS, LoadCommand


class Command(LoadCommand):
    help = "Contrôle un fichier stock de Sirene (Insee) et, avec --apply, le met en service."
    lifts = {name: LIFTS[name] for name in (FEW_ROWS, MANY_REJECTS, DROP, OLDER)}

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "stock",
            choices=Stock.values,
            help="etablissements (StockEtablissement) ou unites_legales (StockUniteLegale)",
        )
        super().add_arguments(parser)

    def load(self, options: dict[str, Any], **wish: Any) -> Report:
        return load(Stock(options["stock"]), options["file"], Wish(**wish))

    def done(self, options: dict[str, Any]) -> str:
        return f"{Stock(options['stock']).label}\u00a0: le fichier est en service."
