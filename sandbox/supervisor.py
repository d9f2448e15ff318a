"""The whole shop on one machine: engines, sandbox, worker, beat and web server, started and ended in order."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from signal import Signals
from typing import IO, Any, Self

from sandbox import environment, statics
from sandbox.engines import Postgres, Valkey, ask_redis, forget
from sandbox.processes import Child, Trouble, dies_with_parent, disk_is_full, free_port, is_free, listener, tail

ROOT = Path(__file__).resolve().parent.parent
# Web first, so that no order comes in that nobody works on; the engines last.
STOP_ORDER = ("web", "beat", "worker", "sandbox", "valkey", "postgres")
ENOUGH_SPACE = 300_000_000  # bytes
SAMPLES = {"cci": "eligibility/data/sample_cci.csv", "cma": "eligibility/data/sample_cma.csv"}


class Stack:
    """A shop with everything around it. Browser tests and the bench use it as the demo does.

    Port 0 takes a free one. `database_url` and `redis_url` name engines that run already; what is not named is
    started here. `extra_env` changes the shop's environment. Start it from the main thread: children are bound
    to the life of the thread that starts them.
    """

    def __init__(
        self,
        state: Path,
        *,
        port: int = 0,
        sandbox_port: int = 0,
        database_url: str = "",
        redis_url: str = "",
        durable: bool = True,
        extra_env: dict[str, str] | None = None,
        say: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        self.state = state.absolute()
        self.port, self.sandbox_port, self.smtp_port, self.imap_port = port, sandbox_port, 0, 0
        self.database_url, self.redis_url = database_url, redis_url
        self.durable = durable
        self.extra_env = extra_env or {}
        self.say = say
        self.env: dict[str, str] = {}
        self.children: dict[str, Child] = {}
        self.postgres: Postgres | None = None
        self._lock: IO[str] | None = None
        self._stopped_on_purpose: set[str] = set()

    @property
    def shop_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def sandbox_url(self) -> str:
        return f"http://127.0.0.1:{self.sandbox_port}"

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # --- the life of the stack ---------------------------------------------------------------------------------

    def start(self) -> None:
        """Start everything and return once the shop answers."""
        unclean = self._claim()
        self._reserve_ports(patience=10 if unclean else 0)
        self._start_engines()
        kept = environment.keep_secrets(self.state)
        self.env = (
            environment.of_shop(
                self.state,
                kept=kept,
                static_root=statics.directory(),
                port=self.port,
                sandbox_url=self.sandbox_url,
                smtp_port=self.smtp_port,
                imap_port=self.imap_port,
                database_url=self.database_url,
                redis_url=self.redis_url,
            )
            | self.extra_env
        )
        self._prepare()
        self.say("Starting sandbox, worker, beat and web server")
        for child in self._programs(kept["STRIPE_WEBHOOK_SECRET"]):
            self.children[child.name] = child
            child.start()
        for name in ("sandbox", "worker", "beat", "web"):
            self.children[name].wait_until_ready(60)
        self._wait_until_whole(30)

    def stop(self, is_impatient: Callable[[], bool] = lambda: False) -> None:
        """End everything in order; also what a failed start has left."""
        for name in STOP_ORDER:
            if name in self.children:
                self.children[name].stop(is_impatient)
        self.children.clear()
        if self.postgres:
            self.postgres.clean_up()
        if self._lock:
            self._lock.truncate(0)
            self._lock.close()
            self._lock = None

    def watch(self) -> None:
        """Wait for ever, or until a program ends that nobody has asked to."""
        while True:
            self.check()
            time.sleep(0.3)

    def check(self) -> None:
        """Raise if a program has ended that nobody has asked to."""
        for name, child in self.children.items():
            if name not in self._stopped_on_purpose and not child.is_running:
                raise Trouble(child.last_words())

    def stop_child(self, name: str) -> None:
        """End one program as the stack would."""
        self._stopped_on_purpose.add(name)
        self.children[name].stop()

    def kill_child(self, name: str) -> None:
        """End one program, and what it has started, without a warning."""
        self._stopped_on_purpose.add(name)
        self.children[name].kill()

    def start_child(self, name: str) -> None:
        """Start again what was stopped or killed, and wait until it answers."""
        self.children[name].start()
        self._stopped_on_purpose.discard(name)
        self.children[name].wait_until_ready(60)

    def manage(self, *arguments: str) -> str:
        """Run a management command in the shop's environment and give what it prints."""
        log = self.state / "logs" / "prepare.log"
        with log.open("ab") as errors:
            done = subprocess.run(
                [sys.executable, "manage.py", *arguments],
                cwd=ROOT, env=self.env, stdout=subprocess.PIPE, stderr=errors, stdin=subprocess.DEVNULL,
                preexec_fn=dies_with_parent(Signals.SIGTERM),
            )  # fmt: skip
            errors.write(done.stdout)
        if done.returncode:
            raise Trouble(f"manage.py {' '.join(arguments)} has failed.{disk_is_full(log)}\n{tail(log)}")
        return done.stdout.decode()

    # --- its steps ---------------------------------------------------------------------------------------------

    def _claim(self) -> bool:
        """Make the state directory ours alone; say whether the last start that held it ended without cleaning up."""
        try:
            self.state.mkdir(mode=0o700, parents=True, exist_ok=True)
            (self.state / "logs").mkdir(exist_ok=True)
            self._lock = (self.state / "lock").open("a+")
        except PermissionError:
            raise Trouble(f"{self.state} may not be written by this user: who made it? Remove it, or be that user.")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = holder(self.state)
            self._lock.close()
            self._lock = None
            raise Trouble(f"It runs already (process {pid}). Stop it with Ctrl-C in its window, or: kill {pid}")
        if shutil.disk_usage(self.state).free < ENOUGH_SPACE:
            raise Trouble(f"The disk that holds {self.state} is nearly full: make room (300 MB) and start again.")
        unclean = bool(holder(self.state))
        self._lock.truncate(0)
        self._lock.write(str(os.getpid()))
        self._lock.flush()
        for log in (self.state / "logs").glob("*.log"):
            log.write_bytes(b"")
        return unclean

    def _reserve_ports(self, patience: float) -> None:
        """Refuse a busy port; a server left by a killed start gets a moment to end."""
        if self.port and self.port == self.sandbox_port:
            raise Trouble(f"PORT and SANDBOX_PORT are both {self.port}: give them different numbers.")
        deadline = time.monotonic() + patience
        for port in (self.port, self.sandbox_port):
            while port and not is_free(port):
                if time.monotonic() > deadline:
                    raise Trouble(
                        f"Port {port} is in use{listener(port)}. Stop that program, or choose others: "
                        f"PORT={free_port()} SANDBOX_PORT={free_port()} make demo"
                    )
                time.sleep(0.1)
        self.port = self.port or free_port()
        self.sandbox_port = self.sandbox_port or free_port()
        self.smtp_port, self.imap_port = free_port(), free_port()

    def _start_engines(self) -> None:
        if not self.database_url:
            self.say("Starting PostgreSQL")
            self.postgres = Postgres(self.state, durable=self.durable)
            self.children["postgres"] = self.postgres.start()
            self.database_url = self.postgres.url()
        if not self.redis_url:
            valkey = Valkey(self.state)
            self.children["valkey"] = valkey.start()
            self.redis_url = valkey.url

    def _prepare(self) -> None:
        """Bring database and static files up to date; a second start finds its data as they were."""
        self.say("Preparing the database")
        (self.state / "private").mkdir(exist_ok=True)
        collect = partial(self.manage, "collectstatic", "--no-input", "--verbosity=0")
        with ThreadPoolExecutor(1) as aside:
            collected = aside.submit(statics.provide, Path(self.env["STATIC_ROOT"]), collect)
            self._prepare_database()
            collected.result()

    def _prepare_database(self) -> None:
        self.manage("migrate", "--no-input", "--verbosity=0")
        self.manage("seed_catalogue")
        self.manage("seed_canned_answers")
        done = self.state / "prepared"
        fingerprint = hashlib.sha256(b"".join((ROOT / sample).read_bytes() for sample in SAMPLES.values())).hexdigest()
        if done.exists() and done.read_text() == fingerprint:
            return
        self.say("Loading the sample registers")
        for register, sample in SAMPLES.items():
            self.manage("load_register", register, sample, "--apply", "--allow-few-rows")
        self.manage("demo_staff")
        done.write_text(fingerprint)

    def _programs(self, webhook_secret: str) -> list[Child]:
        python, celery = sys.executable, [sys.executable, "-m", "celery", "-A", "masques"]
        world = [
            python, "-m", "sandbox", "world", "--port", str(self.sandbox_port), "--smtp-port", str(self.smtp_port),
            "--imap-port", str(self.imap_port), "--state", str(self.state / "sandbox"),
            "--webhook-url", f"{self.shop_url}/webhooks/stripe/", "--webhook-secret", webhook_secret,
        ]  # fmt: skip
        worker = [*celery, "worker", "--concurrency=2", "--loglevel=INFO", "--without-gossip", "--without-mingle"]
        beat = [*celery, "beat", "--loglevel=INFO", f"--schedule={self.state / 'beat'}", "--pidfile="]
        web = [python, "-m", "gunicorn", "--config", "deploy/gunicorn.conf.py", "masques.wsgi:application"]
        return [
            self._program("sandbox", world, grace=5, is_ready=lambda: answers(f"{self.sandbox_url}/health")),
            self._program("worker", worker, grace=25, is_ready=self._worker_listens),
            self._program("beat", beat, grace=5),
            self._program("web", web, grace=12, is_ready=lambda: answers(f"{self.shop_url}/healthz")),
        ]

    def _program(
        self, name: str, argv: list[str], *, grace: float, is_ready: Callable[[], bool] = lambda: True
    ) -> Child:
        log = self.state / "logs" / f"{name}.log"
        # A worker would wait for its broker, which is gone as well; its pool ends with it, its tasks come again.
        orphan_signal = Signals.SIGKILL if name == "worker" else Signals.SIGTERM
        return Child(name, argv, self.env, log, ROOT, is_ready=is_ready, grace=grace, orphan_signal=orphan_signal)

    def _worker_listens(self) -> bool:
        """Ask the broker whether somebody waits for tasks: the worker's own log depends on the log level."""
        return "cmd=brpop" in ask_redis(self.redis_url, "CLIENT", "LIST")

    def _wait_until_whole(self, seconds: float) -> None:
        """Wait for the first heartbeat to pass from beat through broker and worker to the web server."""
        deadline = time.monotonic() + seconds
        while not answers(f"{self.shop_url}/readyz"):
            self.check()
            if time.monotonic() > deadline:
                self.say("The shop answers, but beat and worker have not shown a heartbeat yet: see /readyz")
                return
            time.sleep(0.5)


def answers(url: str) -> bool:
    """Say whether a page answers with success; a proxy of the caller's is not asked."""
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=2) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def holder(state: Path) -> str:
    """Name the process that a state directory's lock file names."""
    try:
        return (state / "lock").read_text().strip()
    except OSError:
        return ""


@contextmanager
def throwaway(**options: Any) -> Iterator[Stack]:
    """Run a stack that leaves nothing behind; its data need not survive a power cut."""
    state = Path(tempfile.mkdtemp(prefix="masques-stack-"))
    try:
        with Stack(state, **{"durable": False} | options) as stack:
            yield stack
    finally:
        empty(state)


def empty(state: Path) -> None:
    """Forget a stack that does not run: its data, its secrets, its logs."""
    if not state.exists():
        return
    with (state / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Trouble(f"It runs (process {holder(state)}): stop it first.")
        forget(state)
        shutil.rmtree(state)
