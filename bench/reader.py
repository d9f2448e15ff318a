"""Run inside the shop's environment: check SIRETs of a register until standard input ends; write what each took."""

import json
import logging
import random
import select
import sys
import time
from pathlib import Path

import django

PAUSE = 0.003  # seconds between two checks
KNOWN = 20_000


def main(register: Path, notes: Path) -> None:
    django.setup()
    logging.disable(logging.WARNING)  # companies whose sites disagree are many in an invented register
    from django.utils import timezone

    from eligibility.check import check
    from eligibility.verdict import Reason

    with register.open(encoding="utf-8") as file:
        lines = [line for _, line in zip(range(KNOWN), file, strict=False)]
    sirets = [line[:14] for line in lines[1:]]
    checks: list[tuple[float, float]] = []
    check(sirets[0], at=timezone.now())
    print("reading", flush=True)
    while not select.select([sys.stdin], [], [], PAUSE)[0]:
        began = time.monotonic()
        verdict = check(random.choice(sirets), at=timezone.now())
        checks.append((began, time.monotonic() - began))
        if verdict.reason is Reason.NO_REGISTER:
            raise SystemExit("A reader found no register.")
    notes.write_text(json.dumps(checks))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
