"""Create the demo's staff, or bring them back to what the environment says."""

import json
import os
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from allauth.mfa.utils import decrypt
from django.conf import settings
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.models import User


class Command(BaseCommand):
    help = (
        "Demo only. Create or update staff whose e-mail counts as confirmed, with an application as second factor. "
        "DEMO_STAFF lists them (JSON: username, email, group or empty for a superuser, secret), "
        "DEMO_STAFF_PASSWORD is the password of all: other users of the machine can read a command line."
    )

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("Known passwords and secrets are for a demo (DEMO=true) only.")
        password, staff = os.environ.get("DEMO_STAFF_PASSWORD"), os.environ.get("DEMO_STAFF")
        if not password or not staff:
            raise CommandError("Set DEMO_STAFF and DEMO_STAFF_PASSWORD.")
        for member in json.loads(staff):
            self._bring_about(**member, password=password)

    def _bring_about(self, *, username: str, email: str, group: str, secret: str, password: str) -> None:
        user = User.objects.named(username).first() or User(username=username)
        user.email, user.is_staff, user.is_active = email, True, True
        user.is_superuser = not group
        # The demo starts again and again: a password that is still right keeps its sessions.
        if not user.check_password(password):
            user.set_password(password)
        user.save()
        user.groups.set(Group.objects.filter(name=group) if group else [])
        if group and not user.groups.exists():
            raise CommandError(f"There is no group {group}: run seed_groups first.")
        EmailAddress.objects.filter(user=user).exclude(email=email).delete()
        EmailAddress.objects.update_or_create(user=user, email=email, defaults={"verified": True, "primary": True})
        application = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).first()
        if application is None or decrypt(application.data["secret"]) != secret:
            Authenticator.objects.filter(user=user).delete()
            TOTP.activate(user, secret)
            RecoveryCodes.activate(user)
