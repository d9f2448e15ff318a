"""The run: what was asked for, on a stack of its own; one page of figures, ratios where machines differ."""

import argparse
import os

from sandbox.supervisor import Stack

from . import journeys, registers, sirene

PARTS = ("journeys", "registers", "sirene")


def main(stack: Stack, arguments: list[str]) -> int:
    """Measure on a running stack whose brakes are off."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; without it, all")
    parser.add_argument("--journeys", type=int, default=96, help="journeys a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--rows", type=int, default=5_000_000, help="rows of the register")
    parser.add_argument("--establishments", type=int, default=1_000_000, help="rows of Sirene's larger stock")
    options = parser.parse_args(arguments)
    if unknown := set(options.parts) - {*PARTS}:
        parser.error(f"no part named {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")
    if "journeys" in (options.parts or PARTS):
        journeys.main(stack, options.journeys, options.rounds, options.clients)
    if "registers" in (options.parts or PARTS):
        registers.main(stack, options.rows)
    if "sirene" in (options.parts or PARTS):
        sirene.main(stack, options.establishments)
    return 0
