"""The environment of a shop that lives beside the sandbox, and where its secrets are kept."""

import base64
import json
import os
import secrets
from pathlib import Path
from urllib.parse import quote

# What a program needs of the caller's environment; nothing else leaks in, a real key least of all.
INHERITED = (
    "HOME", "LANG", "LC_ALL", "LOG_LEVEL", "LOGNAME", "PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONWARNINGS", "TMPDIR",
    "USER", "WEB_CONCURRENCY", "WEB_THREADS",
)  # fmt: skip
SUPPORT_EMAIL = "aide@masques.example"
# The demo's staff: user name → group, none for a superuser.
STAFF = {
    "equipe": "",
    "support": "support",
    "entrepot": "warehouse",
    "comptabilite": "accounting",
    "exploitation": "operator",
}


def inherited() -> dict[str, str]:
    """Give the few variables that every child gets from the caller."""
    return {name: os.environ[name] for name in INHERITED if name in os.environ}


def keep_secrets(state: Path) -> dict[str, str]:
    """Read the secrets of a state directory; make those that are missing, all of them at its first start."""
    file = state / "secrets.json"
    kept: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
    made = {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "ALTCHA_HMAC_KEY": secrets.token_urlsafe(48),
        "STRIPE_WEBHOOK_SECRET": f"whsec_{secrets.token_hex(24)}",
        "METRICS_TOKEN": secrets.token_urlsafe(24),
        "DEMO_STAFF_PASSWORD": f"{secrets.token_hex(3)}-{secrets.token_hex(3).upper()}-7!",
    } | {totp_name(username): base64.b32encode(secrets.token_bytes(20)).decode() for username in STAFF}
    if made.keys() <= kept.keys():
        return kept
    made |= kept
    partial = state / "secrets.partial"
    partial.touch(mode=0o600)
    partial.write_text(json.dumps(made, indent=1))
    partial.rename(file)
    return made


def totp_name(username: str) -> str:
    """The name under which the secret of somebody's application is kept."""
    return f"DEMO_STAFF_TOTP_{username.upper()}"


def staff(kept: dict[str, str]) -> list[dict[str, str]]:
    """The demo's staff as the shop's command takes them."""
    return [
        {
            "username": username,
            "email": f"{username}@masques.example",
            "group": group,
            "secret": kept[totp_name(username)],
        }
        for username, group in STAFF.items()
    ]


def of_shop(
    state: Path,
    *,
    kept: dict[str, str],
    static_root: Path,
    port: int,
    sandbox_url: str,
    smtp_port: int,
    imap_port: int,
    database_url: str,
    redis_url: str,
) -> dict[str, str]:
    """Point a shop at its engines and, for everything outside, at the sandbox. The code is production's."""
    return inherited() | {
        "DJANGO_SETTINGS_MODULE": "masques.settings",
        "SECRET_KEY": kept["SECRET_KEY"],
        "SITE_URL": f"http://127.0.0.1:{port}",
        "EXTRA_HOSTS": "localhost",
        "BIND": f"127.0.0.1:{port}",
        "COOKIE_SUFFIX": str(port),
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "REDIS_PREFIX": f"shop{port}",
        "STATIC_ROOT": str(static_root),
        "PRIVATE_ROOT": str(state / "private"),
        "TRUSTED_PROXY_COUNT": "0",
        "DEMO": "true",
        "SANDBOX_URL": sandbox_url,
        "METRICS_TOKEN": kept["METRICS_TOKEN"],
        "ALTCHA_HMAC_KEY": kept["ALTCHA_HMAC_KEY"],
        "EMAIL_URL": f"smtp://127.0.0.1:{smtp_port}",
        "SUPPORT_EMAIL": SUPPORT_EMAIL,
        "IMAP_URL": f"imap://{quote(SUPPORT_EMAIL, safe='')}:sandbox@127.0.0.1:{imap_port}/INBOX",
        "STRIPE_SECRET_KEY": "sk_test_sandbox",
        "STRIPE_WEBHOOK_SECRET": kept["STRIPE_WEBHOOK_SECRET"],
        "STRIPE_API_BASE": f"{sandbox_url}/stripe",
        "STRIPE_CHECKOUT_ORIGIN": sandbox_url,
        "LAPOSTE_API_BASE": f"{sandbox_url}/laposte/suivi/v2",
        "LAPOSTE_OKAPI_KEY": "okapi-sandbox",
        # Nobody who tries the shop out waits for hours between two steps of a parcel, or for morning to get an SMS.
        "TRACKING_PAUSE_SECONDS": "5",
        "COLISSIMO_API_BASE": f"{sandbox_url}/colissimo/sls-ws/SlsServiceWSRest/2.0",
        "COLISSIMO_CONTRACT_NUMBER": "000000",
        "COLISSIMO_PASSWORD": "sandbox",
        "SMS_BACKEND": "ovh",
        "SMS_TEST_PREFIX": "+3363998",
        "SMS_QUIET_HOURS": "",
        "OVH_API_BASE": f"{sandbox_url}/ovh/1.0",
        "OVH_APPLICATION_KEY": "ak",
        "OVH_APPLICATION_SECRET": "as",
        "OVH_CONSUMER_KEY": "ck",
        "OVH_SMS_SERVICE": "sms-sandbox-1",
        "DEMO_STAFF": json.dumps(staff(kept)),
        "DEMO_STAFF_PASSWORD": kept["DEMO_STAFF_PASSWORD"],
    }
