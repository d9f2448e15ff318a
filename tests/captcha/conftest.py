"""A form with the test in it, and a visitor who solves challenges."""

import threading
from collections.abc import Callable
from typing import Any

import altcha
import pytest
from django import forms
from django.conf import settings as shop
from django.core.cache import caches
from django.test import Client, RequestFactory

from captcha import ratelimit
from captcha.forms import CaptchaFormMixin


class ContactForm(CaptchaFormMixin, forms.Form):
    captcha_form_name = "contact"

    email = forms.EmailField()


def solve(challenge: dict[str, Any]) -> str:
    """Answer a challenge as the widget does."""
    given = altcha.Challenge.from_dict(challenge)
    solution = altcha.solve_challenge(given)
    assert solution is not None
    return str(altcha.Payload(given, solution).to_base64())


@pytest.fixture
def answer(client: Client) -> Callable[..., str]:
    """Ask for a challenge and solve it."""
    return lambda form="contact": solve(client.get("/captcha/", {"form": form}).json())


@pytest.fixture
def fill(rf: RequestFactory) -> Callable[..., ContactForm]:
    """The form as posted from an address."""

    def filled(ip: str = "192.0.2.1", **data: str) -> ContactForm:
        request = rf.post("/", REMOTE_ADDR=ip)
        return ContactForm({"email": "a@exemple.fr"} | data, request=request)

    return filled


@pytest.fixture
def redis_down(settings: Any) -> None:
    """The cache's Redis refuses every connection."""
    settings.CACHES = {"default": shop.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:1/1"}}


@pytest.fixture(autouse=True)
def closed_connections() -> Any:
    """Connections made in a test's threads are closed before the next one counts them as lost."""
    yield
    ratelimit._redis.cache_clear()
    caches.close_all()


def at_the_same_instant(action: Callable[[], Any], times: int) -> list[Any]:
    """Run an action in several threads released together."""
    barrier, results = threading.Barrier(times), []

    def run() -> None:
        barrier.wait(timeout=10)
        results.append(action())

    threads = [threading.Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    return results
