"""The warehouse: paid orders only, one label each, one message a step."""

from datetime import date, timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection
from django.utils import timezone

from notifications.models import Message
from orders.models import Order
from shipping import colissimo, preparation
from shipping.errors import ShippingError
from shipping.models import Shipment
from tests.journeys import an_order
from tests.sandbox.conftest import Http

from .conftest import a_shipment, pay

pytestmark = pytest.mark.django_db(transaction=True)
LabelState = Shipment.LabelState


def now():
    return timezone.now()


def told(kind: str, channel: str = "email") -> int:
    return Message.objects.filter(kind=f"shipping/{kind}", channel=channel).count()


def test_every_paid_order_enters_the_queue_once_and_an_unpaid_one_does_not():
    an_order()
    paid = pay(an_order())
    for _ in range(2):
        preparation.open_missing()
    assert Shipment.objects.get().order == paid


def test_two_workers_open_one_shipment():
    pay(an_order())
    barrier = Barrier(2)

    def work() -> None:
        barrier.wait(5)
        preparation.open_missing()
        connection.close()

    threads = [Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Shipment.objects.count() == 1


def test_a_parcel_is_prepared_labelled_and_dispatched_and_each_step_told_once(outside: Http):
    shipment = a_shipment()
    user = shipment.order.placed_by
    for _ in range(2):
        preparation.prepare(shipment, by=user, at=now())
        preparation.label(shipment, at=now())
        preparation.dispatch(shipment, by=user, at=now())
    shipment.refresh_from_db()
    assert shipment.status == Shipment.Status.SHIPPED
    assert shipment.label_state == LabelState.DONE
    assert len(shipment.parcel_number) == 13
    assert (told("preparation_started"), told("shipped"), told("shipped", "sms")) == (1, 1, 1)
    assert len(outside.get("/parcels.json").json()) == 1


def test_an_overseas_parcel_carries_its_customs_form(outside: Http):
    shipment = a_shipment(postal_code="97400", city="SAINT DENIS")
    preparation.label(shipment, at=now())
    assert shipment.label_state == LabelState.DONE
    assert shipment.customs_path


def test_nothing_is_packed_or_bought_for_an_order_that_is_not_paid(outside: Http):
    shipment = a_shipment()
    Order.objects.filter(pk=shipment.order_id).update(status="refunded")
    for verb in (
        lambda: preparation.prepare(shipment, by=None, at=now()),
        lambda: preparation.label(shipment, at=now()),
        lambda: preparation.dispatch(shipment, by=None, at=now()),
    ):
        with pytest.raises(ShippingError, match="rien à expédier"):
            verb()
    assert outside.get("/parcels.json").json() == []


def test_dispatch_needs_a_parcel_number():
    with pytest.raises(ShippingError, match="étiquette"):
        preparation.dispatch(a_shipment(), by=None, at=now())


def test_an_error_inside_a_200_is_shown_as_it_came_and_may_be_tried_again(outside: Http):
    shipment = a_shipment()
    outside.switch("colissimo", "error")
    with pytest.raises(ShippingError, match="Colissimo refuse"):
        preparation.label(shipment, at=now())
    assert shipment.label_state == LabelState.REFUSED
    assert shipment.label_message
    outside.switch("colissimo", "ok")
    preparation.label(shipment, at=now())
    assert shipment.label_state == LabelState.DONE


@pytest.mark.parametrize("mode", ["failing", "broken", "timeout"])
def test_a_doubtful_answer_is_left_to_staff_and_never_asked_again_by_itself(outside: Http, mode: str):
    shipment = a_shipment()
    outside.switch("colissimo", mode)
    with pytest.raises(ShippingError, match="à vérifier"):
        preparation.label(shipment, at=now())
    assert shipment.label_state == LabelState.DOUBTFUL
    assert shipment.parcel_number is None
    outside.switch("colissimo", "ok")
    with pytest.raises(ShippingError, match="vérifiez chez Colissimo"):
        preparation.label(shipment, at=now())
    preparation.release_doubt(shipment, by=shipment.order.placed_by)
    preparation.label(shipment, at=now())
    assert shipment.label_state == LabelState.DONE


def test_two_members_of_staff_buy_one_label(outside: Http):
    shipment = a_shipment()
    barrier, refused = Barrier(2), []

    def buy() -> None:
        mine = Shipment.objects.select_related("order").get(pk=shipment.pk)
        barrier.wait(5)
        try:
            preparation.label(mine, at=now())
        except ShippingError as error:
            refused.append(str(error))
        connection.close()

    threads = [Thread(target=buy) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outside.get("/parcels.json").json()) == 1


def test_a_label_asked_for_by_a_process_that_died_is_to_be_checked():
    shipment = a_shipment()
    Shipment.objects.update(label_state=LabelState.ASKED, label_asked_at=now() - timedelta(hours=1))
    assert preparation.doubt_overdue_answers(at=now()) == 1
    shipment.refresh_from_db()
    assert shipment.label_state == LabelState.DOUBTFUL


def test_fifty_labels_are_wanted_at_once_and_bought_by_jobs(outside: Http):
    shipment = a_shipment()
    for _ in range(2):
        preparation.want_label(shipment, at=now() - timedelta(minutes=5))
    assert shipment.label_state == LabelState.WANTED
    for _ in range(2):
        preparation.buy_wanted(at=now())
    shipment.refresh_from_db()
    assert shipment.label_state == LabelState.DONE
    assert len(outside.get("/parcels.json").json()) == 1


@pytest.mark.parametrize(("hamlet", "line"), [("", "Service Œuvres"), ("LES MÛRIERS", "LES MÛRIERS")])
def test_a_label_is_asked_for_in_letters_that_it_can_print(hamlet: str, line: str):
    shipment = a_shipment()
    order = shipment.order
    order.contact_name, order.department, order.hamlet = "Łukasz Żółć", "Service Œuvres", hamlet
    address = colissimo.request_body(shipment, deposit_on=date(2026, 12, 1))["letter"]["addressee"]["address"]
    assert address["lastName"] == "Lukasz Zólc"
    assert address["line3"] == line.replace("Œ", "OE")
    "".join(address.values()).encode("latin-1")
