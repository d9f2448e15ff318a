"""manage.py rollback_register: return to the load before the last one."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from eligibility.registers.history import roll_back
from eligibility.registers.operator import operator
from eligibility.registers.refusal import LoadRefused
from notifications.wording import count


class Command(BaseCommand):
    help = "Revient au chargement précédent d’un registre\u00a0; une seconde fois, en annule le retour."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("register", help="code du registre\u00a0: cci, cma")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            rollback = roll_back(options["register"], by=operator(), at=timezone.now())
        except LoadRefused as refusal:
            raise CommandError(f"Retour refusé, rien n’est changé. {refusal}")
        self.stdout.write(
            self.style.SUCCESS(
                f"Le registre {rollback.register_id} est revenu au chargement"
                f" «\u00a0{rollback.restored.file_name}\u00a0» ({count(rollback.restored.rows_total, 'ligne')})."
            )
        )
