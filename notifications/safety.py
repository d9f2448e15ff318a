"""A demo never writes to a real person, even with real settings copied into it."""

import ipaddress

from django.conf import settings

from notifications.failures import Undelivered
from notifications.models import Failure


def refuse_outside_in_demo(host: str) -> None:
    """Raise Undelivered where a demo is about to speak to a server outside this machine."""
    if settings.DEMO and not is_local(host):
        raise Undelivered(Failure.REFUSED, f"Démonstration\u00a0: rien n’est envoyé par {host}.")


def is_local(host: str) -> bool:
    """Loopback, or a name without a dot such as a container of the same composition has."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return "." not in host
