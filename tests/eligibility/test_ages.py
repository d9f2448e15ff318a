"""The warning about old registers: in time, once, and again every week until somebody loads a file."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from eligibility import ages
from eligibility.models import RegisterLoad, SireneLoad
from eligibility.sirene.models import Stock
from eligibility.tasks import warn_of_old_registers
from masques.celery import app
from notifications.models import Message
from notifications.wording import PARIS

LOADED = datetime(2026, 10, 5, 9, tzinfo=PARIS)  # a Monday


@pytest.fixture(autouse=True)
def limit(settings) -> None:
    settings.REGISTER_MAX_AGE_DAYS = 45
    settings.STAFF_ALERT_EMAIL = "exploitation@masques.example"


@pytest.fixture
def load(put_in_service: Callable[..., None]) -> RegisterLoad:
    put_in_service("CCI")
    RegisterLoad.objects.update(finished_at=LOADED)
    return RegisterLoad.objects.get()


def stock(at: datetime) -> SireneLoad:
    figures = ("read", "rejected", "total", "closed", "confidential")
    return SireneLoad.objects.create(
        stock=Stock.UNITS, file_name="StockUniteLegale_utf8.zip", sha256="0" * 64, report={}, started_at=at,
        finished_at=at, loaded_by="essai", **{f"rows_{figure}": 0 for figure in figures},
    )  # fmt: skip


def told(first: int, last: int) -> list[str]:
    """The subjects of what the daily job wrote between these days of the load's age."""
    for day in range(first, last + 1):
        ages.warn(LOADED + timedelta(days=day, minutes=1))
    return list(Message.objects.order_by("pk").values_list("subject", flat=True))


def test_a_young_register_is_nobodys_business(load: RegisterLoad) -> None:
    assert told(0, 29) == []


def test_staff_are_told_once_fifteen_days_ahead(load: RegisterLoad) -> None:
    assert told(0, 44) == ["Registre CCI\u00a0: à recharger avant le 19/11/2026"]
    message = Message.objects.get()
    assert (message.recipient, message.about) == ("exploitation@masques.example", "CCI")
    assert "avant le jeudi 19 novembre 2026" in message.body_text
    assert "essai.csv" in message.body_text


def test_past_the_limit_staff_are_told_once_a_week_until_a_file_is_loaded(load: RegisterLoad) -> None:
    # Thursday 19 November to Sunday 6 December: three weeks are touched.
    assert told(45, 62) == ["Registre CCI\u00a0: trop ancien, à recharger"] * 3
    load.finished_at = LOADED + timedelta(days=62)
    load.save()
    Message.objects.all().delete()
    assert told(62, 70) == []


def test_the_next_file_is_warned_of_anew(load: RegisterLoad) -> None:
    told(30, 31)
    load.is_active = False
    load.save()
    RegisterLoad.objects.create(
        **{
            field.name: getattr(load, field.name)
            for field in load._meta.fields
            if field.name not in ("id", "is_active")
        }
        | {"finished_at": LOADED + timedelta(days=1)}
    )
    assert len(told(32, 33)) == 2


def test_each_register_and_each_stock_of_sirene_is_told_of(load: RegisterLoad) -> None:
    stock(LOADED)
    names = {subject.partition("\u00a0:")[0] for subject in told(46, 46)}
    assert names == {"Registre CCI", "Stock Sirene des unités légales"}


def test_what_was_never_loaded_has_no_age(db: None) -> None:
    assert list(ages.ages(timezone.now())) == []


def test_the_job_stands_in_the_timetable_and_looks_at_the_clock(load: RegisterLoad) -> None:
    assert warn_of_old_registers.name in {job["task"] for job in app.conf.beat_schedule.values()}
    RegisterLoad.objects.update(finished_at=timezone.now() - timedelta(days=60))
    warn_of_old_registers()
    assert Message.objects.count() == 1
