"""manage.py rollback_sirene: return to the stock before the last one."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from eligibility.registers.operator import operator
from eligibility.registers.refusal import LoadRefused
from eligibility.sirene.history import roll_back
from eligibility.sirene.models import Stock
from notifications.wording import count


class Command(BaseCommand):
    help = "Revient au stock précédent de Sirene\u00a0; une seconde fois, en annule le retour."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("stock", choices=Stock.values, help="etablissements ou unites_legales")

    def handle(self, *args: Any, **options: Any) -> None:
        stock = Stock(options["stock"])
        try:
            restored = roll_back(stock, by=operator(), at=timezone.now())
        except LoadRefused as refusal:
            raise CommandError(f"Retour refusé, rien n’est changé. {refusal}")
        self.stdout.write(
            self.style.SUCCESS(
                f"{stock.label}\u00a0: retour au chargement «\u00a0{restored.file_name}\u00a0»"
                f" ({count(restored.rows_total, 'ligne')})."
            )
        )
