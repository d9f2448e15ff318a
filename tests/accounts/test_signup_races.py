"""Two people, or two clicks, in the same instant: real threads on PostgreSQL."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts import signup
from accounts.models import Company, Establishment, User
from tests.factories import CompanyFactory, UserFactory, make_siret
from tests.races import at_once

from .conftest import Visitor, letters

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_two_people_who_confirm_one_siret_at_once_one_gets_it(register: Callable[..., str]) -> None:
    siret = register()
    # The company is known already, so that nothing but its lock makes one wait for the other.
    CompanyFactory(siren=siret[:9])
    for _ in range(5):
        users = UserFactory.create_batch(2, unconfirmed=True, signup_siret=siret)

        def binding(user: User) -> Callable[[], Establishment]:
            return lambda: signup.bind(user, siret, at=timezone.now())

        results = at_once(*(binding(user) for user in users))
        assert sorted(type(result).__name__ for result in results) == ["Establishment", "SiretTaken"]
        assert Company.objects.count() == Establishment.objects.count() == 1
        assert User.objects.filter(establishment__siret=siret).count() == 1
        User.objects.all().delete()
        Establishment.objects.all().delete()


def test_of_two_people_of_a_new_company_one_gets_it_too(register: Callable[..., str]) -> None:
    siret = register()
    users = UserFactory.create_batch(2, unconfirmed=True, signup_siret=siret)
    results = at_once(*(lambda user=user: signup.bind(user, siret, at=timezone.now()) for user in users))
    assert sorted(type(result).__name__ for result in results) == ["Establishment", "SiretTaken"]
    assert Company.objects.count() == 1


def test_two_sites_of_one_company_are_bound_at_once(register: Callable[..., str]) -> None:
    first = register()
    second = register(siret=make_siret(first[:9], rank=2))
    users = UserFactory.create_batch(2, unconfirmed=True)
    results = at_once(
        lambda: signup.bind(users[0], first, at=timezone.now()),
        lambda: signup.bind(users[1], second, at=timezone.now()),
    )
    assert {result.company.siren for result in results} == {first[:9]}
    assert Company.objects.count() == 1


def test_a_double_click_on_sign_up_makes_one_account_and_one_code(register: Callable[..., str]) -> None:
    """AC4: the second request waits for the first and lands on the same page, with the same code."""
    visitor = Visitor(siret=register())
    visitor.choose_siret()
    form = visitor.form()

    def click() -> Any:
        browser = Client()
        browser.cookies = visitor.client.cookies
        return browser.post("/inscription/compte/", form)

    answers = at_once(click, click)
    assert [answer.headers["Location"] for answer in answers] == ["/inscription/verification/"] * 2
    assert User.objects.count() == 1
    assert len(letters("account_confirmation")) == 1
    assert visitor.confirm().headers["Location"].startswith("/mes-informations/")


def test_two_strangers_who_want_one_name_at_once_leave_one_account(register: Callable[..., str]) -> None:
    siret = register()
    strangers = [Visitor(siret=siret, email=f"nouveau{number}@legal.example") for number in range(2)]
    for stranger in strangers:
        stranger.choose_siret()
    forms = [stranger.form() for stranger in strangers]
    answers = at_once(
        *(
            lambda stranger=stranger, form=form: stranger.client.post("/inscription/compte/", form)
            for stranger, form in zip(strangers, forms, strict=True)
        )
    )
    assert {answer.status_code for answer in answers} == {302}
    assert User.objects.count() == 1
