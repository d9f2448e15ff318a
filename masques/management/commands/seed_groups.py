"""`manage.py seed_groups`"""

from typing import Any

from django.core.management.base import BaseCommand

from masques import groups


class Command(BaseCommand):
    help = "Create the groups of the staff and give each exactly the permissions of masques/groups.py."

    def handle(self, *args: Any, **options: Any) -> None:
        changes = groups.seed()
        for line in changes:
            self.stdout.write(line)
        if not changes:
            self.stdout.write("Nothing to change.")
