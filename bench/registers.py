"""Registers: a national file validated, compared and swapped, beside the raw COPY and key of the same bytes."""

import subprocess
import sys
import time
from pathlib import Path
from statistics import fmean

from sandbox.supervisor import ROOT, Stack

from .loads import AT_REST, Run, manage, raw_load, reading, report, timed

SEED = "7"
KEY = ("siret", "registre")
# The demo's sample is in service, and what is generated has another shape.
ALLOWED = ("--allow-few-rows", "--allow-drop", "--allow-shift")


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
        raw = [raw_load(stack, second, separator=";", key=KEY)]
        full = load(stack, second)
        raw.append(raw_load(stack, second, separator=";", key=KEY))
        part = load(stack, delta, "--delta")
        back = manage(stack, "rollback_register", "cci")
        start = manage(stack, "registers")
    floor, floor_cpu = fmean(run.seconds for run in raw), fmean(run.cpu for run in raw)
    for run, when in zip(raw, ("before", "after"), strict=True):
        report("raw COPY and primary key", run, when)
    ratio = f"{full.seconds / floor:.2f} of raw (aim 2), {full.cpu / floor_cpu:.2f} of its CPU; memory aim 600 MB"
    report("month after, swapped in", full, ratio)
    work = (part.seconds - start.seconds) / (full.seconds - start.seconds)
    ratio = f"{part.seconds / full.seconds:.3f} of a full load (aim 0.1), {work:.3f} of its work"
    report("delta of 1 %", part, ratio)
    report("return to the load before", back, "")
    report("start of Python and Django", start, "a part of each of these")
    rest = reader.show("a SIRET check at rest", *at_rest)
    busy = reader.show("… while the month is loaded", *full.span)
    reader.show("… during raw COPY and key", at_rest[1], full.began)
    reader.show("… during delta and return", part.began, back.began + back.seconds)
    print(f"\np99 of a check during a load: {busy / rest:.1f} times that at rest (aims: 10 times, 20 ms)\n")


def generate(stack: Stack, path: Path, rows: int, month: int) -> None:
    """Write the file of a month; the third one holds that month's changes alone."""
    options = ["--rows", str(rows), "--seed", SEED, "--month", str(month), *(["--delta"] if month == 2 else [])]
    with path.open("wb") as file:
        command = [sys.executable, "manage.py", "generate_register", "cci", *options]
        subprocess.run(command, cwd=ROOT, env=stack.env, stdout=file, check=True)


def load(stack: Stack, path: Path, *options: str) -> Run:
    """Load a file as an operator does."""
    return manage(stack, "load_register", "cci", str(path), "--apply", *ALLOWED, *options)
