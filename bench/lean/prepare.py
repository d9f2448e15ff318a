"""Run inside the lean journey's environment: tables, firms, users and a signed-in session for each; prints JSON."""

import json
import sys
from importlib import import_module

import django
from django.conf import settings
from django.core.management import call_command

from bench.firms import siret


def main(count: int) -> None:
    django.setup()
    call_command("migrate", verbosity=0)  # users first: the journey's own tables point to them
    call_command("migrate", run_syncdb=True, verbosity=0)
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.auth.models import User

    from .models import Firm

    Firm.objects.bulk_create([Firm(siret=siret(number), headcount=12) for number in range(1, count + 1)])
    firms = []
    for number in range(1, count + 1):
        user = User.objects.create(username=f"firme{number}")
        session = import_module("django.contrib.sessions.backends.db").SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.create()
        firms.append({"siret": siret(number), "session": session.session_key})
    print(json.dumps({"cookie": settings.SESSION_COOKIE_NAME, "firms": firms}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
