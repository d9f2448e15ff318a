"""« Je ne suis pas un robot »: the proof of work, its form, its life, its one use."""

import base64
import json
import threading
import time

import altcha
import pytest
from django.core.cache import cache
from freezegun import freeze_time

from captcha import proof
from captcha.fields import FAILED, HONEYPOT
from captcha.forms import UNAVAILABLE
from tests.captcha.conftest import at_the_same_instant, solve


def errors(form):
    return [str(error) for error in form.errors.get("captcha", [])]


def test_a_solved_challenge_opens_the_form(fill, answer):
    assert fill(captcha=answer()).is_valid()


def test_an_answer_is_used_once(fill, answer):
    given = answer()
    assert fill(captcha=given).is_valid()
    assert errors(fill(captcha=given)) == [FAILED]


def test_the_same_challenge_solved_or_written_otherwise_is_spent_too(fill, answer):
    given = answer()
    assert fill(captcha=given).is_valid()
    rewritten = base64.b64encode(json.dumps(json.loads(base64.b64decode(given)), indent=1).encode()).decode()
    assert rewritten != given
    assert errors(fill(captcha=rewritten)) == [FAILED]


def test_of_eight_posts_in_the_same_instant_one_passes(fill, answer, monkeypatch):
    spend, together = proof.spend, threading.Barrier(8)

    def spend_together(nonce):
        cache.get("warm")  # each thread has a line of its own to Redis
        together.wait(timeout=10)
        spend(nonce)

    monkeypatch.setattr(proof, "spend", spend_together)
    for _ in range(5):
        given = answer()
        assert sorted(at_the_same_instant(lambda given=given: fill(captcha=given).is_valid(), 8)) == [False] * 7 + [
            True
        ]


def test_a_mistake_elsewhere_does_not_spend_the_answer(fill, answer):
    given = answer()
    assert errors(fill(captcha=given, email="nonsense")) == []
    assert fill(captcha=given).is_valid()


def test_an_answer_for_another_form_is_refused(fill, answer):
    assert errors(fill(captcha=answer("signup"))) == [FAILED]


def test_an_expired_answer_is_refused(fill, answer):
    given = answer()
    with freeze_time(time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + proof.LIFE + 5))):
        assert errors(fill(captcha=given)) == [FAILED]


def test_a_spent_nonce_is_remembered_longer_than_its_challenge_lives(fill, answer, redis_databases, settings):
    assert fill(captcha=answer()).is_valid()
    [key] = redis_databases[1].scan_iter(match=f"{settings.REDIS_PREFIX}:*captcha:*")
    assert redis_databases[1].ttl(key) > proof.LIFE


def test_a_challenge_signed_by_somebody_else_is_refused(fill):
    forged = altcha.create_challenge(
        proof.ALGORITHM, 50, expires_at=int(time.time()) + 60, hmac_secret="not ours", data={"form": "contact"}
    )
    assert errors(fill(captcha=solve(forged.to_dict()))) == [FAILED]


def test_an_unsigned_or_easier_challenge_is_refused(fill, client):
    challenge = client.get("/captcha/?form=contact").json()
    challenge["parameters"]["cost"] = 1
    assert errors(fill(captcha=solve(challenge))) == [FAILED]
    del challenge["signature"]
    assert errors(fill(captcha=solve(challenge))) == [FAILED]


@pytest.mark.parametrize(
    "nonsense",
    ["x", "{}", "e30=", "null", "bnVsbA==", "\x00", "é" * 100, base64.b64encode(b"[1]").decode(), "A" * 4096],
)
def test_damaged_answers_are_refused_without_a_fault(fill, nonsense):
    assert errors(fill(captcha=nonsense)) == [FAILED]


def test_an_oversized_answer_is_not_even_read(fill, monkeypatch):
    monkeypatch.setattr(altcha, "verify_solution", lambda *_: pytest.fail("read"))
    assert errors(fill(captcha="A" * 4097)) == [FAILED]


def test_a_filled_honeypot_is_refused(fill, answer):
    assert errors(fill(captcha=answer(), **{f"captcha_{HONEYPOT}": "buy pills"})) == [FAILED]


def test_without_redis_an_answer_is_refused_kindly(fill, answer, redis_down):
    assert errors(fill(captcha=answer())) == [UNAVAILABLE]


# --- Without JavaScript


def test_a_few_posts_without_an_answer_pass_and_the_next_is_asked_to_wait(fill, settings):
    settings.NO_SCRIPT_RATE = "2/h"
    assert [fill().is_valid() for _ in range(3)] == [True, True, False]
    [error] = errors(fill())
    assert error.startswith("Trop d’envois sans vérification depuis votre connexion.")
    assert "60\u00a0minutes" in error
    assert settings.SUPPORT_EMAIL in error
    assert fill(ip="192.0.2.2").is_valid()


def test_mistakes_elsewhere_do_not_use_up_the_few_posts(fill, settings):
    settings.NO_SCRIPT_RATE = "1/h"
    for _ in range(3):
        assert not fill(email="nonsense").is_valid()
    assert fill().is_valid()


def test_without_redis_a_post_without_an_answer_is_refused_kindly(fill, redis_down):
    assert errors(fill()) == [UNAVAILABLE]


# --- The challenge


def test_the_challenge_is_public_never_cached_and_made_for_its_form(client):
    response = client.get("/captcha/?form=signup")
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    parameters = response.json()["parameters"]
    assert (parameters["algorithm"], parameters["keyPrefix"], parameters["data"]) == (
        "PBKDF2/SHA-256", "00", {"form": "signup"},
    )  # fmt: skip
    assert parameters["expiresAt"] > time.time() + proof.LIFE - 5


def test_two_visitors_never_get_the_same_challenge(client):
    first, second = (client.get("/captcha/?form=signup").json()["parameters"]["nonce"] for _ in range(2))
    assert first != second


@pytest.mark.parametrize("query", ["", "?form=", "?form=Sign%20up", "?form=" + "a" * 41, "?form=zzz"])
def test_a_challenge_needs_the_name_of_a_form(client, query):
    assert client.get(f"/captcha/{query}").status_code == 400


def test_only_get_asks_for_a_challenge(client):
    assert client.post("/captcha/?form=signup").status_code == 405


def test_too_many_challenges_are_refused_with_the_time_to_wait(client, settings):
    settings.CAPTCHA_CHALLENGE_RATE = "2/m"
    statuses = [client.get("/captcha/?form=signup").status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    assert 0 < int(client.get("/captcha/?form=signup")["Retry-After"]) <= 60


def test_without_redis_challenges_are_still_handed_out(client, redis_down):
    assert client.get("/captcha/?form=signup").status_code == 200
