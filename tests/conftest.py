"""What every test relies on: strict rules, clean Redis keys, and skips that are heard."""

import ctypes
import os
import shutil
from collections.abc import Callable, Iterator

import hypothesis
import pytest
import redis
from django.conf import settings
from django.db import connection

from tests import staff, strict
from tests.settings import HOME

REQUIRE_ALL = bool(os.environ.get("REQUIRE_ALL") or os.environ.get("CI"))
PANGO = ("libpango-1.0.so.0", "libpangoft2-1.0.so.0", "libharfbuzz-subset.so.0")
skipped: list[str] = []
# A busy machine fails no property: how long an example takes is the bench's business.
hypothesis.settings.register_profile(
    "patient", hypothesis.settings.default, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("patient")


def pytest_configure(config: pytest.Config) -> None:
    strict.install()
    staff.install()
    HOME.mkdir(mode=0o700)
    for directory in ("static", "private"):
        (HOME / directory).mkdir()


def pytest_unconfigure(config: pytest.Config) -> None:
    shutil.rmtree(HOME, ignore_errors=True)  # the processes of a parallel run end without atexit


def pytest_runtest_setup(item: pytest.Item) -> None:
    strict.SHUFFLE.seed(item.config.getoption("randomly_seed", 0))
    if item.get_closest_marker("pango") and not pango_is_installed():
        pytest.skip("Pango is missing: apt-get install " + " ".join(("libpangoft2-1.0-0", "libharfbuzz-subset0")))


def pango_is_installed() -> bool:
    """Try to load what WeasyPrint needs."""
    try:
        for library in PANGO:
            ctypes.CDLL(library)
    except OSError:
        return False
    return True


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        skipped.append(f"{report.nodeid}: {reason}")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """With REQUIRE_ALL or in CI, what was not tested counts as failed."""
    if skipped and REQUIRE_ALL and exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if skipped:
        terminalreporter.section("NOT TESTED", sep="!", red=True, bold=True)
        for line in skipped:
            terminalreporter.write_line(line)
        if REQUIRE_ALL:
            terminalreporter.write_line("A skip counts as a failure here (REQUIRE_ALL or CI is set).", red=True)


@pytest.fixture(scope="session")
def redis_databases() -> Iterator[list["redis.Redis"]]:
    """The broker's database and the cache's."""
    addresses = (settings.REDIS_URL, settings.CACHES["default"]["LOCATION"])
    clients = [redis.Redis.from_url(address, socket_connect_timeout=1) for address in addresses]
    yield clients
    for client in clients:
        client.close()


@pytest.fixture(autouse=True)
def clean_redis(redis_databases: list["redis.Redis"]) -> Iterator[None]:
    """Leave no cached value, rate limit or queued task of this process to the next test."""
    yield
    for client in redis_databases:
        try:
            forget_own_keys(client)
        except redis.ConnectionError:
            return  # a test without Redis has left nothing there


def forget_own_keys(client: "redis.Redis") -> None:
    """Delete the keys of this process; the tests beside it share the database."""
    keys = list(client.scan_iter(match=f"{settings.REDIS_PREFIX}:*", count=1000))
    if keys:
        client.delete(*keys)


@pytest.fixture
def lose_the_cache(redis_databases: list["redis.Redis"]) -> Callable[[], None]:
    """Empty the cache as a restart of Redis does."""
    return lambda: forget_own_keys(redis_databases[1])


@pytest.fixture
def little_patience(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give up waiting for locks after a moment, in this thread and in those that the test starts."""
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "options", "-c lock_timeout=200ms")
    connection.close()
    yield
    connection.close()
