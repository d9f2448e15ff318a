"""Who of the staff may do what: four groups, each with what its work needs and no more.

One line a permission, `app.codename` as Django names it: this page is the whole answer, and `seed` puts it into the
database at every deployment. A permission that nobody holds is a button that nobody has: a test refuses it.
Rights beyond these (other groups, single grants, superusers) are an operator's own; `seed` does not touch them.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.utils import translation


@dataclass(frozen=True)
class Role:
    """What a group is for, and what its members may do."""

    purpose: str
    permissions: tuple[str, ...]


ROLES = {
    "support": Role(
        "Service client",
        (
            "accounts.view_company",
            "accounts.view_establishment",
            "accounts.hand_over_establishment",
            "accounts.view_user",
            "accounts.unlock_user",
            "accounts.send_password_link",
            "eligibility.view_admission",
            "eligibility.add_admission",
            "eligibility.view_registerentry",  # search a SIRET
            "eligibility.view_case",
            "eligibility.add_case",
            "eligibility.handle_case",
            "eligibility.decide_case",
            "eligibility.reopen_case",
            "eligibility.merge_case",
            "eligibility.read_document",
            "eligibility.view_cannedanswer",
            "eligibility.add_cannedanswer",
            "eligibility.change_cannedanswer",
            "notifications.view_message",
            "notifications.resend_message",
            "orders.view_order",
            "orders.change_order",  # cancel while unpaid; mend a recipient
            "shipping.view_shipment",  # "where is my parcel?"
        ),
    ),
    "warehouse": Role(
        "Entrepôt",
        (
            "orders.view_order",
            "shipping.view_shipment",
            "shipping.change_shipment",  # prepare, label, dispatch
        ),
    ),
    "accounting": Role(
        "Comptabilité",
        (
            "billing.view_counter",
            "billing.view_invoice",  # and its PDF
            "billing.view_payment",
            "orders.view_order",
        ),
    ),
    "operator": Role(
        "Exploitation",
        (
            "accounts.view_company",
            "accounts.view_establishment",
            "accounts.view_user",
            "accounts.manage_staff",  # a colleague lost the telephone, or has left
            "admin.view_logentry",  # who did what
            "auth.view_group",
            "billing.view_counter",
            "billing.view_invoice",
            "billing.view_payment",
            "billing.view_providerevent",
            "eligibility.view_admission",
            "eligibility.view_cannedanswer",
            "eligibility.view_case",
            "eligibility.view_register",
            "eligibility.add_register",
            "eligibility.change_register",
            "eligibility.view_registerentry",
            "eligibility.view_registerload",
            "eligibility.view_registerrollback",
            "eligibility.view_sireneload",
            "notifications.view_message",
            "notifications.resend_message",
            "orders.view_order",
            "orders.view_price",
            "orders.add_price",
            "orders.change_price",
            "orders.view_stock",
            "orders.change_stock",
            "orders.view_vatrate",
            "orders.add_vatrate",
            "orders.change_vatrate",
            "shipping.view_shipment",
        ),
    ),
}


FRENCH_VERBS = {
    "Can add": "Peut ajouter", "Can change": "Peut modifier", "Can delete": "Peut supprimer", "Can view": "Peut voir",
}  # fmt: skip


class UnknownPermission(Exception):
    """The table names a permission that no app defines."""


@transaction.atomic
def seed() -> list[str]:
    """Give each group exactly the permissions of the table and say what changed. Calling twice is harmless."""
    known = {
        f"{permission.content_type.app_label}.{permission.codename}": permission
        for permission in Permission.objects.select_related("content_type")
    }
    _name_in_french(known.values())
    return [line for name, role in ROLES.items() for line in _seed_group(name, role, known)]


def _name_in_french(permissions: Iterable[Permission]) -> None:
    """Django names the permissions of a model in English, once, whatever the language: superusers read them."""
    with translation.override("fr"):
        for permission in permissions:
            verb = FRENCH_VERBS.get(" ".join(permission.name.split()[:2]))
            if verb:
                permission.name = f"{verb}\u00a0: {permission.content_type.name}"
                permission.save(update_fields=["name"])


def _seed_group(name: str, role: Role, known: dict[str, Permission]) -> list[str]:
    if missing := sorted(set(role.permissions) - set(known)):
        raise UnknownPermission(f"{name}: {', '.join(missing)}")
    group, is_new = Group.objects.get_or_create(name=name)
    names = {permission.pk: full_name for full_name, permission in known.items()}
    wanted = {known[permission].pk for permission in role.permissions}
    held = set(group.permissions.values_list("pk", flat=True))
    group.permissions.set(wanted)
    changes = [f"+ {name}"] if is_new else []
    changes += [f"+ {name}: {line}" for line in sorted(names[key] for key in wanted - held)]
    return changes + [f"- {name}: {line}" for line in sorted(names[key] for key in held - wanted)]
