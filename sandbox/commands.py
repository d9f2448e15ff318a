"""The commands of the front door; the Makefile has one alias for each."""

import errno
import importlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from sandbox import bootstrap, demo, supervisor
from sandbox.engines import Postgres, Valkey
from sandbox.processes import Child, Trouble, dies_with_parent

ROOT = bootstrap.ROOT
USAGE = """Usage: python3 -m sandbox COMMAND

  demo           start the whole shop with an outside world in a box (PORT, SANDBOX_PORT move it)
  code           show the codes with which the demo's staff sign in
  reset          empty the demo's data
  test [ARGS]    run the tests, in parallel, on engines of their own; ARGS go to pytest
  check          run every static check
  fix            mend what the checks can mend by themselves
  bench [ARGS]   measure order journeys, loads of registers and of Sirene; ARGS name one of them
  lock           write requirements/*.txt anew from the *.in files (needs uv)
  world [ARGS]   run the outside world alone
"""
LOCKS = ("prod", "demo", "dev")
# A bench measures the shop, not its brakes.
RATES = (
    "SIRET_CHECK",
    "CAPTCHA_CHALLENGE",
    "NO_SCRIPT",
    "CASE",
    "CASE_UPLOAD",
    "CONTACT",
    "LOGIN",
    "LOGIN_FAILED",
    "SIGNUP",
)
WITHOUT_BRAKES = {f"{name}_RATE": "1000000/m" for name in RATES}


