"""The card processor of the sandbox, reached by the real client over the wire."""

from collections.abc import Iterator

import pytest
import requests

from billing import gateway
from sandbox.world import World
from tests.sandbox.conftest import Http, served_world, world

__all__ = ["served_world", "world"]

ACCEPTED, DECLINED = "4242424242424242", "4000000000000002"


class Processor:
    """What a buyer does on the processor's page, and what goes wrong there."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.http = Http(world.base_url)

    def pay(self, url: str, card: str = ACCEPTED) -> requests.Response:
        """Type a card on the page at this address."""
        typed = {"number": card, "expiry": "12 / 34", "cvc": "123"}
        return requests.post(url, data=typed, allow_redirects=False, timeout=10)

    def switch(self, mode: str) -> None:
        self.http.switch("stripe", mode)


@pytest.fixture
def processor(world: World, settings) -> Iterator[Processor]:
    settings.STRIPE_API_BASE = f"{world.base_url}/stripe"
    settings.STRIPE_TIMEOUT = 3
    gateway._client.cache_clear()
    gateway.pause.end()
    made = Processor(world)
    yield made
    made.http.close()
    gateway._client.cache_clear()
    gateway.pause.end()
