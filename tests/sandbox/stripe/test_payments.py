"""A buyer on the hosted page: paid, declined, authenticated; and what the shop can read afterwards."""

import threading

import pytest
import requests
import stripe

from sandbox.world import World
from tests.sandbox.stripe.conftest import ACCEPTED, Buyer, Shop, params

DECLINED, NO_FUNDS, AUTHENTICATES = "4000000000000002", "4000000000009995", "4000002500003155"
DISPUTED = "4000000000000259"


@pytest.fixture
def session(client: stripe.StripeClient) -> stripe.checkout.Session:
    return client.v1.checkout.sessions.create(params=params())


def intent_of(client: stripe.StripeClient, session: stripe.checkout.Session) -> stripe.PaymentIntent:
    expanded = client.v1.checkout.sessions.retrieve(
        session.id, params={"expand": ["payment_intent", "payment_intent.latest_charge"]}
    )
    return expanded.payment_intent


def test_the_page_says_what_is_paid_and_to_whom(session: stripe.checkout.Session, buyer: Buyer) -> None:
    page = buyer.look(session.url)
    for text in ("292,76\u00a0€", "masques-pme", "Commande ECTZ326", "3 lots de 40 masques", "4242 4242 4242 4242"):
        assert text in page
    assert params()["cancel_url"] in requests.get(session.url, timeout=5).text


def test_a_test_card_fills_the_form(session: stripe.checkout.Session) -> None:
    page = requests.get(session.url, params={"carte": DECLINED}, timeout=5).text
    assert 'value="4000 0000 0000 0002"' in page
    assert 'value="12 / 34"' in page


def test_an_accepted_card_pays(
    client: stripe.StripeClient, session: stripe.checkout.Session, buyer: Buyer, shop: Shop
) -> None:
    answer = buyer.pay(session.url)
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"http://shop.test/commandes/ECTZ326/paiement/?session={session.id}"

    after = client.v1.checkout.sessions.retrieve(session.id)
    assert (after.status, after.payment_status, after.url) == ("complete", "paid", None)
    intent = intent_of(client, session)
    assert (intent.status, intent.amount_received, intent.currency) == ("succeeded", 29276, "eur")
    assert intent.metadata.to_dict() == {"order": "ECTZ326"}
    charge = intent.latest_charge
    assert (charge.status, charge.paid, charge.amount, charge.amount_refunded) == ("succeeded", True, 29276, 0)
    assert charge.payment_method_details.card.last4 == "4242"
    assert charge.payment_intent == intent.id
    assert client.v1.charges.retrieve(charge.id).to_dict() == charge.to_dict()

    assert shop.wait_for(4) == [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.completed",
    ]
    completed = shop.events()[-1]
    assert completed.api_version == "2026-10-28.endive"
    assert completed.livemode is False
    assert completed.data.object.payment_status == "paid"
    assert completed.data.object.payment_intent == intent.id


@pytest.mark.parametrize(
    ("number", "code", "sentence"),
    [
        (DECLINED, "generic_decline", "Votre carte a été refusée"),
        (NO_FUNDS, "insufficient_funds", "provision insuffisante"),
        ("4000056655665572", "test_mode_live_card", "carte de test"),
    ],
)
def test_a_declined_card_says_why_and_another_one_pays(
    client: stripe.StripeClient,
    session: stripe.checkout.Session,
    buyer: Buyer,
    shop: Shop,
    number: str,
    code: str,
    sentence: str,
) -> None:
    answer = buyer.pay(session.url, number)
    assert answer.status_code == 200
    assert sentence in answer.text
    intent = intent_of(client, session)
    assert intent.status == "requires_payment_method"
    assert (intent.last_payment_error.code, intent.last_payment_error.decline_code) == ("card_declined", code)
    assert intent.latest_charge.status == "failed"
    assert shop.wait_for(3) == ["payment_intent.created", "charge.failed", "payment_intent.payment_failed"]

    assert buyer.pay(session.url).status_code == 303
    assert intent_of(client, session).id == intent.id
    assert intent_of(client, session).last_payment_error is None


def test_authentication_accepted_pays(
    client: stripe.StripeClient, session: stripe.checkout.Session, buyer: Buyer, shop: Shop
) -> None:
    answer = buyer.pay(session.url, AUTHENTICATES)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/stripe/pay/{session.id}/3ds")
    page = buyer.look(f"{session.url}/3ds")
    assert "Accepter" in page
    assert "292,76\u00a0€" in page
    assert intent_of(client, session).status == "requires_action"

    assert buyer.decide(session.url, "accept").headers["Location"].endswith(f"session={session.id}")
    intent = intent_of(client, session)
    assert (intent.status, intent.next_action) == ("succeeded", None)
    assert intent.latest_charge.payment_method_details.card.three_d_secure.result == "authenticated"
    assert shop.wait_for(5)[1:] == [
        "payment_intent.requires_action",
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.completed",
    ]


def test_authentication_refused_charges_nothing(
    client: stripe.StripeClient, session: stripe.checkout.Session, buyer: Buyer, shop: Shop
) -> None:
    buyer.pay(session.url, AUTHENTICATES)
    shop.wait_for(2)  # each click's events are sent by a thread of their own
    answer = buyer.decide(session.url, "refuse")
    assert answer.status_code == 200
    assert "Aucun débit" in answer.text
    intent = intent_of(client, session)
    assert (intent.status, intent.latest_charge) == ("requires_payment_method", None)
    assert intent.last_payment_error.code == "payment_intent_authentication_failure"
    assert shop.wait_for(3)[-1] == "payment_intent.payment_failed"
    assert client.v1.checkout.sessions.retrieve(session.id).status == "open"