def main(arguments: list[str]) -> int:
    """Run one command and give its exit code; what a person can mend is told in a sentence."""
    name, rest = (arguments or ["help"])[0], arguments[1:]
    if name not in COMMANDS:
        print(USAGE)
        return 0 if name in ("help", "-h", "--help") else 2
    packages, command = COMMANDS[name]
    try:
        bootstrap.enter(packages, arguments)
        return command(rest)
    except Trouble as trouble:
        print(f"\n{trouble}", file=sys.stderr)
        return 1
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        print(f"\nThe disk is full ({error.filename or ROOT}): make room and start again.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130


def test(arguments: list[str]) -> int:
    """Run pytest in parallel on throw-away engines, or on those that DATABASE_URL and REDIS_URL name."""
    bootstrap.provide_pango()
    bootstrap.provide_chromium()
    with engines() as addresses:
        return run(sys.executable, "-m", "pytest", "-n", "auto", "--dist", "loadgroup", *arguments, **addresses)


def check(arguments: list[str]) -> int:
    """Run every check, show all that fails, and fail if one does."""
    templates = [str(path) for path in sorted((ROOT / "templates").rglob("*.html"))]
    with tempfile.TemporaryDirectory() as place:
        production, deploy = production_example(Path(place)), (*MANAGE, "check", "--deploy")
        results = {
            "ruff": run(tool("ruff"), "check", "."),
            "format": run(tool("ruff"), "format", "--check", "."),
            "types": run(tool("mypy")),
            "imports": run(tool("lint-imports"), "--no-logo"),
            "templates": run(tool("djade"), "--check", "--target-version", "5.2", *templates),
            "missing migrations": run(*MANAGE, "makemigrations", "--check", "--dry-run", **production),
            "production settings": run(*deploy, "--fail-level", "ERROR", **production),
            "safety of the pages": run(*deploy, "--fail-level", "WARNING", "--tag", "security", **production),
            "compose": run(tool("docker-compose"), "--profile", "staging", "config", "--quiet", **production),
            "Dockerfile": run(tool("hadolint"), "Dockerfile"),
        }
    for name, code in results.items():
        print(f"  {'ok    ' if code == 0 else 'FAILED'}  {name}")
    return 1 if any(results.values()) else 0


def fix(arguments: list[str]) -> int:
    """Mend what can be mended without a person."""
    run(sys.executable, "-m", "sandbox.words")
    templates = [str(path) for path in sorted((ROOT / "templates").rglob("*.html"))]
    run(tool("djade"), "--target-version", "5.2", *templates)
    return max(run(tool("ruff"), "check", "--fix", "."), run(tool("ruff"), "format", "."))


def bench(arguments: list[str]) -> int:
    """Boot the shop as the demo does, without its rate limits and with a durable database, and measure it."""
    with supervisor.throwaway(durable=True, extra_env=WITHOUT_BRAKES, say=print) as stack:
        return int(importlib.import_module("bench.main").main(stack, arguments))


def lock(arguments: list[str]) -> int:
    """Write the locks anew. They name no address: the packages come from wherever pip looks."""
    uv = shutil.which("uv")
    if uv is None:
        raise Trouble("make lock needs uv (pipx install uv).")
    options = ["--quiet", "--universal", "--python-version", "3.11", "--generate-hashes", "--no-header", "--upgrade"]
    return max(
        run(uv, "pip", "compile", *options, f"requirements/{name}.in", "-o", f"requirements/{name}.txt")
        for name in LOCKS
    )


def world(arguments: list[str]) -> int:
    """Run the outside world alone. It needs packages that a bare Python does not have, so it is loaded here."""
    return int(importlib.import_module("sandbox.world").main(arguments))


@contextmanager
def engines() -> Iterator[dict[str, str]]:
    """Give the addresses of a PostgreSQL and a Valkey for one run; start those that the caller has not named."""
    state = Path(tempfile.mkdtemp(prefix="masques-engines-"))
    addresses = {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL") if os.environ.get(name)}
    running: list[Child] = []
    postgres = Postgres(state, durable=False)
    try:
        if "REDIS_URL" not in addresses:
            valkey = Valkey(state)
            running.append(valkey.start())
            addresses["REDIS_URL"] = valkey.url
        if "DATABASE_URL" not in addresses:
            running.append(postgres.start())
            addresses["DATABASE_URL"] = postgres.url()
        yield addresses
    finally:
        for child in reversed(running):
            child.stop()
        postgres.clean_up()
        supervisor.empty(state)


def run(*argv: str, **env: str) -> int:
    """Run a program in the foreground. Ctrl-C reaches it from the terminal; other requests to end are handed on."""
    child = subprocess.Popen(argv, cwd=ROOT, env=os.environ | env, preexec_fn=dies_with_parent(signal.SIGTERM))

    def hand_on(number: int, frame: FrameType | None) -> None:
        if number != signal.SIGINT:
            child.send_signal(signal.SIGINT)

    former = {number: signal.signal(number, hand_on) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        return child.wait()
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def tool(name: str) -> str:
    """Give the place of a program that the lock has installed."""
    return str(bootstrap.VENV / "bin" / name)


def production_example(place: Path) -> dict[str, str]:
    """Give a production's environment: `.env.example`, with the secrets that it leaves empty made up."""
    env = {"ENV_FILE": ".env.example", "PYTHONWARNINGS": "ignore::RuntimeWarning"}
    for line in (ROOT / ".env.example").read_text().splitlines():
        name, is_setting, value = line.partition("=")
        if is_setting and not name.startswith("#"):
            env[name] = value or f"example-{secrets.token_hex(24)}"
    return env | {"STRIPE_SECRET_KEY": "sk_live_example", "STATIC_ROOT": str(place), "PRIVATE_ROOT": str(place)}


MANAGE = (sys.executable, "manage.py")
COMMANDS: dict[str, tuple[str, Callable[[list[str]], int]]] = {
    "demo": ("demo", lambda arguments: demo.run()),
    "code": ("demo", lambda arguments: demo.codes()),
    "reset": ("demo", lambda arguments: demo.reset()),
    "test": ("dev", test),
    "check": ("dev", check),
    "fix": ("dev", fix),
    "bench": ("dev", bench),
    "lock": ("dev", lock),
    "world": ("demo", world),
}
