"""Loads that die: a process of its own runs the command and is killed outright, wherever it happens to be."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, cast

from django.db import connection

from eligibility.registers import guards

ROOT = Path(__file__).resolve().parents[2]
KILLS = 10
PATIENCE = 60  # seconds

# It says when it begins, and on which connection: killing an interpreter that starts proves nothing.
PROGRAM = """
import io, sys
import django
django.setup()
from django.core.management import call_command
from django.db import connection
connection.settings_dict["NAME"] = sys.argv[1]
with connection.cursor() as cursor:
    cursor.execute("SELECT pg_backend_pid()")
    print(cursor.fetchone()[0], flush=True)
call_command(*sys.argv[2:], stdout=io.StringIO())
"""


class Loading:
    """A load in a process of its own, from the moment it is connected."""

    def __init__(self, *command: str) -> None:
        arguments = [sys.executable, "-c", PROGRAM, connection.settings_dict["NAME"], *command]
        environment = os.environ | {"DJANGO_SETTINGS_MODULE": "masques.settings", "POLARS_MAX_THREADS": "1"}
        self._process = subprocess.Popen(arguments, cwd=ROOT, env=environment, stdout=subprocess.PIPE)
        with cast(BinaryIO, self._process.stdout) as said:
            self._backend = int(said.readline())

    def seconds(self) -> float:
        """Let it end well; gives how long it took."""
        began = time.monotonic()
        assert self._process.wait(PATIENCE) == 0
        return time.monotonic() - began

    def kill(self) -> bool:
        """Kill it, and wait until the server has noticed and undone what it had begun; False where it had ended."""
        self._process.kill()
        is_dead = self._process.wait(PATIENCE) == -signal.SIGKILL
        deadline = time.monotonic() + PATIENCE
        with connection.cursor() as cursor:
            while time.monotonic() < deadline:
                cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE pid = %s", [self._backend])
                if cursor.fetchone() == (0,):
                    return is_dead
                time.sleep(0.05)
        raise AssertionError("the killed load still holds its place")


def ten_kills(start: Callable[[], Loading], *, length: float) -> Iterator[int]:
    """Kill ten loads of about this length at random moments; the caller looks around after each shot.

    Some loads are quicker than the shot: on a busy machine times vary. They are shots too, but do not count.
    """
    dice, killed = random.Random(20201101), 0
    for shot in range(5 * KILLS):
        if killed == KILLS:
            return
        loading = start()
        time.sleep(dice.uniform(0, 0.8 * length))
        killed += loading.kill()
        yield shot
    raise AssertionError(f"only {killed} of {5 * KILLS} loads were killed")


def tables(prefix: str) -> list[str]:
    """Every table whose name begins so."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND starts_with(relname, %s) ORDER BY 1", [prefix]
        )
        return sorted(name for (name,) in cursor.fetchall())


def whatever_is_objected(*names: str) -> list[str]:
    """The options that lift these objections, or all."""
    return [f"--allow-{name}" for name in names or guards.NAMES]
