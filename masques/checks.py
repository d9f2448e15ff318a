"""What must be true before real customers come: run by `manage.py check --deploy`."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

REAL_HOSTS = {
    "STRIPE_API_BASE": "api.stripe.com",
    "LAPOSTE_API_BASE": "api.laposte.fr",
    "COLISSIMO_API_BASE": "ws.colissimo.fr",
}
INVENTED_SELLER_SIREN = "000"


@register(Tags.security, deploy=True)
def providers_are_real(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Refuse a production that speaks to the sandbox or with the sandbox's keys."""
    found: list[CheckMessage] = []
    for name, host in REAL_HOSTS.items():
        address = urlsplit(getattr(settings, name))
        if address.hostname != host or address.scheme != "https":
            found.append(Error(f"{name} must be https://{host}/…, not {address.geturl()}", id="masques.E001"))
    ovh = urlsplit(settings.OVH_API_BASE)
    if settings.SMS_BACKEND == "ovh" and (ovh.scheme != "https" or not (ovh.hostname or "").endswith("api.ovh.com")):
        found.append(Error("OVH_API_BASE must be an https address of api.ovh.com", id="masques.E002"))
    if settings.SMS_TEST_PREFIX:
        found.append(Error("SMS_TEST_PREFIX is for demo and tests only", id="masques.E003"))
    if settings.DEMO or settings.SANDBOX_URL:
        found.append(Error("DEMO and SANDBOX_URL must be empty in production", id="masques.E004"))
    if not settings.STRIPE_SECRET_KEY.startswith(("sk_live_", "rk_live_")):
        found.append(Warning("Stripe's key is a test key: invoices will be specimens", id="masques.W001"))
    return found


@register(Tags.security, deploy=True)
def site_is_safe(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Refuse a production without HTTPS, or with short keys."""
    found: list[CheckMessage] = []
    if not settings.IS_SECURE:
        found.append(Error("SITE_URL must begin with https://", id="masques.E005"))
    for name in ("SECRET_KEY", "ALTCHA_HMAC_KEY"):
        if len(getattr(settings, name)) < 32:
            found.append(Error(f"{name} must have 32 characters at least", id="masques.E006"))
    if bool(settings.RECAPTCHA_PUBLIC_KEY) != bool(settings.RECAPTCHA_PRIVATE_KEY):
        found.append(Error("RECAPTCHA_PUBLIC_KEY and RECAPTCHA_PRIVATE_KEY go together", id="masques.E007"))
    return found


@register(Tags.compatibility, deploy=True)
def law_is_served(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Say what the operator still owes before selling: who sells, who hosts, how e-invoices travel."""
    found: list[CheckMessage] = []
    if settings.SELLER["siren"].startswith(INVENTED_SELLER_SIREN):
        found.append(Error("SELLER_* still name the invented company of the demo", id="masques.E008"))
    if "à renseigner" in settings.HOST["name"]:
        found.append(Error("HOST_NAME, HOST_ADDRESS, HOST_PHONE are due on the legal page", id="masques.E009"))
    found.append(
        Warning(
            "Invoices are offered as PDF in the customer's space; no approved e-invoicing platform is connected.",
            id="masques.W002",
        )
    )
    return found
