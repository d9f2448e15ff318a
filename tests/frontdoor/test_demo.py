"""The demo itself: starts, says where it is, ends in order on Ctrl-C, and leaves nothing behind even when killed."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import bootstrap, environment, supervisor
from sandbox.engines import home_of
from sandbox.processes import free_port

pytestmark = [pytest.mark.xdist_group("demo"), pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")]
direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Demo:
    """A demo on ports of its own, in a process of its own."""

    def __init__(self) -> None:
        self.port, self.sandbox_port = free_port(), free_port()
        self.state = bootstrap.STATE / str(self.port)

    def start(self) -> str:
        """Start it and give what it says up to the end of its welcome."""
        ports = {"PORT": str(self.port), "SANDBOX_PORT": str(self.sandbox_port)}
        self.process = subprocess.Popen(
            [sys.executable, "-c", "import sys; from sandbox import demo; sys.exit(demo.run())"],
            cwd=bootstrap.ROOT, env=os.environ | ports, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        said = ""
        for line in self.process.stdout:
            said += line
            if line.startswith("Ctrl-C"):
                return said
        raise AssertionError(said)

    def end(self, how: signal.Signals) -> str:
        """Send a signal, and give what it says to that."""
        self.process.send_signal(how)
        said = self.process.stdout.read()
        self.process.wait(60)
        self.process.stdout.close()
        return said

    def codes(self) -> str:
        """What the command for people without a telephone says."""
        asked = [sys.executable, "-c", "import sys; from sandbox import demo; sys.exit(demo.codes())"]
        env = os.environ | {"PORT": str(self.port)}
        return subprocess.run(asked, cwd=bootstrap.ROOT, env=env, capture_output=True, text=True, check=True).stdout

    def children(self) -> list[str]:
        """Name all processes that know our port, our cluster or our state directory."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                known = (process / "environ").read_bytes() + (process / "cmdline").read_bytes()
                known += os.fsencode((process / "cwd").readlink())
                state = (process / "stat").read_text().rpartition(")")[2].split()[0]
            except OSError:
                continue
            marks = (f"127.0.0.1:{self.port}", str(home_of(self.state)), str(self.state))
            if state != "Z" and any(mark.encode() in known for mark in marks):
                found.append((process / "cmdline").read_text().replace("\0", " "))
        return found


@pytest.fixture
def demo() -> Iterator[Demo]:
    demo = Demo()
    yield demo
    if demo.process.poll() is None:
        demo.end(signal.SIGTERM)
    supervisor.empty(demo.state)
    shutil.rmtree(demo.state, ignore_errors=True)


def test_a_newcomer_starts_stops_and_starts_the_demo_again(demo):
    said = demo.start()
    for promised in (f"http://127.0.0.1:{demo.port}/", f"http://127.0.0.1:{demo.sandbox_port}/", "/gestion/"):
        assert promised in said
    assert len(re.findall(r"^ +\d{3} \d{3} \d{3} \d{5} ", said, re.MULTILINE)) == 3
    assert direct.open(f"http://127.0.0.1:{demo.port}/readyz", timeout=10).status == 200
    assert len(demo.children()) > 5
    for username in environment.STAFF:
        assert re.search(rf"^ +{username} +[A-Z2-7]{{32}} ", said, re.MULTILINE), "scan it or type it"
    assert "▄▄▄▄▄" in said, "the drawing for a telephone"
    assert re.findall(r"^ +([a-z]+) +\d{3} \d{3} ", demo.codes(), re.MULTILINE) == list(environment.STAFF)

    said = demo.end(signal.SIGINT)
    assert demo.process.returncode == 0
    assert "The data are kept" in said
    assert demo.children() == []

    said = demo.start()
    assert "Loading the sample registers" not in said
    assert demo.end(signal.SIGKILL) is not None
    deadline = time.monotonic() + 30
    while left := demo.children():
        assert time.monotonic() < deadline, left
        time.sleep(0.1)
