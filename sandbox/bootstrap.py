"""From a bare Python to a virtual environment with every locked package, and to the system's few libraries."""

import ctypes
import errno
import fcntl
import hashlib
import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox.processes import Trouble

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed.json"
STATE = ROOT / ".demo"
UNFINISHED = STATE / "installing"
# A lock that holds another: whoever has the development packages can run the demo.
CONTAINS = {"dev": ("dev", "demo"), "demo": ("demo",)}
SPACE = {"dev": 1_200_000_000, "demo": 600_000_000}  # bytes

PANGO_LIBRARIES = ("libpango-1.0.so.0", "libpangoft2-1.0.so.0", "libharfbuzz-subset.so.0")
PANGO = ("libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0", "fonts-dejavu-core")
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")


def enter(lock: str, arguments: list[str]) -> None:
    """Go on inside the virtual environment, with the packages of requirements/<lock>.txt. May not return."""
    os.chdir(ROOT)
    is_inside = Path(sys.prefix).resolve() == VENV.resolve()
    if is_installed(lock, version=platform.python_version() if is_inside else None):
        if is_inside:
            return
    else:
        with _one_at_a_time():
            if not is_installed(lock, version=None) or is_inside:  # another start may just have done it
                install(lock)
    sys.stdout.flush()
    os.execv(PYTHON, [str(PYTHON), "-m", "sandbox", *arguments])


def is_installed(lock: str, version: str | None) -> bool:
    """Say whether the environment is complete, in its place, made from the lock as it is now and for this Python."""
    try:
        stamp = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return False
    is_current = stamp.get("place") == str(VENV) and stamp.get(lock) == _fingerprint(lock)
    return is_current and PYTHON.exists() and version in (None, stamp.get("python"))


def install(lock: str) -> None:
    """Make the environment, or bring it up to date; one that was left unfinished is made again."""
    if shutil.disk_usage(ROOT).free < SPACE[lock]:
        raise Trouble(f"The disk that holds {ROOT} is nearly full: make room ({SPACE[lock] // 1_000_000} MB).")
    try:
        if UNFINISHED.exists() or not _is_usable():
            UNFINISHED.touch()
            _make_environment()
        UNFINISHED.touch()
        STAMP.unlink(missing_ok=True)
        print(f"Installing the packages of requirements/{lock}.txt (about a minute, once)", flush=True)
        options = ["--quiet", "--disable-pip-version-check", "--no-input", "--require-hashes"]
        _run([str(PYTHON), "-m", "pip", "install", *options, "--requirement", f"requirements/{lock}.txt"])
        version = _run([str(PYTHON), "-c", "import platform; print(platform.python_version())"]).strip()
        fingerprints = {name: _fingerprint(name) for name in CONTAINS[lock]}
        STAMP.write_text(json.dumps({"place": str(VENV), "python": version} | fingerprints))
        UNFINISHED.unlink()
    except PermissionError as error:
        raise Trouble(f"{error.filename} may not be written: use a copy of the project that is your own.")


def provide_pango() -> None:
    """See that PDF files can be made; without the libraries the shop runs on, with invoices that wait."""
    if has_pango():
        return
    if not install_system_packages(PANGO) or not has_pango():
        print(
            "PDF files (invoices) cannot be made: libraries of the system are missing. As root:\n"
            f"  apt-get install --no-install-recommends {' '.join(PANGO)}\n"
            "Everything else works; the invoices are made once they are there.",
            flush=True,
        )


def provide_chromium() -> None:
    """See that the browser tests can run; without a browser they are skipped, and say so."""
    if chromium() is None and (not install_system_packages(("chromium",)) or chromium() is None):
        print(
            "The browser tests will be SKIPPED: Chromium is missing. As root:\n"
            "  apt-get install --no-install-recommends chromium",
            flush=True,
        )


def has_pango() -> bool:
    """Try to load what WeasyPrint loads, and look for a font."""
    try:
        for library in PANGO_LIBRARIES:
            ctypes.CDLL(library)
    except OSError:
        return sys.platform == "darwin"  # found by other means there
    return any(Path("/usr/share/fonts").rglob("*.[ot]tf"))


def chromium() -> str | None:
    """Find the system's Chromium."""
    return next((found for name in CHROMIUM_NAMES if (found := shutil.which(name))), None)


def install_system_packages(packages: tuple[str, ...]) -> bool:
    """Install packages with apt, where there is one and where we may."""
    apt, root = shutil.which("apt-get"), _root_prefix()
    if apt is None or root is None:
        return False
    print(f"Installing {' '.join(packages)} with {' '.join([*root, 'apt-get'])}", flush=True)
    quiet = ["env", "DEBIAN_FRONTEND=noninteractive", apt, "-qq", "-o", "DPkg::Lock::Timeout=60"]
    command = [*root, *quiet, "install", "--yes", "--no-install-recommends", *packages]
    if subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0:
        return True
    # The list of packages may be missing or old.
    subprocess.run([*root, *quiet, "update"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        print(f"apt-get has failed: {done.stderr.strip()[-500:]}", flush=True)
    return done.returncode == 0


def _root_prefix() -> list[str] | None:
    """Give what makes a command run as root: nothing, sudo without a question, or None."""
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], capture_output=True).returncode == 0:
        return [sudo, "-n"]
    return None


def _is_usable() -> bool:
    """Say whether the environment's Python and pip run; a moved, copied or half-deleted one is made again."""
    try:
        if str(VENV) not in (VENV / "bin" / "pip").read_text():
            return False  # its programs name the place where they were installed
        argv = [str(PYTHON), "-c", "import pip, sys; print(sys.version_info >= (3, 11))"]
        done = subprocess.run(argv, capture_output=True, text=True)
    except OSError:
        return False
    return done.stdout.strip() == "True"


def _make_environment() -> None:
    if importlib.util.find_spec("ensurepip") is None:
        package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
        if not install_system_packages((package,)):
            raise Trouble(f"Python's venv module is missing. As root: apt-get install {package}")
    print("Making .venv", flush=True)
    # Not sys.prefix of an environment that happens to be active: its Python may vanish with it.
    base = getattr(sys, "_base_executable", sys.executable)
    _run([base, "-m", "venv", "--clear", str(VENV)])


def _run(argv: list[str]) -> str:
    done = subprocess.run(argv, capture_output=True, text=True)
    if done.returncode:
        said = (done.stdout + done.stderr).strip()
        full = " The disk is full: make room and start again." if os.strerror(errno.ENOSPC) in said else ""
        raise Trouble(f"{' '.join(argv[1:4])} has failed.{full}\n{said[-3000:]}")
    return done.stdout


def _fingerprint(lock: str) -> str:
    return hashlib.sha256((ROOT / "requirements" / f"{lock}.txt").read_bytes()).hexdigest()


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Let two first starts side by side make the environment once."""
    try:
        STATE.mkdir(exist_ok=True)
        file = (STATE / "install.lock").open("a")
    except PermissionError:
        raise Trouble(f"{ROOT} may not be written by this user: use a copy of the project that is your own.")
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Waiting for another start that installs packages", flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
