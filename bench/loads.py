"""What loads are measured with: a command as an operator runs it, the raw load beside it, a reader all along."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from sandbox.supervisor import ROOT, Stack

from .report import cpu_seconds, percentile

AT_REST = 10.0  # seconds of reading with nothing else going on
CHUNK = 1024 * 1024


@dataclass
class Run:
    """One load: when it ran, what CPU it and PostgreSQL used, and the most memory its process held."""

    began: float
    seconds: float
    cpu: float
    megabytes: float = 0.0

    @property
    def span(self) -> tuple[float, float]:
        return self.began, self.began + self.seconds


@contextmanager
def timed(name: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    print(f"{name:<28}{time.monotonic() - began:7.1f} s")


def report(name: str, run: Run, remark: str) -> None:
    memory = f"{run.megabytes:4.0f} MB" if run.megabytes else " " * 7
    print(f"{name:<28}{run.seconds:7.1f} s   CPU {run.cpu:6.1f} s   {memory}   {remark}")


def manage(stack: Stack, *command: str) -> Run:
    """Run a command of the shop and measure its process."""
    before, began = postgres_cpu(stack), time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "manage.py", *command], cwd=ROOT, env=stack.env, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - began
    if process.returncode or os.waitstatus_to_exitcode(status):
        raise SystemExit(f"{' '.join(command)} failed:\n{said}")
    cpu = usage.ru_utime + usage.ru_stime + postgres_cpu(stack) - before
    return Run(began, seconds, cpu, usage.ru_maxrss / 1024)


def postgres_cpu(stack: Stack) -> float:
    """CPU seconds of PostgreSQL so far; the readers' are in it, for raw loads and for ours."""
    return cpu_seconds(stack.children["postgres"].process.pid)


def raw_load(stack: Stack, path: Path, *, separator: str, key: tuple[str, ...]) -> Run:
    """Let PostgreSQL store the same bytes as text, every column of them, and build the same key."""
    with path.open("rb") as file, psycopg.connect(stack.env["DATABASE_URL"]) as connection:
        columns = ", ".join(f'"{name}" text' for name in file.readline().decode().rstrip("\n").split(separator))
        before, own = postgres_cpu(stack), time.process_time()
        began = time.monotonic()
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE TABLE raw_rows ({columns})")
            with cursor.copy(f"COPY raw_rows FROM STDIN (FORMAT csv, DELIMITER '{separator}')") as copy:
                while chunk := file.read(CHUNK):
                    copy.write(chunk)
            cursor.execute(f"ALTER TABLE raw_rows ADD PRIMARY KEY ({', '.join(key)})")
        connection.commit()
        seconds = time.monotonic() - began
        cpu = postgres_cpu(stack) - before + time.process_time() - own
        connection.execute("DROP TABLE raw_rows")
    return Run(began, seconds, cpu)


class Reader:
    """A process that checks one SIRET after the other, as the home page does, and notes how long each took."""

    def __init__(self, stack: Stack, path: Path) -> None:
        self._notes = stack.state / "reader.json"
        command = [sys.executable, "-m", "bench.reader", str(path), str(self._notes)]
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=stack.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout
        self._process.stdout.readline()
        self._checks: list[tuple[float, float]] = []

    def stop(self) -> None:
        self._process.communicate("", timeout=60)
        self._checks = json.loads(self._notes.read_text())

    def show(self, name: str, began: float, ended: float) -> float:
        """Print what checks took between two moments; gives the 99th percentile in milliseconds."""
        durations = [1000 * seconds for at, seconds in self._checks if began <= at <= ended]
        p50, p99, most = (percentile(durations, share) for share in (0.5, 0.99, 1.0))
        print(f"{name:<28}p50 {p50:6.2f} ms   p99 {p99:6.2f} ms   max {most:7.1f} ms   {len(durations):,} checks")
        return p99


@contextmanager
def reading(stack: Stack, path: Path) -> Iterator[Reader]:
    reader = Reader(stack, path)
    try:
        yield reader
    finally:
        reader.stop()
