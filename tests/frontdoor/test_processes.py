"""Children end in order, and none is left behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sandbox import supervisor
from sandbox.processes import Child, Trouble, free_port, is_free, listener
from sandbox.supervisor import ROOT, STOP_ORDER, Stack

NOTE_THE_END = """
import pathlib, signal, sys, time
def end(*_):
    with open(sys.argv[1], "a") as file: file.write(sys.argv[2] + "\\n")
    sys.exit()
signal.signal(signal.SIGTERM, end)
signal.signal(signal.SIGINT, end)
pathlib.Path(sys.argv[3]).touch()
time.sleep(60)
"""
DEAF_WITH_A_CHILD = """
import pathlib, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
grandchild = subprocess.Popen(["sleep", "60"])
pathlib.Path(sys.argv[1]).write_text(str(grandchild.pid))
time.sleep(60)
"""


def child(tmp_path: Path, name: str, code: str, *arguments: object, **options: object) -> Child:
    argv = [sys.executable, "-c", code, *map(str, arguments)]
    return Child(name, argv, dict(os.environ), tmp_path / f"{name}.log", tmp_path, **options)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_until(condition: object, seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def test_the_stack_ends_the_web_server_first_and_the_engines_last(tmp_path):
    order, stack = tmp_path / "order", Stack(tmp_path / "state")
    for name in reversed(STOP_ORDER):
        begun = tmp_path / f"{name}.begun"
        stack.children[name] = child(tmp_path, name, NOTE_THE_END, order, name, begun, is_ready=begun.exists)
        stack.children[name].start()
    for one in stack.children.values():
        one.wait_until_ready(10)
    stack.stop()
    assert tuple(order.read_text().split()) == STOP_ORDER


def test_a_deaf_child_is_ended_with_all_it_has_started(tmp_path):
    note = tmp_path / "grandchild"
    deaf = child(
        tmp_path, "deaf", DEAF_WITH_A_CHILD, note, grace=0.3, is_ready=lambda: note.exists() and note.read_text()
    )
    deaf.start()
    deaf.wait_until_ready(10)
    deaf.stop()
    assert not deaf.is_running
    wait_until(lambda: not is_alive(int(note.read_text())))


def test_a_second_request_to_end_does_not_wait_for_the_grace(tmp_path):
    note = tmp_path / "grandchild"
    deaf = child(tmp_path, "deaf", DEAF_WITH_A_CHILD, note, grace=60, is_ready=note.exists)
    deaf.start()
    deaf.wait_until_ready(10)
    began = time.monotonic()
    deaf.stop(is_impatient=lambda: True)
    assert time.monotonic() - began < 5


def test_a_child_that_dies_says_its_last_words(tmp_path):
    dying = child(tmp_path, "web", "import sys; sys.exit('no such table')", is_ready=lambda: False)
    dying.start()
    with pytest.raises(Trouble, match=r"web has stopped \(exit code 1\)") as trouble:
        dying.wait_until_ready(10)
    assert "no such table" in str(trouble.value)


def test_a_full_disk_is_named_when_a_child_dies_of_it(tmp_path):
    dying = child(
        tmp_path, "postgres", "import sys; sys.exit('PANIC: No space left on device')", is_ready=lambda: False
    )
    dying.start()
    with pytest.raises(Trouble, match="The disk is full: make room"):
        dying.wait_until_ready(10)


def test_no_engine_survives_a_killed_supervisor(tmp_path):
    """The supervisor gets SIGKILL, so that it cannot clean up: the kernel has to."""
    code = """
import sys, time
from pathlib import Path
from sandbox.engines import Postgres, Valkey
state = Path(sys.argv[1])
children = [Postgres(state, durable=False).start(), Valkey(state).start()]
print(*(child.process.pid for child in children), flush=True)
time.sleep(60)
"""
    killed = subprocess.Popen([sys.executable, "-c", code, tmp_path], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    with killed:
        pids = [int(pid) for pid in killed.stdout.readline().split()]
        assert len(pids) == 2
        assert all(is_alive(pid) for pid in pids)
        killed.send_signal(signal.SIGKILL)
    wait_until(lambda: not any(is_alive(pid) for pid in pids))
    supervisor.empty(tmp_path)


def test_a_listening_server_makes_its_port_busy_and_is_named():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert not is_free(port)
        assert f"by process {os.getpid()}" in listener(port)
    assert is_free(free_port())
