"""A moment of rest for something outside that does not answer."""

import threading
import time


class Pause:
    """Begun by a failure, ended by a success or by time; each process keeps its own."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until = 0.0
        self._lock = threading.Lock()

    def is_on(self) -> bool:
        with self._lock:
            return time.monotonic() < self._until

    def begin(self) -> None:
        with self._lock:
            self._until = time.monotonic() + self._seconds

    def end(self) -> None:
        with self._lock:
            self._until = 0.0
