"""The shop's own settings, with an environment fit for tests and with rules stricter than production's."""

import os
import secrets
import tempfile
from pathlib import Path
from typing import Any

# Made by conftest.py: mypy reads this page too and needs no directory.
HOME = Path(tempfile.gettempdir()) / f"masques-tests-{secrets.token_hex(6)}"

# What the caller has set wins, so that a test run may be pointed at other engines.
for name, value in {
    "DATABASE_URL": "postgres://shop@127.0.0.1/shop",
    "REDIS_URL": "redis://127.0.0.1:6379/0",
    "SITE_URL": "http://testserver",
    "SECRET_KEY": "a key that only the tests know, long enough for every check",
    "ALTCHA_HMAC_KEY": "another key that only the tests know, also long enough",
    "ALTCHA_COST": "50",
    "EMAIL_URL": "smtp://127.0.0.1:1",
    "SUPPORT_EMAIL": "aide@masques.example",
    "STRIPE_SECRET_KEY": "sk_test_sandbox",
    "STRIPE_WEBHOOK_SECRET": "whsec_tests",
    "STRIPE_API_BASE": "http://127.0.0.1:1/stripe",
    "STRIPE_CHECKOUT_ORIGIN": "http://127.0.0.1:1",
    "LAPOSTE_API_BASE": "http://127.0.0.1:1/laposte/suivi/v2",
    "LAPOSTE_OKAPI_KEY": "okapi-sandbox",
    "COLISSIMO_API_BASE": "http://127.0.0.1:1/colissimo/sls-ws/SlsServiceWSRest/2.0",
    "COLISSIMO_CONTRACT_NUMBER": "000000",
    "COLISSIMO_PASSWORD": "sandbox",
    "SMS_BACKEND": "console",
    "SMS_TEST_PREFIX": "+3363998",
    "METRICS_TOKEN": "metrics",
}.items():
    os.environ.setdefault(name, value)
os.environ["STATIC_ROOT"] = str(HOME / "static")
os.environ["PRIVATE_ROOT"] = str(HOME / "private")
# Every process of a parallel run has its own keys in Redis, and only those are flushed.
os.environ["REDIS_PREFIX"] = f"{os.environ.get('REDIS_PREFIX', 'test')}-{os.getpid()}"

from masques.settings import *  # noqa: E402, F403
from masques.settings import PASSWORD_HASHERS, STORAGES, TEMPLATES  # noqa: E402
from tests import strict  # noqa: E402

PRODUCTION_PASSWORD_HASHERS = PASSWORD_HASHERS
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *PRODUCTION_PASSWORD_HASHERS]
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "tests.strict.ExistingStaticFiles"}}
options: dict[str, Any] = TEMPLATES[0]["OPTIONS"]  # type: ignore[assignment]
options["string_if_invalid"] = strict.Undefined()
