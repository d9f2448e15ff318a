"""The booted shop answers, keeps its visitors to itself, and gets over the loss of a part."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page

from sandbox.supervisor import Stack
from tests.browser.outside import until
from tests.browser.watch import Complaints

direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@pytest.fixture(autouse=True)
def whole(stack: Stack) -> Iterator[None]:
    """Leave a whole shop to the next test."""
    yield
    assert [name for name, child in stack.children.items() if not child.is_running] == []


def is_ready(stack: Stack) -> bool:
    try:
        with direct.open(f"{stack.shop_url}/readyz", timeout=10) as answer:
            return json.load(answer)["ready"] is True
    except urllib.error.HTTPError:
        return False


def test_the_shop_is_ready_and_so_is_its_outside_world(stack):
    # Another test may just have started the broker anew: its next heartbeat is some seconds away.
    assert until(lambda: is_ready(stack), "the shop is ready")
    with direct.open(f"{stack.sandbox_url}/health", timeout=10) as answer:
        assert answer.status == 200


@pytest.mark.parametrize(("javascript", "width"), [(True, 390), (True, 1280), (False, 1280)])
def test_the_home_page_keeps_its_policy_and_asks_nobody_else(visit: Callable[..., Page], javascript, width):
    answer = visit(javascript=javascript, width=width).goto("/")
    assert answer.status == 200
    assert "script-src 'self'" in answer.headers["content-security-policy"]


def test_the_staffs_desk_asks_nobody_else(page: Page):
    assert page.goto("/gestion/").status == 200
    page.wait_for_load_state("networkidle")


def test_an_error_in_the_console_is_noticed(page: Page, complaints: Complaints):
    complaints.allow("status of 404")
    assert page.goto("/cette-page-n-existe-pas/").status == 404
    assert any("status of 404" in one for one in complaints.heard)


def test_pages_go_on_without_the_broker(stack: Stack, page: Page):
    stack.stop_child("valkey")
    try:
        assert page.goto("/").status == 200
        with pytest.raises(urllib.error.HTTPError, match="503"):
            direct.open(f"{stack.shop_url}/readyz", timeout=10)
    finally:
        stack.start_child("valkey")


@pytest.mark.parametrize("name", ["beat", "sandbox", "web", "worker"])
def test_a_killed_program_can_be_started_again(stack: Stack, name):
    stack.kill_child(name)
    assert not stack.children[name].is_running
    stack.start_child(name)
    stack.check()
