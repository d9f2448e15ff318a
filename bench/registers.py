"""Registers: a national file validated, compared and swapped, beside the raw COPY and key of the same bytes."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import psycopg

from sandbox.supervisor import ROOT, Stack

from .report import cpu_seconds, percentile

SEED = "7"
AT_REST = 10.0  # seconds of reading with nothing else going on
COLUMNS = 14
CHUNK = 1024 * 1024
# The demo's sample is in service, and what is generated has another shape.
ALLOWED = ("--allow-few-rows", "--allow-drop", "--allow-shift")


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


def main(stack: Stack, rows: int) -> None:
    """Load a register, load it again a month later while customers read, write a delta, return; print ratios."""
    print(f"Registers of {rows:,} rows\n")
    # The shop's own jobs are not what is measured.
    stack.stop_child("beat")
    stack.stop_child("worker")
    first, second, delta = (stack.state / f"{name}.csv" for name in ("first", "second", "delta"))
    for month, path in enumerate((first, second, delta)):
        with timed(f"generate {path.name}"):
            generate(stack, path, rows, month)
    report("first load", load(stack, first), f"{first.stat().st_size / 1e6:.0f} MB")
    with reading(stack, first) as reader:
        at_rest = (time.monotonic(), time.monotonic() + AT_REST)
        time.sleep(AT_REST)
        raw = [raw_load(stack, second)]
        full = load(stack, second)
        raw.append(raw_load(stack, second))
        part = load(stack, delta, "--delta")
        back = manage(stack, "rollback_register", "cci")
    floor, floor_cpu = fmean(run.seconds for run in raw), fmean(run.cpu for run in raw)
    for run, when in zip(raw, ("before", "after"), strict=True):
        report("raw COPY and primary key", run, when)
    ratio = f"{full.seconds / floor:.2f} of raw (aim 2), {full.cpu / floor_cpu:.2f} of its CPU; memory aim 600 MB"
    report("month after, swapped in", full, ratio)
    ratio = f"{part.seconds / full.seconds:.3f} of a full load (aim 0.1), {part.cpu / full.cpu:.3f} of its CPU"
    report("delta of 1 %", part, ratio)
    report("return to the load before", back, "with the start of Python and Django")
    rest = reader.show("a SIRET check at rest", *at_rest)
    busy = reader.show("… while the month is loaded", *full.span)
    reader.show("… during raw COPY and key", at_rest[1], full.began)
    reader.show("… during delta and return", part.began, back.began + back.seconds)
    print(f"\np99 of a check during a load: {busy / rest:.1f} times that at rest (aims: 10 times, 20 ms)\n")


@contextmanager
def timed(name: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    print(f"{name:<28}{time.monotonic() - began:7.1f} s")


def report(name: str, run: Run, remark: str) -> None:
    memory = f"{run.megabytes:4.0f} MB" if run.megabytes else " " * 7
    print(f"{name:<28}{run.seconds:7.1f} s   CPU {run.cpu:6.1f} s   {memory}   {remark}")


def generate(stack: Stack, path: Path, rows: int, month: int) -> None:
    """Write the file of a month; the third one holds that month's changes alone."""
    options = ["--rows", str(rows), "--seed", SEED, "--month", str(month), *(["--delta"] if month == 2 else [])]
    with path.open("wb") as file:
        command = [sys.executable, "manage.py", "generate_register", "cci", *options]
        subprocess.run(command, cwd=ROOT, env=stack.env, stdout=file, check=True)


def load(stack: Stack, path: Path, *options: str) -> Run:
    """Load a file as an operator does."""
    return manage(stack, "load_register", "cci", str(path), "--apply", *ALLOWED, *options)


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


def raw_load(stack: Stack, path: Path) -> Run:
    """Let PostgreSQL store the same bytes as text, and build the same key."""
    columns = ", ".join(f"c{number} text" for number in range(COLUMNS))
    with psycopg.connect(stack.env["DATABASE_URL"]) as connection:
        connection.execute("DROP TABLE IF EXISTS raw_register")
        connection.commit()
        before, own = postgres_cpu(stack), time.process_time()
        began = time.monotonic()
        connection.execute(f"CREATE TABLE raw_register ({columns})")
        with path.open("rb") as file, connection.cursor() as cursor:
            with cursor.copy("COPY raw_register FROM STDIN (FORMAT csv, DELIMITER ';', HEADER)") as copy:
                while chunk := file.read(CHUNK):
                    copy.write(chunk)
            cursor.execute("ALTER TABLE raw_register ADD PRIMARY KEY (c0, c2)")
        connection.commit()
        seconds = time.monotonic() - began
        cpu = postgres_cpu(stack) - before + time.process_time() - own
        connection.execute("DROP TABLE raw_register")
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
