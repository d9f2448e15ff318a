"""How far a load is, on one line of the terminal that is written again and again."""

import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TextIO

from notifications.wording import NBSP, figure

from .files import Block

EVERY = 0.2  # seconds


class Silent:
    """Nobody watches."""

    def step(self, name: str) -> None:
        """A step begins whose length is unknown."""

    def reading(self, blocks: Iterable[Block], size: int) -> Iterator[Block]:
        """The blocks of a file of this size."""
        yield from blocks

    def end(self) -> None:
        """All is done."""


class Line(Silent):
    """Somebody does: share done, rows a second and time left; then the name of each further step."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._width = 0

    def step(self, name: str) -> None:
        self._show(f"{name}…")

    def reading(self, blocks: Iterable[Block], size: int) -> Iterator[Block]:
        started = shown = time.monotonic()
        done = rows = 0
        for block in blocks:
            yield block
            done, rows = done + len(block.data), rows + len(block)
            now = time.monotonic()
            if now - shown >= EVERY:
                self._show(_reading(done / max(size, done), rows, now - started))
                shown = now

    def end(self) -> None:
        self._show("")
        self._stream.write("\r")
        self._stream.flush()

    def _show(self, text: str) -> None:
        self._stream.write(f"\r{text:<{self._width}}")
        self._stream.flush()
        self._width = len(text)


@contextmanager
def watched(is_wanted: bool) -> Iterator[Silent]:
    """Show on standard error how far the load is, where somebody watches."""
    progress = Line(sys.stderr) if is_wanted or sys.stderr.isatty() else Silent()
    try:
        yield progress
    finally:
        progress.end()


def _reading(share: float, rows: int, seconds: float) -> str:
    bar = ("█" * round(20 * share)).ljust(20, "░")
    left = round(seconds / share - seconds)
    return (
        f"Lecture {bar} {100 * share:3.0f}{NBSP}% – {figure(round(rows / seconds))} lignes/s –"
        f" encore {left // 60}{NBSP}min {left % 60:02d}{NBSP}s"
    )
