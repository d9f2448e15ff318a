"""Work that waits its turn: one thread, jobs in order of their due time."""

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable

logger = logging.getLogger("sandbox")


class Background:
    """A queue with delays; the thread starts with the first job."""

    def __init__(self) -> None:
        """Begin empty."""
        self._jobs: list[tuple[float, int, Callable[[], object]]] = []
        self._order = itertools.count()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._stopped = False

    def put(self, delay: float, fn: Callable[..., object], *args: object) -> None:
        """Queue fn(*args), due in `delay` seconds; equal due times keep their order."""
        with self._changed:
            heapq.heappush(self._jobs, (time.monotonic() + delay, next(self._order), lambda: fn(*args)))
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="sandbox-background", daemon=True)
                self._thread.start()
            self._changed.notify()

    def stop(self) -> None:
        """Drop what is still waiting and end the thread, at most after the job under way."""
        with self._changed:
            self._stopped = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def _work(self) -> None:
        while (job := self._next()) is not None:
            try:
                job()
            except Exception:
                logger.exception("background job failed")

    def _next(self) -> Callable[[], object] | None:
        """Wait for the next due job; None means stop."""
        with self._changed:
            while not self._stopped:
                wait = self._jobs[0][0] - time.monotonic() if self._jobs else None
                if wait is not None and wait <= 0:
                    return heapq.heappop(self._jobs)[2]
                self._changed.wait(wait)
        return None
