"""`manage.py seed_catalogue`"""

from typing import Any

from django.core.management.base import BaseCommand

from orders import catalogue


class Command(BaseCommand):
    help = "Add the prices, VAT rates and stock that are missing; what exists is never changed."

    def handle(self, *args: Any, **options: Any) -> None:
        added = catalogue.seed()
        for line in added:
            self.stdout.write(f"+ {line}")
        if not added:
            self.stdout.write("Nothing to add.")
