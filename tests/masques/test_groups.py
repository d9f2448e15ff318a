"""The groups of the staff: each opens what its work needs and nothing else, and no button is left to nobody."""

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from masques import groups
from masques.groups import ROLES
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

SUPPORT, WAREHOUSE, ACCOUNTING, OPERATOR = "support", "warehouse", "accounting", "operator"
# Who may open which list of the desk; a new page must be given to somebody here, or stay with superusers (nobody).
LISTS = {
    "accounts_company": {SUPPORT, OPERATOR},
    "accounts_establishment": {SUPPORT, OPERATOR},
    "accounts_user": {SUPPORT, OPERATOR},
    "admin_logentry": {OPERATOR},
    "auth_group": {OPERATOR},
    "billing_counter": {ACCOUNTING, OPERATOR},
    "billing_invoice": {ACCOUNTING, OPERATOR},
    "billing_payment": {ACCOUNTING, OPERATOR},
    "billing_providerevent": {OPERATOR},
    "eligibility_admission": {SUPPORT, OPERATOR},
    "eligibility_cannedanswer": {SUPPORT, OPERATOR},
    "eligibility_case": {SUPPORT, OPERATOR},
    "eligibility_register": {OPERATOR},
    "eligibility_registerload": {OPERATOR},
    "eligibility_registerrollback": {OPERATOR},
    "eligibility_sireneload": {OPERATOR},
    "notifications_message": {SUPPORT, OPERATOR},
    "orders_order": {SUPPORT, WAREHOUSE, ACCOUNTING, OPERATOR},
    "orders_price": {OPERATOR},
    "orders_stock": {OPERATOR},
    "orders_vatrate": {OPERATOR},
    "shipping_shipment": {SUPPORT, WAREHOUSE, OPERATOR},
}
# Who may fill in an empty page; on all the others it is refused to everybody but superusers.
ADDED_BY = {
    "eligibility_admission": {SUPPORT},
    "eligibility_cannedanswer": {SUPPORT},
    "eligibility_case": {SUPPORT},
    "eligibility_register": {OPERATOR},
    "orders_price": {OPERATOR},
    "orders_vatrate": {OPERATOR},
}


def registered() -> list[str]:
    return sorted(f"{model._meta.app_label}_{model._meta.model_name}" for model in admin.site._registry)


@pytest.fixture
def member() -> Callable[[str], Client]:
    """The browser of somebody of a group."""
    groups.seed()

    def of(group: str) -> Client:
        user = UserFactory(staff=True)
        user.groups.add(Group.objects.get(name=group))
        client = Client()
        client.force_login(user)
        return client

    return of


def actions() -> list[tuple[str, str, tuple[str, ...]]]:
    """Each action of the desk: its page, its name, the permissions it asks for."""
    return [
        (f"{model._meta.app_label}_{model._meta.model_name}", name, tuple(getattr(action, "allowed_permissions", ())))
        for model, page in admin.site._registry.items()
        for action, name, _words in page._get_base_actions()
        if name != "delete_selected"
    ]


def detail_actions() -> list[tuple[str, Any]]:
    """Each button above a sheet of the desk: its page, and what Unfold knows of it."""
    return [
        (f"{model._meta.app_label}_{model._meta.model_name}", action)
        for model, page in admin.site._registry.items()
        for action in (*page._get_base_actions_detail(), *page._get_base_actions_list(), *page._get_base_actions_row())
    ]


# --- the table


def test_seeding_is_idempotent_and_says_what_it_changed(capsys: pytest.CaptureFixture[str]) -> None:
    assert set(groups.seed()) >= {"+ support", "+ warehouse: shipping.change_shipment"}
    assert groups.seed() == []
    call_command("seed_groups")
    assert "Nothing to change." in capsys.readouterr().out


def test_seeding_puts_a_group_right_and_leaves_other_rights_alone() -> None:
    groups.seed()
    own = Group.objects.create(name="bénévoles")
    delete = Permission.objects.get(codename="delete_user")
    warehouse = Group.objects.get(name="warehouse")
    for group in (own, warehouse):
        group.permissions.add(delete)
    warehouse.permissions.remove(Permission.objects.get(codename="view_order"))
    assert groups.seed() == ["+ warehouse: orders.view_order", "- warehouse: accounts.delete_user"]
    assert list(own.permissions.all()) == [delete]


def test_a_permission_that_does_not_exist_is_refused_and_nothing_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(groups.ROLES, "operator", groups.Role("Exploitation", ("orders.fly_to_the_moon",)))
    with pytest.raises(groups.UnknownPermission, match="fly_to_the_moon"):
        groups.seed()
    assert not Group.objects.exists()


