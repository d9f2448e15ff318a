"""Create the demo's member of staff, or bring it back to what the environment says."""

import os
from argparse import ArgumentParser
from typing import Any

from allauth.account.models import EmailAddress
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.models import User


class Command(BaseCommand):
    help = "Create or update a superuser whose e-mail counts as confirmed. The password comes from the environment."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--username", default=os.environ.get("DEMO_STAFF_USERNAME", "equipe"))
        parser.add_argument("--email", default=os.environ.get("DEMO_STAFF_EMAIL", "equipe@masques.example"))
        # Not as an option by habit: other users of the machine can read a command line.
        parser.add_argument("--password", default=os.environ.get("DEMO_STAFF_PASSWORD", ""))

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        username, email, password = options["username"], options["email"].lower(), options["password"]
        if not password:
            raise CommandError("Set DEMO_STAFF_PASSWORD, or give --password.")
        user = User.objects.named(username).first() or User(username=username)
        user.email, user.is_staff, user.is_superuser, user.is_active = email, True, True, True
        # The demo starts again and again: a password that is still right keeps its sessions.
        if not user.check_password(password):
            user.set_password(password)
        user.save()
        EmailAddress.objects.filter(user=user).exclude(email=email).delete()
        EmailAddress.objects.update_or_create(user=user, email=email, defaults={"verified": True, "primary": True})
