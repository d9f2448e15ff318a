"""A production that lacks something does not start; one that would harm customers fails its checks."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import CheckMessage, Error, Tags, run_checks
from django.core.exceptions import ImproperlyConfigured

from tests.masques.production import SETTINGS, environment, names_of, read_settings

ROOT = SETTINGS.parents[1]
REQUIRED = (
    "SITE_URL", "SECRET_KEY", "DATABASE_URL", "REDIS_URL", "EMAIL_URL", "SUPPORT_EMAIL", "STRIPE_SECRET_KEY",
    "STRIPE_WEBHOOK_SECRET", "LAPOSTE_OKAPI_KEY", "COLISSIMO_CONTRACT_NUMBER", "COLISSIMO_PASSWORD", "ALTCHA_HMAC_KEY",
)  # fmt: skip


# --- what is missing is named at the start


@pytest.mark.parametrize("name", REQUIRED)
@pytest.mark.parametrize("value", [None, ""], ids=["unset", "empty"])
def test_it_does_not_start_without(name, value, tmp_path, monkeypatch):
    with pytest.raises(ImproperlyConfigured, match=name):
        read_settings(environment(tmp_path, **{name: value}), monkeypatch)


def test_what_is_required_is_left_empty_in_the_example_or_shown(tmp_path):
    named = {line.partition("=")[0] for line in (ROOT / ".env.example").read_text().splitlines()}
    assert set(REQUIRED) <= named


def test_everything_else_has_a_default(tmp_path, monkeypatch):
    env = {name: value for name, value in environment(tmp_path).items() if name in REQUIRED}
    assert read_settings(env, monkeypatch).IS_SECURE


@pytest.mark.parametrize(
    "url", ["sqlite:///shop.db", "sqlite://:memory:", "mysql://shop@127.0.0.1/shop", "oracle://shop@127.0.0.1/shop"]
)
def test_only_postgresql_will_do(url, tmp_path, monkeypatch):
    with pytest.raises(ImproperlyConfigured, match="PostgreSQL"):
        read_settings(environment(tmp_path, DATABASE_URL=url), monkeypatch)


@pytest.mark.parametrize("url", ["masques.example.fr", "/masques", "ftp://masques.example.fr", "https://"])
def test_the_address_of_the_shop_is_a_complete_one(url, tmp_path, monkeypatch):
    with pytest.raises(ImproperlyConfigured, match="SITE_URL"):
        read_settings(environment(tmp_path, SITE_URL=url), monkeypatch)


def test_no_file_of_ours_asks_which_machine_it_is_on():
    for path in (ROOT / "masques").glob("*.py"):
        assert "if settings.DEBUG" not in path.read_text()
        assert "if DEBUG" not in path.read_text()


# --- what would harm customers fails `check --deploy`


def ours() -> list[CheckMessage]:
    found = run_checks(tags=[Tags.security, Tags.compatibility], include_deployment_checks=True)
    return [message for message in found if str(message.id).startswith("masques.")]


@pytest.fixture
def production(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Callable[..., set[str]]:
    """Take over a production's settings, checks left to be run; gives the ids of our errors."""

    def take_over(**changes: str | None) -> set[str]:
        module = read_settings(environment(tmp_path, **changes), monkeypatch)
        for name in names_of(module):
            if name not in ("DATABASES", "CACHES", "INSTALLED_APPS", "LOGGING", "STORAGES", "TEMPLATES"):
                setattr(settings, name, getattr(module, name))
        return {message.id for message in ours() if isinstance(message, Error)}

    return take_over


def test_a_good_production_passes(production):
    assert production() == set()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STRIPE_API_BASE", "http://127.0.0.1:8001/stripe"),
        ("STRIPE_API_BASE", "http://api.stripe.com"),
        ("STRIPE_API_BASE", "https://api.stripe.com.evil.example"),
        ("LAPOSTE_API_BASE", "http://127.0.0.1:8001/laposte/suivi/v2"),
        ("COLISSIMO_API_BASE", "https://sandbox.example/colissimo"),
        ("STRIPE_CHECKOUT_ORIGIN", "http://127.0.0.1:8001"),
        ("STRIPE_CHECKOUT_ORIGIN", "http://checkout.stripe.com"),
    ],
)
def test_a_sandbox_in_place_of_a_provider_is_refused(production, name, value):
    assert production(**{name: value}) == {"masques.E001"}


