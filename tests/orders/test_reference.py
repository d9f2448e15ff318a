"""References: dictated on the phone, never twice, never rude."""

import re

import pytest
from django.db import IntegrityError
from django.urls import reverse

from orders import reference
from orders.models import Order
from tests.factories import OrderFactory
from tests.orders.conftest import draft_of


def test_a_reference_is_four_clear_letters_and_three_digits():
    drawn = [reference.draw() for _ in range(500)]
    assert all(re.fullmatch(r"[BCDEFGHJKMNPRSTVWXZ]{4}[0-9]{3}", text) for text in drawn)
    assert not any(word in text[:4] for word in reference.RUDE for text in drawn)


def test_a_rude_word_is_drawn_again(monkeypatch):
    letters = iter("MERD" + "ECTZ" + "326")
    monkeypatch.setattr(reference.secrets, "choice", lambda _: next(letters))
    assert reference.draw() == "ECTZ326"


@pytest.mark.parametrize("typed", ["ECTZ326", "ectz326", " ectz 326 ", "ECTZ-326", "e c t z 3 2 6", "ectz\u00a0326"])
def test_a_reference_is_read_as_people_type_it(typed):
    assert reference.parse(typed) == "ECTZ326"


@pytest.mark.parametrize("typed", ["", "ECTZ32", "ECTZ3266", "AIOU123", "ECTZ３２６", "326ECTZ", "ECTZ326'--"])
def test_anything_else_is_no_reference(typed):
    with pytest.raises(ValueError):
        reference.parse(typed)


def test_a_reference_that_is_taken_is_drawn_again(user, monkeypatch):
    taken = OrderFactory(reference="ECTZ326")
    drawn = iter(["ECTZ326", "ECTZ326", "BDFG123"])
    monkeypatch.setattr(reference, "draw", lambda: next(drawn))
    assert draft_of(user).reference == "BDFG123"
    assert Order.objects.filter(reference=taken.reference).count() == 1


def test_the_database_refuses_the_same_reference_twice(db):
    OrderFactory(reference="ECTZ326")
    with pytest.raises(IntegrityError):
        OrderFactory(reference="ECTZ326")


def test_an_address_takes_a_reference_as_it_is_dictated(browser, user):
    order = OrderFactory(establishment=user.establishment, reference="ECTZ326")
    assert browser.get("/commandes/ectz 326/").context["order"] == order
    assert reverse("orders:order", args=["ECTZ326"]) == "/commandes/ECTZ326/"
