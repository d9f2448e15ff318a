"""Suivi v2 and the hand that moves parcels."""

from datetime import datetime

import pytest

from sandbox.laposte import parcels
from sandbox.laposte.events import EVENTS

KEY = {"X-Okapi-Key": "okapi-sandbox", "Accept": "application/json"}
NUMBER, OTHER = "6A00000000018", "8L00000000025"


@pytest.fixture
def parcel(world):
    return announce(world, NUMBER)


def announce(world, number, *, overseas=False):
    facts = {"product": "DOM", "reference": "ECTZ326", "name": "PME Exemple", "zip_code": "69001", "city": "Lyon"}
    parcels.announce(world.store, number, overseas=overseas, weight=1.4, **facts)
    return number


def ask(http, ids, **options):
    return http.get(f"/laposte/suivi/v2/idships/{ids}", params={"lang": "fr_FR"}, headers=KEY, **options)


def advance(http, number, step="next", **more):
    return http.post(f"/parcels/{number}/advance", json={"step": step, **more})


def test_one_parcel_is_one_object(http, parcel):
    answer = ask(http, parcel)
    assert answer.status_code == 200
    envelope = answer.json()
    assert (envelope["lang"], envelope["scope"], envelope["returnCode"]) == ("fr_FR", "open", 200)
    shipment = envelope["shipment"]
    assert shipment["idShip"] == parcel
    assert (shipment["holder"], shipment["product"], shipment["isFinal"]) == (4, "colissimo", False)
    assert [event["code"] for event in shipment["event"]] == ["DR1"]
    assert shipment["url"] == f"https://www.laposte.fr/outils/suivre-vos-envois?code={parcel}"


def test_several_parcels_are_207_with_an_envelope_each(http, parcel):
    answer = ask(http, f"{parcel},{OTHER},6A0000")
    assert answer.status_code == 207
    assert [envelope["returnCode"] for envelope in answer.json()] == [200, 104, 400]
    assert [envelope.get("idShip") for envelope in answer.json()] == [None, OTHER, "6A0000"]


def test_an_unknown_parcel_is_404_with_code_104(http):
    answer = ask(http, OTHER)
    assert answer.status_code == 404
    assert answer.json()["returnCode"] == 104
    assert answer.json()["returnMessage"].startswith("Votre suivi n'est pas encore disponible.")


@pytest.mark.parametrize("ids", ["6A0000", "6A00000000018XYZ", "6A0000-000018", ",".join([NUMBER] * 11)])
def test_malformed_numbers_and_more_than_ten_are_400(http, ids):
    answer = ask(http, ids)
    assert answer.status_code == 400
    assert answer.json()["returnCode"] == 400


@pytest.mark.parametrize("headers", [{}, {"X-Okapi-Key": "other"}])
def test_the_key_is_checked(http, parcel, headers):
    answer = http.get(f"/laposte/suivi/v2/idships/{parcel}", headers=headers)
    assert answer.status_code == 401
    assert answer.json() == {"code": "UNAUTHORIZED", "message": "This action requires an authorization"}


def test_options_is_served(http):
    assert http.options(f"/laposte/suivi/v2/idships/{NUMBER}").status_code == 204


@pytest.mark.parametrize(
    ("mode", "status"), [("failing", 500), ("quota", 429), ("unauthorized", 401), ("unknown", 404)]
)
def test_switches_answer_in_json(http, parcel, mode, status):
    http.switch("laposte", mode)
    answer = ask(http, parcel)
    assert answer.status_code == status
    assert answer.json()


def test_an_outage_can_be_a_html_page(http, parcel):
    http.switch("laposte", "html")
    answer = ask(http, parcel)
    assert answer.status_code == 500
    assert answer.headers["Content-Type"].startswith("text/html")


def test_next_walks_to_delivery_and_ends_there(http, parcel):
    codes = []
    while (following := http.get("/parcels.json").json()[0]["next"]) is not None:
        codes.append(following)
        assert advance(http, parcel).status_code == 200
    assert codes == ["PC1", "ET1", "EP1", "MD2", "DI1"]
    assert advance(http, parcel).status_code == 400
    shipment = ask(http, parcel).json()["shipment"]
    assert shipment["isFinal"] is True
    assert shipment["deliveryDate"] == shipment["event"][0]["date"]
    assert [step["status"] for step in shipment["timeline"]] == [True] * 5


def test_overseas_the_way_leads_through_customs(http, world):
    announce(world, OTHER, overseas=True)
    codes = [advance(http, OTHER).json()["events"][0]["code"] for _ in range(7)]
    assert codes == ["PC1", "ET1", "DO1", "DO2", "EP1", "MD2", "DI1"]


@pytest.mark.parametrize(
    ("way", "following"),
    [
        (["MD2", "AG1"], "DI1"),
        (["PC1", "PB1"], "PB2"),
        (["PC1", "ET1", "PB1", "PB2"], "EP1"),
        (["PC1", "XX9"], "ET1"),
        (["RE1"], "DI2"),
        (["RE1", "DI2"], None),
    ],
)
def test_side_ways_lead_back_or_end(http, parcel, way, following):
    for step in way:
        last = advance(http, parcel, step).json()
    assert last["next"] == following


def test_events_are_newest_first_with_offsets_and_never_share_a_second(http, parcel):
    for step in ("PC1", "ET1", "ET1", "MD2"):
        advance(http, parcel, step)
    dates = [datetime.fromisoformat(event["date"]) for event in ask(http, parcel).json()["shipment"]["event"]]
    assert dates == sorted(dates, reverse=True)
    assert len(set(dates)) == 5
    assert all(date.utcoffset() is not None for date in dates)


def test_a_late_event_takes_its_place_by_date(http, parcel):
    advance(http, parcel, "MD2")
    advance(http, parcel, "PC1", at="2020-05-11T16:20:00")
    events = ask(http, parcel).json()["shipment"]["event"]
    assert [event["code"] for event in events] == ["MD2", "DR1", "PC1"]
    assert events[-1]["date"] == "2020-05-11T16:20:00+02:00"


def test_a_parcel_to_collect_says_where(http, parcel):
    advance(http, parcel, "AG1")
    shipment = ask(http, parcel).json()["shipment"]
    assert shipment["contextData"]["removalPoint"] == {"name": "BUREAU DE POSTE LYON", "type": "BP"}
    assert shipment["isFinal"] is False


def test_an_incident_is_a_problem_on_the_timeline(http, parcel):
    advance(http, parcel, "PC1")
    advance(http, parcel, "PB1")
    assert -1 in [step["type"] for step in ask(http, parcel).json()["shipment"]["timeline"]]


@pytest.mark.parametrize("step", list(EVENTS))
def test_every_step_has_a_button_and_an_event(http, parcel, step):
    assert f'value="{step}"' in http.get("/parcels/").text
    assert advance(http, parcel, step).json()["events"][0]["code"] == step
    assert ask(http, parcel).status_code == 200


def test_the_page_posts_a_form_and_comes_back(http, parcel):
    answer = http.post(f"/parcels/{parcel}/advance", data={"step": "next"}, allow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/parcels/#{parcel}"
    assert "Pris en charge" in http.get("/parcels/").text


def test_bad_steps_dates_and_numbers_are_refused(http, parcel):
    assert advance(http, parcel, "ZZ9").status_code == 400
    assert advance(http, parcel, "PC1", at="demain").status_code == 400
    assert advance(http, OTHER).status_code == 404
