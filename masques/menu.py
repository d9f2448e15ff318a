"""The staff's menu: lists by the work they serve, in the order of a working day; each sees those they may open."""

from collections.abc import Callable
from typing import Any

from django.apps import apps
from django.http import HttpRequest
from django.urls import reverse

MENU: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Commandes et colis", ("orders.order", "shipping.shipment", "notifications.message")),
    ("Rejet SIRET", ("eligibility.case", "eligibility.admission", "eligibility.cannedanswer")),
    ("Clients", ("accounts.user", "accounts.establishment", "accounts.company")),
    ("Règlements", ("billing.payment", "billing.invoice", "billing.counter", "billing.providerevent")),
    ("Offre", ("orders.stock", "orders.price", "orders.vatrate")),
    (
        "Registres",
        ("eligibility.register", "eligibility.registerload", "eligibility.registerrollback", "eligibility.sireneload"),
    ),
    ("Équipe", ("auth.group", "admin.logentry")),
)


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The menu as Unfold takes it: groups of links, each with the question whether this person may follow it."""
    home = {"title": "Accueil", "link": reverse("admin:index")}
    look_up = {
        "title": "Chercher un SIRET",
        "link": reverse("lookup"),
        "permission": _may("eligibility.view_registerentry"),
    }
    groups = [{"title": title, "items": [_list(model) for model in models]} for title, models in MENU]
    return [{"items": [home, look_up]}, *groups]


def _list(name: str) -> dict[str, Any]:
    model = apps.get_model(name)._meta
    title = str(model.verbose_name_plural)
    return {
        "title": title[0].upper() + title[1:],
        "link": reverse(f"admin:{model.app_label}_{model.model_name}_changelist"),
        "permission": _may(f"{model.app_label}.view_{model.model_name}"),
    }


def _may(permission: str) -> Callable[[HttpRequest], bool]:
    return lambda request: request.user.has_perm(permission)
