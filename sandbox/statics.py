"""Collected static files: made once for every state of the sources, shared by all stacks of this project."""

import fcntl
import hashlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from sandbox.bootstrap import ROOT, STATE

KEPT = 5  # shops that run may still serve the ones before


def directory() -> Path:
    """Say where the files belong that the present sources give."""
    known = hashlib.sha256((ROOT / "requirements" / "prod.txt").read_bytes())
    for file in sorted(_sources()):
        stat = file.stat()
        known.update(f"{file.relative_to(ROOT)} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return STATE / "static" / known.hexdigest()[:16]


def provide(place: Path, collect: Callable[[], object]) -> None:
    """Collect unless it was done before; starts side by side take turns."""
    place.mkdir(parents=True, exist_ok=True)
    done = place.with_suffix(".done")
    with (place.parent / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            collect()
        done.touch()
        marks = sorted(place.parent.glob("*.done"), key=lambda mark: mark.stat().st_mtime, reverse=True)
        for mark in marks[KEPT:]:
            mark.unlink()
            shutil.rmtree(mark.with_suffix(""), ignore_errors=True)


def _sources() -> Iterator[Path]:
    for top in (ROOT / "static", *ROOT.glob("[a-z]*/static")):
        yield from (file for file in top.rglob("*") if file.is_file())
