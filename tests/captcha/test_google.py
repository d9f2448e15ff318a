"""Google's test: offered beside our own where both keys are set, asked about only after consent."""

import io
import json
from http.client import IncompleteRead
from urllib.error import HTTPError, URLError

import pytest
from django.http import HttpResponse
from django_recaptcha import client as recaptcha

from captcha import google
from captcha.fields import FAILED
from captcha.forms import UNAVAILABLE
from captcha.middleware import GoogleTestPolicyMiddleware


@pytest.fixture
def keys(settings):
    settings.RECAPTCHA_PUBLIC_KEY, settings.RECAPTCHA_PRIVATE_KEY = "public", "private"


@pytest.fixture
def answers(monkeypatch):
    """What Google says next; what it was asked is kept."""
    queue, asked = [], []

    def opened(params):
        asked.append(params.decode())
        answer = queue.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return io.BytesIO(answer if isinstance(answer, bytes) else json.dumps(answer).encode())

    monkeypatch.setattr(recaptcha, "recaptcha_request", opened)
    return queue, asked


def errors(form):
    return [str(error) for error in form.errors.get("captcha", [])]


def test_a_person_google_recognises_passes(fill, keys, answers):
    queue, asked = answers
    queue.append({"success": True})
    assert fill(ip="192.0.2.9", **{google.FIELD: "token"}).is_valid()
    assert asked == ["secret=private&response=token&remoteip=192.0.2.9"]


def test_one_google_does_not_recognise_is_refused(fill, keys, answers):
    answers[0].append({"success": False, "error-codes": ["timeout-or-duplicate"]})
    assert errors(fill(**{google.FIELD: "token"})) == [FAILED]


@pytest.mark.parametrize(
    "trouble",
    [
        URLError("refused"),
        TimeoutError(),
        HTTPError("u", 503, "down", {}, None),
        b"<html>",
        b"\xff",
        IncompleteRead(b""),
        {"no": "verdict"},
        [],
        None,
    ],
    ids=repr,
)
def test_google_out_of_reach_is_a_sentence_and_no_fault(fill, keys, answers, trouble):
    answers[0].append(trouble)
    assert errors(fill(**{google.FIELD: "token"})) == [UNAVAILABLE]


def test_google_is_not_asked_while_something_else_is_wrong(fill, keys, answers):
    assert not fill(email="nonsense", **{google.FIELD: "token"}).is_valid()
    assert answers[1] == []


def test_an_endless_token_is_refused_unasked(fill, keys, answers):
    assert errors(fill(**{google.FIELD: "x" * 9000})) == [FAILED]
    assert answers[1] == []


def test_whoever_declines_has_our_own_test(fill, keys, answer):
    assert fill(captcha=answer()).is_valid()


def test_without_keys_a_google_token_opens_nothing(fill, settings, answers):
    settings.NO_SCRIPT_RATE = "0/h"
    assert not fill(**{google.FIELD: "token"}).is_valid()
    assert answers[1] == []


def page_with(form, request):
    """The policy of a response whose form was made for this request."""
    del form
    response = GoogleTestPolicyMiddleware(lambda _: HttpResponse())(request)
    return getattr(response, "_csp_update", None)


def test_only_a_page_with_the_offer_gets_the_wider_policy(fill, keys):
    form = fill()
    policy = page_with(form, form._request)
    assert policy == {
        "script-src": ["https://www.google.com/recaptcha/", "https://www.gstatic.com/recaptcha/"],
        "frame-src": ["https://www.google.com/recaptcha/", "https://recaptcha.google.com/recaptcha/"],
    }


def test_without_keys_no_page_knows_of_google(fill):
    form = fill()
    assert page_with(form, form._request) is None
    assert "google" not in str(form["captcha"].as_field_group()).lower()


def test_with_keys_the_page_names_google_but_loads_nothing_of_it(fill, keys):
    drawn = str(fill()["captcha"].as_field_group())
    assert "Ce test est fourni par Google et lit des informations de votre appareil." in drawn
    assert 'data-key="public"' in drawn
    assert '<script type="module" src="/static/js/captcha.js">' in drawn
    assert 'src="https://' not in drawn
