"""Sirene: its two stock files cleaned and swapped in, beside the raw COPY and key of the same bytes."""

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from sandbox.supervisor import ROOT, STOCKS, Stack

from . import registers
from .loads import AT_REST, Run, manage, raw_load, reading, report, timed
from .registers import SEED

# The demo's sample is in service, and what is generated is another Sirene.
ALLOWED = ("--allow-few-rows", "--allow-drop", "--allow-older")
KEYS = {"etablissements": "siret", "unites_legales": "siren"}
# A generated register of so many times fewer rows has all its companies in the generated Sirene, most of them alive.
LARGER = 5


@dataclass
class Measured:
    """One stock: the load, and the raw ones before and after it."""

    ours: Run
    raw: tuple[Run, Run]

    def show(self, stock: str, size: int) -> None:
        for run, when in zip(self.raw, ("before", "after"), strict=True):
            report("raw COPY and primary key", run, when)
        floor, floor_cpu = fmean(run.seconds for run in self.raw), fmean(run.cpu for run in self.raw)
        ratio = f"{self.ours.seconds / floor:.2f} of raw, {self.ours.cpu / floor_cpu:.2f} of its CPU"
        report(stock, self.ours, f"{size / 1e6:.0f} MB; {ratio}")


def main(stack: Stack, rows: int) -> None:
    """Load both stocks while customers read, then the shipped sample again; print ratios."""
    print(f"Sirene of {rows:,} establishments\n")
    # The shop's own jobs are not what is measured.
    for job in ("beat", "worker"):
        stack.stop_child(job)
    register = stack.state / "register.csv"
    registers.generate(stack, register, rows // LARGER, 0)
    registers.load(stack, register)
    files = {stock: stack.state / f"{stock}.csv" for stock in KEYS}
    for stock, path in files.items():
        with timed(f"generate {path.name}"):
            generate(stack, stock, path, rows)
    with reading(stack, register) as reader:
        at_rest = (time.monotonic(), time.monotonic() + AT_REST)
        time.sleep(AT_REST)
        measured = {stock: measure(stack, stock, path) for stock, path in files.items()}
    for stock, figures in measured.items():
        figures.show(stock, files[stock].stat().st_size)
    for stock, sample in STOCKS.items():
        report(f"sample of {stock}", load(stack, stock, ROOT / sample), "mostly the start of Python and Django")
    rest = reader.show("a SIRET check at rest", *at_rest)
    busy = [reader.show(f"… during {stock}", *figures.ours.span) for stock, figures in measured.items()]
    for figures in measured.values():
        reader.show("… during raw COPY and key", *figures.raw[0].span)
    print(f"\np99 of a check during a load: {max(busy) / rest:.1f} times that at rest (aims: 10 times, 20 ms)\n")


def measure(stack: Stack, stock: str, path: Path) -> Measured:
    before = raw_load(stack, path, separator=",", key=(KEYS[stock],))
    ours = load(stack, stock, path)
    return Measured(ours, (before, raw_load(stack, path, separator=",", key=(KEYS[stock],))))


def generate(stack: Stack, stock: str, path: Path, rows: int) -> None:
    command = [sys.executable, "manage.py", "generate_sirene", stock, "--rows", str(rows), "--seed", SEED]
    with path.open("wb") as file:
        subprocess.run(command, cwd=ROOT, env=stack.env, stdout=file, check=True)


def load(stack: Stack, stock: str, path: Path) -> Run:
    """Load a stock as an operator does."""
    return manage(stack, "load_sirene", stock, str(path), "--apply", *ALLOWED)