def test_no_line_stands_twice_and_nobody_deletes() -> None:
    for role in ROLES.values():
        assert len(role.permissions) == len(set(role.permissions))
        assert not [line for line in role.permissions if ".delete_" in line]


def test_the_table_names_every_page_of_the_desk() -> None:
    assert sorted(LISTS) == registered()
    assert ADDED_BY.keys() <= LISTS.keys()


# --- what each group opens


@pytest.mark.parametrize("group", ROLES)
@pytest.mark.parametrize("page", LISTS)
def test_a_group_opens_its_pages_and_no_other(member: Callable[[str], Client], group: str, page: str) -> None:
    client = member(group)
    assert client.get(reverse(f"admin:{page}_changelist")).status_code == (200 if group in LISTS[page] else 403)
    may_add = group in ADDED_BY.get(page, set())
    assert client.get(reverse(f"admin:{page}_add")).status_code == (200 if may_add else 403)


@pytest.mark.parametrize("group", ROLES)
def test_the_landing_page_links_to_nothing_that_is_refused(member: Callable[[str], Client], group: str) -> None:
    client = member(group)
    page = client.get("/gestion/")
    assert page.status_code == 200
    shown = {queue.url for queue in page.context["queues"]}
    assert shown
    for url in shown:
        assert client.get(url).status_code == 200, url


def test_each_group_sees_its_own_queues(member: Callable[[str], Client]) -> None:
    def lists(group: str) -> set[str]:
        queues = member(group).get("/gestion/").context["queues"]
        return {"_".join(queue.url.split("/")[2:4]) for queue in queues}

    money = {"billing_payment", "billing_invoice"}
    service = {"eligibility_case", "shipping_shipment", "notifications_message"}
    assert lists(WAREHOUSE) == {"shipping_shipment"}
    assert lists(ACCOUNTING) == money
    assert lists(SUPPORT) == service
    assert lists(OPERATOR) == service | money


def test_registers_are_shown_to_whoever_sees_to_them(member: Callable[[str], Client]) -> None:
    for group in ROLES:
        is_told = "Aucun registre n’est chargé" in member(group).get("/gestion/").content.decode()
        assert is_told is (group == OPERATOR), group


def test_staff_of_no_group_open_nothing() -> None:
    client = Client()
    client.force_login(UserFactory(staff=True))
    page = client.get("/gestion/")
    assert page.status_code == 200
    assert page.context["queues"] == []
    for name in LISTS:
        assert client.get(reverse(f"admin:{name}_changelist")).status_code == 403


# --- nothing without somebody


def test_every_permission_of_our_own_is_held_by_a_group() -> None:
    held = {line for role in ROLES.values() for line in role.permissions}
    for model in apps.get_models():
        for codename, _words in model._meta.permissions:
            assert f"{model._meta.app_label}.{codename}" in held, f"nobody may {codename}"


@pytest.mark.parametrize(("page", "action", "asked"), actions(), ids=lambda value: str(value))
def test_every_action_asks_for_a_permission_and_somebody_has_it(page: str, action: str, asked: tuple[str, ...]) -> None:
    assert asked, f"{page}: anybody who sees the list may {action}"
    groups.seed()
    model = apps.get_model(*page.split("_", 1))
    request = type("Request", (), {})()
    able = []
    for group in ROLES:
        request.user = UserFactory(staff=True)
        request.user.groups.add(Group.objects.get(name=group))
        desk = admin.site._registry[model]
        if desk.has_view_permission(request) and desk._filter_actions_by_permissions(
            request, [each for each in desk._get_base_actions() if each[1] == action]
        ):
            able.append(group)
    assert able, f"{page}: nobody may {action}"


@pytest.mark.parametrize(("page", "action"), detail_actions(), ids=lambda value: getattr(value, "action_name", value))
def test_every_button_of_a_sheet_asks_for_a_permission_and_somebody_has_it(page: str, action: Any) -> None:
    asked = getattr(action.method, "allowed_permissions", ())
    assert asked, f"{page}: anybody who sees the sheet may {action.action_name}"
    assert not [name for name in asked if "." in name], "the system checks would ask the database: name a method"
    groups.seed()
    desk = admin.site._registry[apps.get_model(*page.split("_", 1))]
    request = type("Request", (), {})()
    able = []
    for group in ROLES:
        request.user = UserFactory(staff=True)
        request.user.groups.add(Group.objects.get(name=group))
        if all(getattr(desk, f"has_{name}_permission")(request, None) for name in asked):
            able.append(group)
    assert able, f"{page}: nobody may {action.action_name}"
