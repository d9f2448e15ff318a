"""`make demo` and `make demo-reset`: the shop on a newcomer's machine."""

import importlib
import json
import os
import signal
import time
from pathlib import Path
from types import FrameType

from sandbox import bootstrap, environment, supervisor, totp
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


def codes() -> int:
    """Show what the applications of the demo's staff show now: a person without a telephone types this."""
    state = _state(_port("PORT", 8000))
    if not (state / "secrets.json").exists():
        raise Trouble("This demo has never been started: make demo.")
    for member in environment.staff(environment.keep_secrets(state)):
        code = totp.code(member["secret"])
        _say(f"  {member['username']:<14} {code[:3]} {code[3:]}   for {totp.seconds_left()} seconds more, once")
    return 0


def welcome(stack: supervisor.Stack, seconds: float) -> str:
    """Say where everything is."""
    staff = json.loads(stack.env["DEMO_STAFF"])
    accounts = "\n".join(
        f"                   {member['username']:<14} {member['secret']}   {member['group'] or 'everything'}"
        for member in staff
    )
    boss = staff[0]
    drawing = importlib.import_module("sandbox.qr").drawing(totp.address(boss["username"], boss["secret"]), " " * 19)
    to_try = "\n".join(f"                   {siret}   {what}" for siret, what in TO_TRY)
    return f"""
Ready after {seconds:.0f} seconds.

  Shop             {stack.shop_url}/
  Outside world    {stack.sandbox_url}/   (mailbox, SMS, card payments, parcels)
  Staff            {stack.shop_url}/gestion/   password {stack.env["DEMO_STAFF_PASSWORD"]}, and a code:
{accounts}
                   The codes without a telephone: {_command("demo-code", stack.port)}
                   For an application on a telephone, the second column or (for {boss["username"]}) this:
{drawing}
  SIRETs to try
{to_try}
  Logs             {stack.state / "logs"}

Ctrl-C stops everything.
"""


def _command(name: str, port: int) -> str:
    return f"make {name}" if port == 8000 else f"PORT={port} make {name}"


def _state(port: int) -> Path:
    return bootstrap.STATE / str(port)


def _port(name: str, default: int) -> int:
    text = os.environ.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise Trouble(f"{name} is “{text}”: give a number from 1024 to 65535.")
    return int(text)


def _say(sentence: str) -> None:
    print(sentence, flush=True)
