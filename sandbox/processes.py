"""Child processes: each in a session of its own, ended in good order, never left behind."""

import ctypes
import errno
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


class Trouble(Exception):
    """Something the person at the keyboard can mend; str(error) is the sentence that says how."""


@dataclass
class Child:
    """One long-running program: how it is started, how it is asked to stop, and how long it may take."""

    name: str
    argv: list[str]
    env: dict[str, str]
    log: Path
    cwd: Path
    is_ready: Callable[[], bool] = lambda: True
    stop_signal: signal.Signals = signal.SIGTERM
    # What the kernel sends when the supervisor itself dies without a word.
    orphan_signal: signal.Signals = signal.SIGTERM
    grace: float = 10.0
    user: int | None = None
    stdin: str = ""
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        """Start the program; its words go to the log."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.argv,
                env=self.env,
                cwd=self.cwd,
                stdin=subprocess.PIPE if self.stdin else subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C in the terminal is the supervisor's to hand on, in order
                preexec_fn=dies_with_parent(self.orphan_signal),
                **as_user(self.user),
            )
        if self.process.stdin:
            self.process.stdin.write(self.stdin.encode())
            self.process.stdin.close()

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def wait_until_ready(self, seconds: float) -> None:
        """Return once the program answers; say what it said last if it dies or takes too long."""
        deadline = time.monotonic() + seconds
        while True:
            if not self.is_running:
                raise Trouble(self.last_words())
            if self.is_ready():
                return
            if time.monotonic() > deadline:
                raise Trouble(f"{self.name} is not ready after {seconds:.0f} seconds.\n{self.tail()}")
            time.sleep(0.05)

    def stop(self, is_impatient: Callable[[], bool] = lambda: False) -> None:
        """Ask the program to end, wait for its grace, then end whatever is left of its session."""
        if self.process is None:
            return
        if self.is_running:
            self.process.send_signal(self.stop_signal)
        deadline = time.monotonic() + self.grace
        while self.is_running and time.monotonic() < deadline and not is_impatient():
            time.sleep(0.02)
        self.kill()

    def kill(self) -> None:
        """End the program and all it has started, at once."""
        if self.process is None:
            return
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return  # all of them have gone by themselves
        finally:
            self.process.wait()

    def last_words(self) -> str:
        """Say how the program ended."""
        code = self.process.returncode if self.process else None
        how = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
        return f"{self.name} has stopped ({how}).{disk_is_full(self.log)}\n{self.tail()}"

    def tail(self, lines: int = 20) -> str:
        """Give the end of the log, indented, with its place."""
        return tail(self.log, lines)


def tail(log: Path, lines: int = 20) -> str:
    """Give the end of a log file, indented, with its place."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 20_000))
            last = file.read().decode(errors="replace").splitlines()[-lines:]
    except OSError:
        last = []
    return "\n".join([f"  {log}:", *(f"  | {line}" for line in last)])


def disk_is_full(log: Path) -> str:
    """Translate the engines' words for a full disk into a sentence, or nothing."""
    said = tail(log)
    return " The disk is full: make room and start again." if os.strerror(errno.ENOSPC) in said else ""


def as_user(uid: int | None) -> dict[str, Any]:
    """Give subprocess's arguments for running as another user, without any group of ours."""
    return {} if uid is None else {"user": uid, "group": uid, "extra_groups": []}


def dies_with_parent(signum: signal.Signals) -> Callable[[], None] | None:
    """Have the kernel send `signum` when we die. Runs in the child, after its user was changed: that would clear it."""
    if _libc is None:
        return None
    parent = os.getpid()

    def ask_kernel() -> None:
        _libc.prctl(PR_SET_PDEATHSIG, signum)
        if os.getppid() != parent:  # it died in between
            os._exit(1)

    return ask_kernel


def free_port() -> int:
    """Find a TCP port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    """Say whether a server could listen on the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            raise Trouble(f"Port {port} is reserved to root: choose one above 1023.") from None
        except OSError:
            return False
    return True


def listener(port: int) -> str:
    """Name the program that listens on a port, where the kernel tells us; else nothing."""
    sockets = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        for row in table.read_text().splitlines()[1:] if table.exists() else ():
            fields = row.split()
            if fields[1].endswith(f":{port:04X}") and fields[3] == "0A":  # 0A: listening
                sockets.add(f"socket:[{fields[9]}]")
    for process in Path("/proc").glob("[0-9]*") if sockets else ():
        try:
            if any(str(handle.readlink()) in sockets for handle in (process / "fd").iterdir()):
                return f" by process {process.name} ({(process / 'comm').read_text().strip()})"
        except OSError:
            continue  # somebody else's process, or one that has just ended
    return ""
