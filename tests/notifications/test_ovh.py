"""SMS through the official client, against the sandbox's gateway that speaks OVHcloud's protocol."""

import socket
from datetime import timedelta

import pytest
import requests
from django.utils import timezone

from notifications import delivery, sms
from notifications.models import Channel, Failure, Message, Status
from tests.notifications.conftest import a_message
from tests.sandbox.conftest import Http, served_world, world

__all__ = ["served_world", "world"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def gateway(world, settings):
    """The sandbox as the SMS operator."""
    settings.SMS_BACKEND, settings.SMS_QUIET_HOURS = "ovh", ""
    settings.OVH_API_BASE = f"{world.base_url}/ovh/1.0"
    settings.OVH_APPLICATION_KEY, settings.OVH_APPLICATION_SECRET, settings.OVH_CONSUMER_KEY = "ak", "as", "ck"
    settings.OVH_SMS_SERVICE = "sms-sandbox-1"
    with Http(world.base_url) as http:
        yield http
    for client in clients:
        client._session.close()
    clients.clear()
    sms._ovh_client.cache_clear()


clients = []


@pytest.fixture(autouse=True)
def closed_at_the_end(monkeypatch):
    """The client of a process lives as long as it; a test's own is closed."""
    made = sms.ovh.Client

    def make(**options):
        clients.append(made(**options))
        return clients[-1]

    monkeypatch.setattr(sms.ovh, "Client", make)


def text_to(number="+33639980001", **facts):
    return a_message(
        **{
            "channel": Channel.SMS, "recipient": number, "subject": "", "body_html": "",
            "body_text": "masques-pme : commande ECTZ326 expédiée, colis 6A12345678901.",
        } | facts
    )  # fmt: skip


def fresh(message: Message) -> Message:
    message.refresh_from_db()
    return message


def inbox(http):
    return http.get("/sms/messages.json").json()


def test_an_sms_arrives_as_it_was_written(gateway):
    message = text_to()
    assert delivery.deliver(message.pk) is None
    [received] = inbox(gateway)
    assert received["to"] == "+33639980001"
    assert received["text"] == "masques-pme : commande ECTZ326 expédiée, colis 6A12345678901."
    assert fresh(message).status == Status.SENT


def test_one_client_serves_the_whole_process(gateway):
    for _ in range(3):
        delivery.deliver(text_to().pk)
    assert len(clients) == 1
    assert len(inbox(gateway)) == 3


def test_a_wrong_number_inside_a_good_answer_is_a_failure(gateway):
    gateway.switch("sms", "invalid")
    message = text_to()
    assert delivery.deliver(message.pk) == Failure.UNKNOWN_RECIPIENT
    assert fresh(message).status == Status.FAILED


def test_an_answered_breakdown_is_tried_again(gateway):
    gateway.switch("sms", "failing")
    message = text_to()
    delivery.deliver(message.pk)
    assert fresh(message).status == Status.PENDING
    gateway.switch("sms", "ok")
    delivery.deliver(message.pk, now=timezone.now() + timedelta(hours=1))
    assert fresh(message).status == Status.SENT
    assert len(inbox(gateway)) == 1


def test_a_wrong_key_is_a_matter_of_configuration(gateway, settings):
    settings.OVH_APPLICATION_SECRET = "wrong"
    message = text_to()
    assert delivery.deliver(message.pk) == Failure.CONFIGURATION
    assert fresh(message).status == Status.PENDING


def test_an_sms_that_may_have_left_is_not_sent_again(gateway, monkeypatch):
    monkeypatch.setattr(sms, "TIMEOUT", 0.5)
    gateway.switch("sms", "timeout")
    message = text_to()
    assert delivery.deliver(message.pk) == Failure.UNCERTAIN
    assert fresh(message).status == Status.FAILED


def test_an_unreachable_gateway_is_tried_again_in_seconds(gateway, settings):
    settings.OVH_API_BASE = "http://127.0.0.1:1/1.0"
    message = text_to()
    assert delivery.deliver(message.pk) == Failure.CONNECTION
    assert fresh(message).next_attempt_at - timezone.now() < timedelta(seconds=10)


def test_a_gateway_lost_after_the_clock_was_read_is_a_matter_of_connection(gateway, world):
    delivery.deliver(text_to().pk)
    [client] = clients
    client._endpoint = "http://127.0.0.1:1/1.0"
    assert delivery.deliver(text_to().pk) == Failure.CONNECTION


def test_a_gateway_that_hangs_on_the_clock_has_sent_nothing(gateway, settings, monkeypatch):
    monkeypatch.setattr(sms, "TIMEOUT", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as tarpit:
        settings.OVH_API_BASE = f"http://127.0.0.1:{tarpit.getsockname()[1]}/1.0"
        assert delivery.deliver(text_to().pk) == Failure.CONNECTION


def test_a_demo_rings_nobody_outside(gateway, settings):
    settings.DEMO = True
    settings.OVH_API_BASE = "https://eu.api.ovh.com/1.0"
    assert delivery.deliver(text_to().pk) == Failure.REFUSED


def test_the_console_writes_the_sms_to_the_log(settings, caplog):
    settings.SMS_BACKEND, settings.SMS_QUIET_HOURS = "console", ""
    caplog.set_level("INFO")
    delivery.deliver(text_to().pk)
    assert "SMS to +33639980001: masques-pme : commande ECTZ326" in caplog.text


def test_requests_tells_what_never_left_from_what_was_cut(gateway):
    refused = requests.ConnectionError()
    assert sms._never_left(sms.HTTPError("x", refused)) is False
    assert sms._never_left(sms.HTTPError("x", requests.ConnectTimeout())) is True
