"""Accounts at the staff desk."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.models import User
from tests.factories import DeliveryProfileFactory, UserFactory

from .conftest import read

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Client:
    client = Client()
    client.force_login(UserFactory(username="chef", staff=True, is_superuser=True))
    return client


def test_what_a_caller_dictates_finds_the_account(desk: Client) -> None:
    user = UserFactory(username="menuisier")
    UserFactory(username="autre-client")
    siret = user.establishment.siret
    for words in (siret, f"{siret[:3]} {siret[3:6]} {siret[6:9]} {siret[9:]}", user.email.upper(), "Menuisier"):
        page = read(desk.get("/gestion/accounts/user/", {"q": words}))
        assert "menuisier" in page
        assert "autre-client" not in page
    assert siret in read(desk.get("/gestion/accounts/establishment/", {"q": siret}))
    assert siret[:9] in read(desk.get("/gestion/accounts/company/", {"q": siret}))


def test_facts_and_passwords_cannot_be_edited(desk: Client) -> None:
    user = UserFactory(username="menuisier")
    page = read(desk.get(f"/gestion/accounts/user/{user.pk}/change/"))
    assert 'name="password"' not in page
    assert user.password not in page
    assert 'name="email"' not in page
    assert 'name="is_active"' in page
    establishment = user.establishment
    DeliveryProfileFactory(establishment=establishment)
    for path in (f"establishment/{establishment.pk}", f"company/{establishment.company_id}"):
        page = read(desk.get(f"/gestion/accounts/{path}/change/"))
        assert 'name="_save"' not in page
    assert desk.get(f"/gestion/accounts/user/{user.pk}/password/").status_code in (302, 404)


def test_a_colleague_is_added_without_a_password_and_chooses_it_by_mail(desk: Client) -> None:
    data = {"username": "collegue", "email": "Collegue@masques.example", "first_name": "", "last_name": ""}
    desk.post("/gestion/accounts/user/add/", data)
    user = User.objects.get(username="collegue")
    assert user.is_staff
    assert not user.has_usable_password()
    assert user.email == "collegue@masques.example"


def test_only_a_superuser_hands_out_rights() -> None:
    helper = UserFactory(staff=True)
    helper.user_permissions.set(Permission.objects.filter(content_type__app_label="accounts"))
    client = Client()
    client.force_login(helper)
    assert 'name="_save"' not in read(client.get(f"/gestion/accounts/user/{helper.pk}/change/"))
    page = read(client.get(f"/gestion/accounts/user/{UserFactory().pk}/change/"))
    assert 'name="is_active"' in page
    assert 'name="is_superuser"' not in page
    assert 'name="groups"' not in page
    assert client.get("/gestion/accounts/user/add/").status_code == 403
