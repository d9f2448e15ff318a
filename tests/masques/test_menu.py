"""The staff's menu: complete, and no link that leads to a closed door."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.test import Client, RequestFactory

from masques.groups import ROLES
from masques.menu import MENU, navigation
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def links(client: Client) -> list[str]:
    groups: list[dict[str, Any]] = client.get("/gestion/").context["sidebar_navigation"]
    return [item["link"] for group in groups for item in group["items"] if item["has_permission"]]


def test_every_list_of_the_desk_stands_in_the_menu_once() -> None:
    named = [model for _, models in MENU for model in models]
    assert sorted(named) == sorted(model._meta.label_lower for model in admin.site._registry)


def test_a_superuser_finds_everything(client: Client) -> None:
    client.force_login(UserFactory(staff=True, is_superuser=True))
    assert len(links(client)) == 2 + sum(len(models) for _, models in MENU)


@pytest.mark.parametrize("role", ROLES)
def test_each_group_is_shown_what_it_may_open(client: Client, role: str) -> None:
    call_command("seed_groups")
    user = UserFactory(staff=True)
    user.groups.add(Group.objects.get(name=role))
    client.force_login(user)
    shown = links(client)
    assert len(shown) > 2
    for group in navigation(RequestFactory().get("/gestion/")):
        for item in group["items"]:
            assert (client.get(item["link"]).status_code == 200) == (item["link"] in shown), item["link"]
