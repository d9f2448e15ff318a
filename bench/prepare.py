"""Run inside the shop's environment: firms in the register, their accounts, and a signed-in session for each.

Prints one JSON line: the session cookie's name, and SIRET and session key of every firm.
"""

import json
import subprocess
import sys
from importlib import import_module

import django
from django.conf import settings

from .firms import register_file, siret

PASSWORD = "Banc-De-Mesure-7!"  # noqa: S105 – of accounts that live as long as the measurement


def main(count: int) -> None:
    django.setup()
    load = [sys.executable, "manage.py", "load_register", "cci", "-", "--apply"]
    load += ["--allow-few-rows", "--allow-drop", "--allow-shift"]
    subprocess.run(load, input=register_file(count).encode(), check=True, stdout=subprocess.DEVNULL)
    print(json.dumps({"cookie": settings.SESSION_COOKIE_NAME, "firms": [sign_up(n) for n in range(1, count + 1)]}))


def sign_up(number: int) -> dict[str, str]:
    """An account bound to its establishment, as sign-up leaves it, and a session."""
    from allauth.account.models import EmailAddress
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.auth.hashers import make_password

    from accounts.models import Company, Establishment, User

    global _hash
    if number == 1:
        _hash = make_password(PASSWORD)
    code = siret(number)
    company = Company.objects.create(siren=code[:9])
    establishment = Establishment.objects.create(
        company=company, siret=code, legal_name=f"FIRME {number}", street_number=str(number % 200 + 1),
        street_name="RUE DU BANC", postal_code="75015", city="PARIS",
    )  # fmt: skip
    user = User.objects.create(
        username=f"firme{number}", email=f"firme{number}@example.com", password=_hash, establishment=establishment,
        first_name="Camille", last_name="Banc", mobile="+33639980012",
    )  # fmt: skip
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return {"siret": code, "session": session.session_key, "username": user.username}


if __name__ == "__main__":
    main(int(sys.argv[1]))
