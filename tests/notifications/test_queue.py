"""Handing work to Celery: after commit, and without ever breaking or delaying the request."""

import socket
import time
from contextlib import contextmanager

import pytest
from celery import current_app
from django.db import transaction

from notifications import queue
from notifications.queue import enqueue
from notifications.tasks import deliver_message

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def broker_at(monkeypatch):
    """Point publishing at another broker for a while."""

    def point(address):
        monkeypatch.setattr(current_app.conf, "broker_write_url", address)
        queue._connection.cache_clear()
        queue.pause.end()

    yield point
    queue._connection.cache_clear()
    queue.pause.end()


@contextmanager
def at_most(seconds):
    start = time.monotonic()
    yield
    assert time.monotonic() - start < seconds


@pytest.fixture
def jobs(redis_databases, settings):
    """How many jobs wait in the broker."""
    key = f"{settings.REDIS_PREFIX}:{settings.CELERY_TASK_DEFAULT_QUEUE}"
    redis_databases[0].delete(key)
    return lambda: redis_databases[0].llen(key)


def test_a_job_is_handed_over_after_the_commit(jobs):
    with transaction.atomic():
        enqueue(deliver_message, 1)
        assert jobs() == 0
    assert jobs() == 1


def test_a_rolled_back_transaction_hands_nothing_over(jobs):
    with transaction.atomic():
        enqueue(deliver_message, 1)
        transaction.set_rollback(True)
    assert jobs() == 0


def test_a_dead_broker_is_logged_and_never_raised(broker_at, caplog):
    broker_at("redis://127.0.0.1:1/0")
    with at_most(2), transaction.atomic():
        enqueue(deliver_message, 7)
    assert "broker unreachable, notifications.tasks.deliver_message(7,) left to the sweeper" in caplog.text


def test_a_hanging_broker_costs_a_moment_once(broker_at, caplog):
    with socket.create_server(("127.0.0.1", 0)) as tarpit:
        broker_at(f"redis://127.0.0.1:{tarpit.getsockname()[1]}/0")
        with at_most(4), transaction.atomic():
            for number in range(20):
                enqueue(deliver_message, number)
    assert caplog.text.count("broker unreachable") == 1
    assert caplog.text.count("broker paused") == 19


def test_the_next_callback_runs_although_the_broker_is_dead(broker_at):
    broker_at("redis://127.0.0.1:1/0")
    ran = []
    with transaction.atomic():
        enqueue(deliver_message, 7)
        transaction.on_commit(lambda: ran.append(True))
    assert ran == [True]


def test_after_its_rest_the_broker_is_tried_again(broker_at, jobs):
    broker_at("redis://127.0.0.1:1/0")
    enqueue(deliver_message, 7)
    broker_at(current_app.conf.broker_url)
    enqueue(deliver_message, 8)
    assert jobs() == 1
