"""Several workers, one row; and a worker that is killed in the middle of a sending."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.conf import settings as shop
from django.db import connection, transaction
from django.utils import timezone

from notifications import delivery, outbox
from notifications.models import Channel, Message, Status
from tests.notifications.conftest import a_message, at_the_same_instant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sendings(monkeypatch):
    """Every call to the outside, each slow enough for the others to come too."""
    calls = []

    def send(message):
        calls.append(message.pk)
        time.sleep(0.2)

    monkeypatch.setitem(delivery.SENDERS, Channel.EMAIL, send)
    return calls


def test_of_several_workers_one_sends(sendings):
    message = a_message()
    at_the_same_instant(*[lambda: delivery.deliver(message.pk)] * 4)
    assert sendings == [message.pk]
    message.refresh_from_db()
    assert (message.status, message.attempts) == (Status.SENT, 1)


def test_two_sweepers_share_the_work_and_send_nothing_twice(sendings):
    rows = [a_message().pk for _ in range(4)]
    later = timezone.now() + timedelta(minutes=1)
    at_the_same_instant(*[lambda: delivery.deliver_due(now=later)] * 2)
    assert sorted(sendings) == sorted(rows)


def test_no_lock_is_held_while_the_outside_is_spoken_to(monkeypatch):
    message = a_message()
    seen = []

    def look():
        try:
            with transaction.atomic():
                seen.append(Message.objects.select_for_update(of=("self",), nowait=True).get(pk=message.pk).status)
        finally:
            connection.close()

    def send(_):
        other = threading.Thread(target=look)
        other.start()
        other.join()

    monkeypatch.setitem(delivery.SENDERS, Channel.EMAIL, send)
    delivery.deliver(message.pk)
    assert seen == [Status.SENDING]


def test_withdrawing_races_with_claiming_and_one_of_them_wins(sendings):
    for number in range(5):
        message = a_message(dedupe_key=f"reminder:{number}:email")
        withdrawn, _ = at_the_same_instant(
            lambda number=number: outbox.withdraw(f"reminder:{number}"), lambda pk=message.pk: delivery.deliver(pk)
        )
        message.refresh_from_db()
        assert (withdrawn, message.status) in ((True, Status.WITHDRAWN), (False, Status.SENT))
        assert sendings.count(message.pk) == (0 if withdrawn else 1)


def test_two_sweeps_decide_once_about_a_stuck_row():
    a_message(status=Status.SENDING, attempts=1, claimed_at=timezone.now() - timedelta(hours=2))
    results = at_the_same_instant(delivery.take_back_stuck, delivery.take_back_stuck)
    assert sum(results) == 1
    message = Message.objects.get()
    assert (message.status, message.attempts) == (Status.PENDING, 1)


@pytest.fixture
def tarpit():
    """A relay that takes the connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


WORKER = (sys.executable, "-m", "celery", "-A", "masques", "worker", "-P", "solo", "--without-mingle", "-l", "WARNING")


@pytest.fixture
def worker(tarpit):
    """A real Celery worker on the test's own database and broker keys, with a relay that hangs."""
    server = urlsplit(os.environ["DATABASE_URL"])  # over TCP or a socket, whatever the run was given
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "masques.settings",
        "DATABASE_URL": server._replace(path=f"/{connection.settings_dict['NAME']}").geturl(),
        "REDIS_PREFIX": shop.REDIS_PREFIX,
        "EMAIL_URL": f"smtp://127.0.0.1:{tarpit}",
    }
    process = subprocess.Popen(WORKER, env=environment, start_new_session=True)
    yield process
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def until(status, message, seconds=40):
    """Wait for the worker to bring the row there."""
    for _ in range(seconds * 10):
        message.refresh_from_db()
        if message.status == status:
            return
        time.sleep(0.1)
    raise AssertionError(f"still {message.status}")


def test_a_message_whose_worker_is_killed_arrives_all_the_same(worker, texts, request):
    with transaction.atomic():
        message = outbox.post(
            "essai/note", to="a@exemple.fr", key="n:1", context={"reference": "ECTZ326", "name": "x", "url": "x"}
        )
    until(Status.SENDING, message)
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()

    relay = request.getfixturevalue("relay")
    assert delivery.take_back_stuck() == 0, "the worker could still be there"
    assert delivery.take_back_stuck(now=timezone.now() + timedelta(minutes=61)) == 1
    delivery.deliver_due(now=timezone.now() + timedelta(minutes=63))
    message.refresh_from_db()
    assert (message.status, message.attempts) == (Status.SENT, 2)
    assert [letter["Subject"] for letter in relay.received] == ["Commande ECTZ326 enregistrée"]
