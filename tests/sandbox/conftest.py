"""The outside world, served for real on free ports and emptied before each test."""

from collections.abc import Iterator

import pytest
import requests

from sandbox.world import World, running


@pytest.fixture(scope="session")
def served_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = World(tmp_path_factory.mktemp("sandbox"))
    with running(world):
        yield world


@pytest.fixture
def world(served_world: World) -> World:
    served_world.store.clear()
    return served_world


@pytest.fixture
def http(world: World) -> Iterator["Http"]:
    with Http(world.base_url) as session:
        yield session


class Http(requests.Session):
    """A client that needs the path only."""

    def __init__(self, base_url: str) -> None:
        super().__init__()
        self.base_url = base_url

    def request(self, method: str, url: str, **options: object) -> requests.Response:  # type: ignore[override]
        """Ask the sandbox; absolute addresses stay what they are."""
        return super().request(method, url if url.startswith("http") else self.base_url + url, **options)  # type: ignore[arg-type]

    def switch(self, provider: str, mode: str, seconds: float | None = None) -> None:
        """Set a switch as a test of the shop would."""
        self.post(f"/switches/{provider}", json={"mode": mode, "seconds": seconds}).raise_for_status()