def test_a_shop_whose_mailbox_only_people_read_is_a_good_one(production):
    assert production(IMAP_URL="") == set()


def test_the_sms_gate_is_looked_at_where_it_is_used(production):
    sandbox = "http://127.0.0.1:8001/ovh/1.0"
    assert production(OVH_API_BASE=sandbox, SMS_BACKEND="ovh") == {"masques.E002"}
    assert production(OVH_API_BASE="https://ovh.api.evil.example", SMS_BACKEND="ovh") == {"masques.E002"}
    assert production(SMS_BACKEND="ovh") == set()
    assert production(OVH_API_BASE=sandbox, SMS_BACKEND="off") == set()


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"SMS_TEST_PREFIX": "+3363998"}, "masques.E003"),
        ({"DEMO": "true"}, "masques.E004"),
        ({"SANDBOX_URL": "http://127.0.0.1:8001"}, "masques.E004"),
        ({"SITE_URL": "http://masques.example.fr"}, "masques.E005"),
        ({"IMAP_URL": "imap://aide:secret@mail.example.fr:143/INBOX"}, "masques.E012"),
        ({"IMAP_URL": "imaps://aide:secret@127.0.0.1:8143/INBOX"}, "masques.E012"),
        ({"IMAP_URL": "mail.example.fr"}, "masques.E012"),
        ({"IMAP_URL": "imaps://mail.example.fr/INBOX"}, "masques.E012"),
        ({"IMAP_URL": "imaps://aide:secret@mail.example.fr:many/INBOX"}, "masques.E012"),
        ({"SECRET_KEY": "x" * 31}, "masques.E006"),
        ({"ALTCHA_HMAC_KEY": "x" * 31}, "masques.E006"),
        ({"RECAPTCHA_PUBLIC_KEY": "alone"}, "masques.E007"),
        ({"RECAPTCHA_PRIVATE_KEY": "alone"}, "masques.E007"),
        ({"SELLER_SIREN": None}, "masques.E008"),
        ({"SELLER_SIREN": "000000026"}, "masques.E008"),
        ({"SELLER_NAME": None}, "masques.E008"),
        ({"SELLER_NAME": ""}, "masques.E008"),
        ({"SELLER_VAT_NUMBER": ""}, "masques.E008"),
        ({"SELLER_STREET": ""}, "masques.E008"),
        ({"HOST_NAME": None}, "masques.E009"),
        ({"HOST_NAME": ""}, "masques.E009"),
        ({"HOST_ADDRESS": ""}, "masques.E009"),
        ({"HOST_PHONE": None}, "masques.E009"),
    ],
    ids=str,
)
def test_what_is_not_for_customers_is_refused(production, changes, error):
    assert production(**changes) == {error}


def test_both_keys_of_recaptcha_are_fine(production):
    assert production(RECAPTCHA_PUBLIC_KEY="6Lc_public", RECAPTCHA_PRIVATE_KEY="6Lc_private") == set()


def test_a_test_key_of_stripe_is_said_but_not_refused(production):
    """A staging shop runs with one: its invoices are specimens."""
    assert production(STRIPE_SECRET_KEY="sk_test_51abc") == set()
    assert "masques.W001" in {message.id for message in ours()}


def test_the_demos_own_environment_would_not_pass(production):
    demo = {
        "SITE_URL": "http://127.0.0.1:8000", "DEMO": "true", "SANDBOX_URL": "http://127.0.0.1:8001",
        "STRIPE_API_BASE": "http://127.0.0.1:8001/stripe", "SMS_TEST_PREFIX": "+3363998", "SELLER_NAME": None,
    }  # fmt: skip
    assert production(**demo) == {f"masques.E00{number}" for number in (1, 3, 4, 5, 8)}


def test_the_command_an_operator_types_says_the_same(tmp_path):
    """Once for real, in a process of its own: the settings are read and the checks registered there."""
    env = {"PATH": os.environ["PATH"], "PYTHONWARNINGS": "ignore::RuntimeWarning"}
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "ERROR"]
    for changes, code, words in (({}, 0, "masques.W002"), ({"DEMO": "true"}, 1, "masques.E004")):
        run = subprocess.run(
            command, cwd=ROOT, env=environment(tmp_path, **changes) | env, capture_output=True, text=True, timeout=60
        )
        assert run.returncode == code, run.stderr
        assert words in run.stderr
