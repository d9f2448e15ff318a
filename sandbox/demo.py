"""`make demo` and `make demo-reset`: the shop on a newcomer's machine."""

import os
import signal
import time
from pathlib import Path
from types import FrameType

from sandbox import bootstrap, environment, supervisor
from sandbox.processes import Trouble

# Establishments of the sample registers, and what the shop says of them.
TO_TRY = (
    ("064 802 309 00019", "a TPE, 3 lots of 6 masks"),
    ("350 461 000 00019", "a PME, 3 lots of 40 masks"),
    ("007 080 773 00182", "refused: more than 50 people"),
)


class Interruption:
    """Turn the first request to end into a KeyboardInterrupt; while ending, count further ones.

    Installed explicitly: a shell's background job inherits SIGINT ignored.
    """

    def __init__(self) -> None:
        self.is_ending = False
        self.is_impatient = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._take)

    def _take(self, number: int, frame: FrameType | None) -> None:
        if self.is_ending:
            self.is_impatient = True
            return
        self.is_ending = True
        raise KeyboardInterrupt


def run() -> int:
    """Start the shop, say where it is, and wait for Ctrl-C."""
    interruption = Interruption()
    began = time.monotonic()
    port, sandbox_port = _port("PORT", 8000), _port("SANDBOX_PORT", 8001)
    bootstrap.provide_pango()
    stack = supervisor.Stack(_state(port), port=port, sandbox_port=sandbox_port, say=_say)
    try:
        stack.start()
        _say(welcome(stack, time.monotonic() - began))
        stack.watch()
    except KeyboardInterrupt:
        _say("\nStopping (Ctrl-C again to stop at once)")
    finally:
        interruption.is_ending = True
        stack.stop(lambda: interruption.is_impatient)
    _say("Stopped. The data are kept; make demo-reset empties them.")
    return 0


def reset() -> int:
    """Forget what the demo has stored."""
    state = _state(_port("PORT", 8000))
    supervisor.empty(state)
    _say(f"{state} is empty; the next make demo starts afresh.")
    return 0


def welcome(stack: supervisor.Stack, seconds: float) -> str:
    """Say where everything is."""
    to_try = "\n".join(f"                   {siret}   {what}" for siret, what in TO_TRY)
    return f"""
Ready after {seconds:.0f} seconds.

  Shop             {stack.shop_url}/
  Outside world    {stack.sandbox_url}/   (mailbox, SMS, card payments, parcels)
  Staff            {stack.shop_url}/gestion/   {environment.STAFF_USERNAME}   {stack.env["DEMO_STAFF_PASSWORD"]}
  SIRETs to try
{to_try}
  Logs             {stack.state / "logs"}

Ctrl-C stops everything.
"""


def _state(port: int) -> Path:
    return bootstrap.STATE / str(port)


def _port(name: str, default: int) -> int:
    text = os.environ.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise Trouble(f"{name} is “{text}”: give a number from 1024 to 65535.")
    return int(text)


def _say(sentence: str) -> None:
    print(sentence, flush=True)
