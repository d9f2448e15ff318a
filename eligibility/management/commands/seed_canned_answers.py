"""`manage.py seed_canned_answers`"""

from typing import Any

from django.core.management.base import BaseCommand

from eligibility.cases import canned


class Command(BaseCommand):
    help = "Add the canned answers of the Rejet SIRET desk that are missing; what exists is never changed."

    def handle(self, *args: Any, **options: Any) -> None:
        added = canned.seed()
        for line in added:
            self.stdout.write(f"+ {line}")
        if not added:
            self.stdout.write("Nothing to add.")
