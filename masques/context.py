"""What every page needs: who runs the shop, what state the programme is in, and the menu. No database query."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from notifications.rendering import seller_block
from orders import programme


@dataclass(frozen=True)
class Link:
    """One entry of the menu."""

    label: str
    url: str
    is_current: bool = False


@dataclass(frozen=True)
class Menu:
    """The menu of one person on one page; the action is drawn as a button, at the end of the row."""

    links: list[Link]
    action: Link | None = None


VISITOR_MENU = (
    ("Accueil", "home"),
    ("Le masque", "orders:product"),
    ("Tarifs", "orders:prices"),
    ("Aide", "pages:help"),
    ("Se connecter", "account_login"),
)
CUSTOMER_MENU = (
    ("Mon espace", "accounts:space"),
    ("Mes informations", "accounts:profile"),
    ("Mes factures", "billing:invoices"),
    ("Mon entreprise", "accounts:company"),
    ("Identifiant, mot de passe", "accounts:credentials"),
)


def shop(request: HttpRequest) -> dict[str, Any]:
    """Give templates `shop` (settings fit for a page) and `menu` (drawn late: error pages have none)."""
    return {
        "shop": {
            "site_url": settings.SITE_URL,
            "support_email": settings.SUPPORT_EMAIL,
            "tagline": settings.OPERATOR_TAGLINE,
            "seller_line": seller_block(),
            "accessibility_state": settings.ACCESSIBILITY_STATE,
            "demo": settings.DEMO,
            "sandbox_url": settings.SANDBOX_URL,
            "programme_notice": programme.notice(at=timezone.now()),
        },
        "menu": SimpleLazyObject(lambda: menu(request)),
    }


def menu(request: HttpRequest) -> Menu:
    """The menu of a visitor, of a customer, or of staff, who have no company to order for."""
    user = request.user
    if not user.is_authenticated:
        return Menu(_links(request, VISITOR_MENU), _link(request, "Je commande", "accounts:signup"))
    if getattr(request, "establishment", None):
        return Menu(_links(request, CUSTOMER_MENU), _link(request, "Je commande", "orders:shop"))
    public = _links(request, VISITOR_MENU[:-1])
    return Menu([*public, _link(request, "Gestion", "admin:index")] if user.is_staff else public)


def _links(request: HttpRequest, entries: tuple[tuple[str, str], ...]) -> list[Link]:
    return [_link(request, label, name) for label, name in entries]


def _link(request: HttpRequest, label: str, name: str) -> Link:
    url = reverse(name)
    return Link(label, url, is_current=request.path == url)
