"""`manage.py make_leaflet`"""

from typing import Any

from django.core.management.base import BaseCommand

from orders import leaflet


class Command(BaseCommand):
    help = "Make the leaflet's PDF, so that no visitor waits for it; nothing is done where it exists."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(leaflet.make())
