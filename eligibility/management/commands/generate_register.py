"""manage.py generate_register: write an invented register of any size to standard output."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from eligibility.management.arguments import known_code, share, whole_number
from eligibility.management.output import pour
from eligibility.registers.generator import Order, batches


class Command(BaseCommand):
    help = "Écrit sur la sortie standard un registre inventé, pour les essais et les mesures."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("register", help="code du registre\u00a0: cci, cma")
        parser.add_argument(
            "--rows", type=whole_number, required=True, metavar="N", help="nombre de lignes du premier mois"
        )
        parser.add_argument("--seed", type=whole_number, default=0, help="le même nombre donne le même fichier")
        parser.add_argument(
            "--month",
            type=whole_number,
            default=0,
            metavar="M",
            help="le fichier du M-ième mois suivant, avec ses changements",
        )
        parser.add_argument("--delta", action="store_true", help="seulement ce qui est nouveau ou changé ce mois-là")
        parser.add_argument(
            "--defects", type=share, default=0.0, metavar="PART", help="part de lignes fautives, entre 0 et 1"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        order = Order(
            register=known_code(options["register"]),
            rows=options["rows"],
            seed=options["seed"],
            month=options["month"],
            is_delta=options["delta"],
            defects=options["defects"],
        )
        pour(batches(order), self.stdout)
