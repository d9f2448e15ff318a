"""The protocol itself: keys, idempotency, outages, and the form on the wire."""

import importlib
import threading
import time

import pytest
import requests
import stripe

from sandbox.stripe import clock, objects, parameters, wire
from sandbox.stripe.errors import StripeError
from sandbox.world import World
from tests.sandbox.stripe.conftest import Buyer, Shop, open_client, params

KEY = {"Authorization": "Bearer sk_test_sandbox"}


def create(client: stripe.StripeClient, key: str, **more: object) -> stripe.checkout.Session:
    return client.v1.checkout.sessions.create(params=params(**more), options={"idempotency_key": key})


def test_another_key_is_not_let_in(world: World) -> None:
    with pytest.raises(stripe.AuthenticationError) as caught:
        open_client(world, key="sk_live_somebody_else_1234").v1.events.list()
    assert caught.value.http_status == 401
    assert "somebody" not in caught.value.user_message
    assert requests.get(f"{world.base_url}/stripe/v1/events", timeout=5).status_code == 401
    assert requests.get(f"{world.base_url}/stripe/v1/events", auth=("sk_test_sandbox", ""), timeout=5).ok


def test_another_api_version_is_refused(world: World) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="Invalid Stripe API version"):
        open_client(world, stripe_version="2020-08-27").v1.events.list()


def test_an_unknown_address_is_told_in_json(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=r"Unrecognized request URL \(GET: /v1/customers\)"):
        client.v1.customers.list()


def test_every_answer_has_a_request_id(client: stripe.StripeClient, http: requests.Session) -> None:
    for path in ("/stripe/v1/nowhere", "/stripe/v1/events", "/stripe/pay/cs_none"):
        assert http.get(path).headers["Request-Id"].startswith("req_")


def test_both_forms_of_brackets_and_of_lists_are_read(client: stripe.StripeClient, http: requests.Session) -> None:
    session = client.v1.checkout.sessions.create(params=params())
    for query in ("expand[0]=line_items", "expand%5B0%5D=line_items", "expand[]=line_items", "expand%5B%5D=line_items"):
        assert "line_items" in http.get(f"/stripe/v1/checkout/sessions/{session.id}?{query}", headers=KEY).json()


def test_form_data_becomes_a_tree() -> None:
    assert wire.parse("a[0][b]=1&a%5B1%5D%5Bb%5D=%C3%A9+2&c=&d[]=x&d[]=y") == {
        "a": {"0": {"b": "1"}, "1": {"b": "é 2"}},
        "c": "",
        "d": {"0": "x", "1": "y"},
    }


@pytest.mark.parametrize("text", ["a[b=1", "a]=1", "[a]=1", "a=1&a[b]=2", "a[b]=2&a=1", "a=%ff", "a[b]c=1", "a"])
def test_broken_form_data_is_refused(text: str) -> None:
    with pytest.raises(StripeError) as caught:
        wire.parse(text)
    assert caught.value.status == 400


