"""manage.py generate_sirene: write an invented stock file of Sirene of any size to standard output."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from eligibility.management.arguments import whole_number
from eligibility.management.output import pour
from eligibility.sirene.generator import Order, batches
from eligibility.sirene.models import Stock


class Command(BaseCommand):
    help = "Écrit sur la sortie standard un fichier stock de Sirene inventé, pour les essais et les mesures."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("stock", choices=Stock.values, help="etablissements ou unites_legales")
        parser.add_argument(
            "--rows", type=whole_number, required=True, metavar="N",
            help="nombre d’établissements\u00a0; les unités légales sont celles auxquelles ils appartiennent",
        )  # fmt: skip
        parser.add_argument(
            "--seed",
            type=whole_number,
            default=0,
            help="le même nombre donne le même fichier, et les entreprises du registre",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        pour(batches(Order(Stock(options["stock"]), options["rows"], options["seed"])), self.stdout)
