"""What must be true before real customers come: run by `manage.py check --deploy`."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as Caution

from eligibility.cases import imap
from notifications.safety import is_local

REAL_HOSTS = {
    "STRIPE_API_BASE": "api.stripe.com",
    "LAPOSTE_API_BASE": "api.laposte.fr",
    "COLISSIMO_API_BASE": "ws.colissimo.fr",
}
# Not even by chance does a real seller share one of these with the invented company (a city, he may).
OWN_FACTS = ("name", "siren", "address", "street", "vat_number", "phone", "publisher")


@register(Tags.security, deploy=True)
def providers_are_real(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Refuse a production that speaks to the sandbox or with the sandbox's keys."""
    found: list[CheckMessage] = []
    for name, host in REAL_HOSTS.items():
        address = urlsplit(getattr(settings, name))
        if address.hostname != host or address.scheme != "https":
            found.append(Error(f"{name} must be https://{host}/…, not {address.geturl()}", id="masques.E001"))
    if urlsplit(settings.STRIPE_CHECKOUT_ORIGIN).scheme != "https":  # a host of the operator's own is fine
        found.append(Error("STRIPE_CHECKOUT_ORIGIN must begin with https://", id="masques.E001"))
    ovh = urlsplit(settings.OVH_API_BASE)
    if settings.SMS_BACKEND == "ovh" and (ovh.scheme != "https" or not (ovh.hostname or "").endswith("api.ovh.com")):
        found.append(Error("OVH_API_BASE must be an https address of api.ovh.com", id="masques.E002"))
    if settings.SMS_TEST_PREFIX:
        found.append(Error("SMS_TEST_PREFIX is for demo and tests only", id="masques.E003"))
    if settings.DEMO or settings.SANDBOX_URL:
        found.append(Error("DEMO and SANDBOX_URL must be empty in production", id="masques.E004"))
    if not settings.STRIPE_SECRET_KEY.startswith(("sk_live_", "rk_live_")):
        found.append(Caution("Stripe's key is a test key: invoices will be specimens", id="masques.W001"))
    return found


@register(Tags.security, deploy=True)
def mailbox_is_real(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Refuse a mailbox whose address is crooked, not encrypted, or the sandbox's."""
    if not settings.IMAP_URL:
        return []
    try:
        where = imap.address(settings.IMAP_URL)
    except ValueError as error:
        return [Error(str(error), id="masques.E012")]
    found: list[CheckMessage] = []
    if not where.is_encrypted:
        found.append(Error("IMAP_URL must begin with imaps://: it carries a password", id="masques.E012"))
    if is_local(where.host):
        found.append(Error("IMAP_URL must name a real mail server", id="masques.E012"))
    return found


@register(Tags.security, deploy=True)
def site_is_safe(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Refuse a production without HTTPS, or with short keys."""
    found: list[CheckMessage] = []
    if not settings.IS_SECURE:
        found.append(Error("SITE_URL must begin with https://", id="masques.E005"))
    found += [
        Error(f"{name} must have 32 characters at least", id="masques.E006")
        for name in ("SECRET_KEY", "ALTCHA_HMAC_KEY")
        if len(getattr(settings, name)) < 32
    ]
    if bool(settings.RECAPTCHA_PUBLIC_KEY) != bool(settings.RECAPTCHA_PRIVATE_KEY):
        found.append(Error("RECAPTCHA_PUBLIC_KEY and RECAPTCHA_PRIVATE_KEY go together", id="masques.E007"))
    return found


@register(Tags.compatibility, deploy=True)
def law_is_served(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Say what the operator still owes before selling: who sells, who hosts, how e-invoices travel."""
    found: list[CheckMessage] = []
    if owed := [f"SELLER_{name.upper()}" for name in settings.INVENTED_SELLER if _is_owed(name)]:
        found.append(Error(f"{', '.join(owed)}: empty, or still of the demo's invented company", id="masques.E008"))
    if owed := [f"HOST_{name.upper()}" for name, fact in settings.HOST.items() if not fact or "à renseigner" in fact]:
        found.append(Error(f"{', '.join(owed)}: due on the legal page", id="masques.E009"))
    found.append(
        Caution(
            "Invoices are offered as PDF in the customer's space; no approved e-invoicing platform is connected.",
            id="masques.W002",
        )
    )
    return found


def _is_owed(name: str) -> bool:
    """Whether a fact about the seller is missing or invented; no real SIREN begins with 000."""
    fact = settings.SELLER[name]
    is_invented = name in OWN_FACTS and fact == settings.INVENTED_SELLER[name]
    return not fact or is_invented or (name == "siren" and fact.startswith("000"))
