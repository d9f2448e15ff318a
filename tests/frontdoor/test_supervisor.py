"""What a newcomer can mend is said in a sentence before anything is started."""

import shutil
import socket
from types import SimpleNamespace

import pytest

from sandbox import demo, environment, supervisor
from sandbox.engines import home_of
from sandbox.processes import Trouble, free_port
from sandbox.supervisor import Stack


@pytest.fixture
def start(tmp_path):
    """Start a stack that must not get as far as its engines."""

    def attempt(**options):
        stack = Stack(tmp_path / "state", **options)
        stack._start_engines = lambda: pytest.fail("it went on")
        try:
            stack.start()
        finally:
            stack.stop()

    return attempt


@pytest.mark.parametrize("name", ["port", "sandbox_port"])
def test_a_busy_port_is_told_with_free_ones_to_try(start, name):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(
            Trouble, match=rf"Port {port} is in use by process \d+ .* PORT=\d+ SANDBOX_PORT=\d+ make demo"
        ):
            start(**{"port": free_port(), "sandbox_port": free_port()} | {name: port})


def test_the_same_port_twice_is_refused(start):
    port = free_port()
    with pytest.raises(Trouble, match="are both"):
        start(port=port, sandbox_port=port)


def test_a_nearly_full_disk_is_told(start, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1_000_000))
    with pytest.raises(Trouble, match=r"nearly full: make room \(300 MB\)"):
        start()


def test_a_second_start_is_told_who_runs_already(tmp_path, start):
    first = Stack(tmp_path / "state")
    first._claim()
    with pytest.raises(Trouble, match=r"It runs already \(process \d+\)"):
        start()
    with pytest.raises(Trouble, match=r"It runs \(process \d+\): stop it first"):
        supervisor.empty(tmp_path / "state")
    first.stop()


def test_a_start_knows_that_the_last_one_was_killed(tmp_path):
    killed = Stack(tmp_path / "state")
    assert killed._claim() is False
    killed._lock.close()  # as the kernel does; its note stays
    after = Stack(tmp_path / "state")
    assert after._claim() is True
    after.stop()
    at_last = Stack(tmp_path / "state")
    assert at_last._claim() is False
    at_last.stop()


def test_emptying_removes_the_data_and_the_cluster(tmp_path):
    state = tmp_path / "state"
    before = Stack(state)
    before._claim()
    before.stop()
    home_of(state).mkdir(parents=True)
    supervisor.empty(state)
    assert not state.exists()
    assert not home_of(state).exists()


def test_secrets_are_made_once_and_closed_to_others(tmp_path):
    kept = environment.keep_secrets(tmp_path)
    assert environment.keep_secrets(tmp_path) == kept
    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600
    assert len(set(kept.values())) == len(kept)


def test_nothing_of_the_callers_environment_leaks_into_the_shop(monkeypatch, tmp_path):
    monkeypatch.setenv("STRIPE_SECRET_KEY", "sk_live_of_somebody")
    monkeypatch.setenv("RECAPTCHA_PUBLIC_KEY", "of somebody")
    env = environment.of_shop(
        tmp_path,
        kept=environment.keep_secrets(tmp_path),
        static_root=tmp_path,
        port=8000,
        sandbox_url="http://127.0.0.1:8001",
        smtp_port=25,
        imap_port=25,
        database_url="",
        redis_url="",
    )
    assert env["STRIPE_SECRET_KEY"] == "sk_test_sandbox"
    assert "RECAPTCHA_PUBLIC_KEY" not in env


@pytest.mark.parametrize("text", ["abc", "0", "70000", "-1", "８０００"])
def test_a_port_that_is_none_is_refused(monkeypatch, text):
    monkeypatch.setenv("PORT", text)
    with pytest.raises(Trouble, match="PORT is"):
        demo._port("PORT", 8000)