def test_the_banks_page_without_a_question_leads_back(session: stripe.checkout.Session) -> None:
    answer = requests.get(f"{session.url}/3ds", allow_redirects=False, timeout=5)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/stripe/pay/{session.id}")


def test_a_number_that_is_no_test_card_is_not_kept(
    client: stripe.StripeClient, session: stripe.checkout.Session, buyer: Buyer, world: World
) -> None:
    buyer.pay(session.url, "4000056655665572")
    assert intent_of(client, session).latest_charge.payment_method_details.card.last4 == "5572"
    kinds = ("payment_intent", "charge", "event")
    assert "4000056655665572" not in str([world.store.all(f"stripe.{kind}") for kind in kinds])


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"number": "4242 4242 4242 4241"}, "Le numéro de carte est incorrect"),
        ({"number": "4242"}, "Le numéro de carte est incorrect"),
        ({"number": ""}, "Indiquez le numéro"),
        ({"number": "４２４２" * 4}, "Le numéro de carte est incorrect"),
        ({"expiry": "01 / 20"}, "est passée"),
        ({"expiry": "13 / 34"}, "Indiquez le mois"),
        ({"cvc": "12"}, "3 chiffres"),
        ({"number": "x" * 10000, "expiry": "x" * 10000, "cvc": "x" * 10000}, "incorrect"),
    ],
)
def test_a_mistyped_card_is_told_beside_the_field(
    client: stripe.StripeClient,
    session: stripe.checkout.Session,
    buyer: Buyer,
    form: dict[str, str],
    sentence: str,
) -> None:
    answer = buyer.pay(session.url, **form)
    assert answer.status_code == 200
    assert sentence in answer.text
    assert client.v1.payment_intents.list().data == []


def test_a_page_left_open_does_not_pay_an_expired_session(
    client: stripe.StripeClient, session: stripe.checkout.Session, buyer: Buyer
) -> None:
    client.v1.checkout.sessions.expire(session.id)
    answer = buyer.pay(session.url)
    assert answer.status_code == 200
    assert "le délai pour payer est dépassé" in answer.text
    assert client.v1.charges.list().data == []


def test_the_page_of_a_paid_session_is_closed(session: stripe.checkout.Session, buyer: Buyer) -> None:
    buyer.pay(session.url)
    assert "déjà terminé ce paiement" in buyer.look(session.url)


def test_an_unknown_page_is_not_found(http: requests.Session) -> None:
    assert http.get("/stripe/pay/cs_test_none").status_code == 404
    assert http.post("/stripe/pay/cs_test_none").status_code == 404


def test_two_clicks_charge_once(client: stripe.StripeClient, session: stripe.checkout.Session, world: World) -> None:
    start = threading.Barrier(4)
    answers: list[requests.Response] = []

    def click() -> None:
        start.wait()
        with requests.Session() as browser:
            answers.append(Buyer(browser).pay(session.url))

    threads = [threading.Thread(target=click) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [303] * 4
    assert len(client.v1.charges.list().data) == 1
    assert world.store.count("stripe.payment_intent") == 1


def test_a_dispute_comes_by_card_or_on_demand_and_is_decided(
    client: stripe.StripeClient, session: stripe.checkout.Session, buyer: Buyer, shop: Shop, http: requests.Session
) -> None:
    buyer.pay(session.url, DISPUTED)
    assert shop.wait_for(6)[-2:] == ["charge.dispute.created", "charge.dispute.funds_withdrawn"]
    intent = intent_of(client, session)
    assert intent.latest_charge.disputed is True
    (dispute,) = client.v1.disputes.list(params={"payment_intent": intent.id}).data
    assert (dispute.status, dispute.amount, dispute.is_charge_refundable) == ("needs_response", 29276, False)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.refunds.create(params={"payment_intent": intent.id})
    assert caught.value.code == "charge_disputed"

    json = {"Accept": "application/json"}
    closed = http.post(f"/stripe/disputes/{dispute.id}/close", data={"outcome": "won"}, headers=json).json()
    assert closed["status"] == "won"
    assert shop.wait_for(8)[-2:] == ["charge.dispute.closed", "charge.dispute.funds_reinstated"]
    assert http.post(f"/stripe/payments/{intent.id}/dispute", headers=json).status_code == 400


def test_a_dispute_is_opened_from_the_page(
    client: stripe.StripeClient, paid: stripe.checkout.Session, http: requests.Session
) -> None:
    assert "Ouvrir un litige" in http.get("/stripe/").text
    answer = http.post(f"/stripe/payments/{paid.payment_intent}/dispute")
    assert answer.status_code == 200
    assert "litige ouvert" in answer.text
    (dispute,) = client.v1.disputes.list().data
    assert client.v1.disputes.retrieve(dispute.id).charge == dispute.charge


def test_the_pages_work_with_no_payment_and_with_many(
    client: stripe.StripeClient, http: requests.Session, buyer: Buyer, shop: Shop
) -> None:
    assert "Aucun paiement" in http.get("/stripe/").text
    assert "Aucun évènement" in http.get("/stripe/events/").text
    for number in (ACCEPTED, DECLINED, AUTHENTICATES):
        buyer.pay(client.v1.checkout.sessions.create(params=params()).url, number)
    assert http.get("/stripe/").text.count("<article") == 3
    event = client.v1.events.list().data[0]
    assert event.type in http.get("/stripe/events/").text
    assert event.id in http.get(f"/stripe/events/{event.id}/").text