@pytest.mark.parametrize("body", [b'{"mode": "payment"}', "é".encode(), b"a[b=1", b"%"])
def test_a_broken_body_is_refused_in_stripes_shape(http: requests.Session, body: bytes) -> None:
    json = body.startswith(b"{")
    headers = KEY | {"Content-Type": "application/json" if json else "application/x-www-form-urlencoded"}
    answer = http.post("/stripe/v1/checkout/sessions", data=body, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"


def test_the_same_key_gives_the_first_answer_again(client: stripe.StripeClient, world: World) -> None:
    first = create(client, "checkout-1")
    again = create(client, "checkout-1")
    assert again.to_dict() == first.to_dict()
    assert "Idempotent-Replayed" not in first.last_response.headers
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert again.last_response.headers["Original-Request"] == first.last_response.request_id
    assert world.store.count("stripe.checkout.session") == 1
    assert create(client, "checkout-2").id != first.id


def test_the_first_answer_is_given_even_after_the_object_has_changed(client: stripe.StripeClient, buyer: Buyer) -> None:
    first = create(client, "checkout-1")
    buyer.pay(first.url)
    assert create(client, "checkout-1").status == "open"


def test_the_same_key_for_something_else_is_refused(client: stripe.StripeClient) -> None:
    first = create(client, "checkout-1")
    with pytest.raises(stripe.IdempotencyError) as caught:
        create(client, "checkout-1", client_reference_id="OTHER")
    assert caught.value.http_status == 400
    assert "with the same parameters" in caught.value.user_message
    with pytest.raises(stripe.IdempotencyError, match="for the same endpoint"):
        client.v1.checkout.sessions.expire(first.id, options={"idempotency_key": "checkout-1"})
    with pytest.raises(stripe.InvalidRequestError, match="255 characters"):
        create(client, "x" * 256)


def test_what_validation_refused_may_be_sent_again_with_its_key(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        create(client, "checkout-1", colour="blue")
    assert create(client, "checkout-1").status == "open"


def test_what_was_carried_out_and_failed_is_replayed(
    client: stripe.StripeClient, paid: stripe.checkout.Session
) -> None:
    too_much = {"payment_intent": paid.payment_intent, "amount": 99999}
    for _ in range(2):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            client.v1.refunds.create(params=too_much, options={"idempotency_key": "refund-1"})
    assert caught.value.headers["Idempotent-Replayed"] == "true"


def test_a_key_is_forgotten_after_a_day(client: stripe.StripeClient, monkeypatch: pytest.MonkeyPatch) -> None:
    first = create(client, "checkout-1")
    later = int(time.time()) + 24 * 60 * 60 + 1
    monkeypatch.setattr(clock, "now", lambda: later)
    assert create(client, "checkout-1").id != first.id


def test_two_calls_with_one_key_at_once_make_one_object(
    client: stripe.StripeClient, world: World, http: requests.Session
) -> None:
    http.switch("stripe", "slow", 0.4)
    start = threading.Barrier(3)
    outcomes: list[tuple[int, str]] = []

    def call() -> None:
        start.wait()
        try:
            create(open_client(world), "checkout-1")
            outcomes.append((200, ""))
        except stripe.APIError as error:
            outcomes.append((error.http_status, error.error.code))

    threads = [threading.Thread(target=call) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    in_use = (409, "idempotency_key_in_use")
    assert sorted(outcomes) == [(200, ""), in_use, in_use]
    assert world.store.count("stripe.checkout.session") == 1
    http.switch("stripe", "ok")
    assert create(client, "checkout-1").last_response.headers["Idempotent-Replayed"] == "true"


def test_the_library_gets_over_a_collision_by_itself(world: World, http: requests.Session) -> None:
    http.switch("stripe", "slow", 0.3)
    clients = [open_client(world, max_network_retries=3) for _ in range(2)]
    ids: list[str] = []
    threads = [threading.Thread(target=lambda c=c: ids.append(create(c, "checkout-1").id)) for c in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == 2
    assert len(set(ids)) == 1


def test_an_outage_does_nothing_and_keeps_nothing(
    client: stripe.StripeClient, world: World, http: requests.Session
) -> None:
    http.switch("stripe", "failing")
    with pytest.raises(stripe.APIError) as caught:
        create(client, "checkout-1")
    assert (caught.value.http_status, caught.value.error.type) == (500, "api_error")
    assert world.store.count("stripe.checkout.session") == 0
    http.switch("stripe", "ok")
    assert create(client, "checkout-1").status == "open"


def test_a_500_after_acting_is_kept_under_its_key(
    client: stripe.StripeClient, world: World, http: requests.Session
) -> None:
    http.switch("stripe", "broken")
    with pytest.raises(stripe.APIError):
        create(client, "checkout-1")
    assert world.store.count("stripe.checkout.session") == 1
    http.switch("stripe", "ok")
    with pytest.raises(stripe.APIError) as caught:
        create(client, "checkout-1")
    assert caught.value.headers["Idempotent-Replayed"] == "true"


def test_too_many_requests_is_429(client: stripe.StripeClient, http: requests.Session) -> None:
    http.switch("stripe", "limited")
    with pytest.raises(stripe.RateLimitError) as caught:
        client.v1.events.list()
    assert (caught.value.http_status, caught.value.error.code) == (429, "rate_limit")


def test_a_conflict_is_409_for_writing_only(client: stripe.StripeClient, http: requests.Session) -> None:
    http.switch("stripe", "conflict")
    with pytest.raises(stripe.APIError) as caught:
        create(client, "checkout-1")
    assert (caught.value.http_status, caught.value.error.code) == (409, "idempotency_key_in_use")
    assert client.v1.events.list().data == []


def test_an_answer_lost_after_acting_is_found_by_the_retry(world: World, http: requests.Session) -> None:
    http.switch("stripe", "timeout", 1.5)
    hasty = open_client(world, http_client=stripe.RequestsClient(timeout=0.3))
    with pytest.raises(stripe.APIConnectionError):
        create(hasty, "checkout-1")
    assert world.store.count("stripe.checkout.session") == 1
    assert create(hasty, "checkout-1").status == "open"
    assert world.store.count("stripe.checkout.session") == 1


def test_the_buyer_can_pay_while_the_api_is_down(
    client: stripe.StripeClient, buyer: Buyer, http: requests.Session, shop: Shop
) -> None:
    session = client.v1.checkout.sessions.create(params=params())
    http.switch("stripe", "failing")
    assert buyer.pay(session.url).status_code == 303
    assert len(shop.wait_for(4)) == 4


@pytest.mark.parametrize(
    ("name", "their"),
    [
        ("SessionCreateParams", "checkout._session_create_params"),
        ("SessionListParams", "checkout._session_list_params"),
        ("SessionExpireParams", "checkout._session_expire_params"),
        ("RefundCreateParams", "_refund_create_params"),
        ("RefundListParams", "_refund_list_params"),
        ("PaymentIntentListParams", "_payment_intent_list_params"),
        ("ChargeListParams", "_charge_list_params"),
        ("DisputeListParams", "_dispute_list_params"),
        ("EventListParams", "_event_list_params"),
    ],
)
def test_the_parameters_are_those_of_the_installed_library(name: str, their: str) -> None:
    """Compare the type and all that lies inside it."""
    module = importlib.import_module(f"stripe.params.{their}")
    options = set(stripe.RequestOptions.__annotations__)
    inner = [known for known in parameters.DEFINITIONS if known.startswith(name)]
    assert inner
    for known in inner:
        spec, theirs = parameters.DEFINITIONS[known], getattr(module, known)
        assert set(spec["properties"]) == set(theirs.__annotations__) - options, known
        assert set(spec.get("required", ())) == theirs.__required_keys__ - options, known


@pytest.mark.parametrize(
    ("kind", "theirs"),
    [
        ("checkout.session", stripe.checkout.Session),
        ("payment_intent", stripe.PaymentIntent),
        ("charge", stripe.Charge),
        ("refund", stripe.Refund),
        ("dispute", stripe.Dispute),
        ("event", stripe.Event),
        ("item", stripe.LineItem),
        ("price", stripe.Price),
    ],
)
def test_the_fields_are_those_of_the_installed_library(kind: str, theirs: type) -> None:
    assert set(objects.BLANK[kind]) <= set(theirs.__annotations__)


def test_the_api_version_is_the_librarys() -> None:
    assert parameters.API_VERSION == stripe.api_version == objects.BLANK["event"]["api_version"]
