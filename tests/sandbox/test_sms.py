"""The SMS gateway, called by OVHcloud's own client."""

import hashlib
import time

import ovh
import pytest
from ovh import client as ovh_client
from ovh import exceptions

from sandbox.sms.text import outside_gsm7, parts

SERVICE = "/sms/sms-sandbox-1/jobs"


@pytest.fixture
def gateway(world, monkeypatch):
    return client_of(world, monkeypatch)


def client_of(world, monkeypatch, *, key="ak", secret="as", consumer="ck", timeout=5) -> ovh.Client:
    monkeypatch.setitem(ovh_client.ENDPOINTS, "sandbox", world.base_url + "/ovh/1.0")
    return ovh.Client(
        endpoint="sandbox", application_key=key, application_secret=secret, consumer_key=consumer, timeout=timeout
    )


def job(*receivers: str, message="Votre colis 6A00000000018 a été expédié.", **changes) -> dict:
    return {
        "message": message,
        "sender": "MASQUES-PME",
        "receivers": list(receivers or ["+33639980012"]),
        "noStopClause": True,
        "priority": "high",
        "charset": "UTF-8",
        "coding": "7bit",
        "validityPeriod": 2880,
        **changes,
    }


def inbox(http, **query) -> list[dict]:
    return http.get("/sms/messages.json", params=query).json()


def test_a_message_is_taken_and_can_be_read(gateway, http):
    answer = gateway.post(SERVICE, **job())
    assert answer["validReceivers"] == ["+33639980012"]
    assert answer["invalidReceivers"] == []
    assert answer["totalCreditsRemoved"] == 1
    [sms] = inbox(http)
    assert answer["ids"] == [int(sms["id"])]
    assert (sms["to"], sms["from"]) == ("+33639980012", "MASQUES-PME")
    assert sms["text"] == "Votre colis 6A00000000018 a été expédié."
    assert "6A00000000018" in http.get("/sms/").text


def test_the_clock_is_a_plain_integer(http):
    assert abs(int(http.get("/ovh/1.0/auth/time").text) - time.time()) < 5


@pytest.mark.parametrize("number", ["+33600000000", "+33145678901", "0639980012", "+33", "marie"])
def test_a_wrong_number_comes_back_with_status_200(gateway, http, number):
    answer = gateway.post(SERVICE, **job(number, "+33639980012"))
    assert answer["invalidReceivers"] == [number]
    assert answer["validReceivers"] == ["+33639980012"]
    assert len(inbox(http)) == 1


@pytest.mark.parametrize("number", ["+33712345678", "+590690123456", "+262692123456", "+594694123456"])
def test_mobile_numbers_of_every_territory_are_reached(gateway, number):
    assert gateway.post(SERVICE, **job(number))["validReceivers"] == [number]


@pytest.mark.parametrize("typed", ["+33639980012", "0639980012", "06 39 98 00 12"])
def test_messages_are_found_by_number_however_it_is_typed(gateway, http, typed):
    gateway.post(SERVICE, **job("+33639980012", "+33639980013"))
    assert [sms["to"] for sms in inbox(http, to=typed)] == ["+33639980012"]
    assert len(http.get(f"/sms/messages.json?to={typed}").json()) == 1


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"key": "other"}, exceptions.InvalidKey),
        ({"consumer": "other"}, exceptions.InvalidCredential),
        ({"secret": "other"}, exceptions.BadParametersError),
    ],
)
def test_a_call_that_is_not_properly_signed_is_refused(world, http, monkeypatch, wrong, error):
    with pytest.raises(error):
        client_of(world, monkeypatch, **wrong).post(SERVICE, **job())
    assert inbox(http) == []


def test_a_stale_signature_is_refused(http, world):
    stamp = str(int(time.time()) - 600)
    url = world.base_url + "/ovh/1.0" + SERVICE
    signature = "$1$" + hashlib.sha1(f"as+ck+POST+{url}++{stamp}".encode()).hexdigest()
    headers = {
        "X-Ovh-Application": "ak",
        "X-Ovh-Consumer": "ck",
        "X-Ovh-Timestamp": stamp,
        "X-Ovh-Signature": signature,
    }
    assert http.post(url, headers=headers).json()["errorCode"] == "QUERY_TIME_OUT"


def test_an_unknown_service_is_not_found(gateway):
    with pytest.raises(exceptions.ResourceNotFoundError):
        gateway.post("/sms/sms-other-1/jobs", **job())


@pytest.mark.parametrize(
    "wrong", [{"message": ""}, {"receivers": "+33639980012"}, {"receivers": []}, {"sender": "MASQUES-PME-FR"}]
)
def test_bad_parameters_are_refused(gateway, wrong):
    with pytest.raises(exceptions.BadParametersError):
        gateway.post(SERVICE, **{**job(), **wrong})


def test_switches_fail_refuse_every_number_and_lose_the_answer(world, gateway, http, monkeypatch):
    gateway.post(SERVICE, **job())  # the client learns the time
    http.switch("sms", "failing")
    with pytest.raises(exceptions.APIError, match="Internal server error"):
        gateway.post(SERVICE, **job())
    http.switch("sms", "invalid")
    assert gateway.post(SERVICE, **job())["invalidReceivers"] == ["+33639980012"]
    assert len(inbox(http)) == 1
    http.switch("sms", "timeout", seconds=1.5)
    impatient = client_of(world, monkeypatch, timeout=0.5)
    with pytest.raises(exceptions.HTTPError):
        impatient.post(SERVICE, **job())
    assert len(inbox(http)) == 2


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("é" * 160, 1),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("ê" * 70, 1),
        ("ê" * 71, 2),
        ("ê" * 135, 3),
        ("a" * 307, 3),
    ],
)
def test_parts_are_counted_by_alphabet(text, count):
    assert parts(text) == count


def test_characters_outside_gsm7_are_named_and_shown(gateway, http):
    assert outside_gsm7("l’été à Fort-de-France, ça va : €") == "’ç"
    gateway.post(SERVICE, **job(message="L’été"))
    assert "hors GSM-7&nbsp;: ’" in http.get("/sms/").text
