"""Several at once: real threads, each with a connection of its own."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Run the calls side by side, each on its own connection; an exception is given back as a result."""
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        barrier.wait(10)
        try:
            return call()
        except Exception as error:  # noqa: BLE001
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def on_own_connection(action: Callable[..., Any], *args: Any) -> Any:
    """Run in a thread whose connection nobody else will close."""
    try:
        return action(*args)
    finally:
        connection.close()
