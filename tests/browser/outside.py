"""The world outside the shop as a test sees it: mailbox, telephone, parcels, switches; and the shop's own clockwork."""

import json
import time
import urllib.request
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlencode

import redis
from celery import Celery

from sandbox.supervisor import Stack

Found = TypeVar("Found")
PATIENCE = 30.0  # seconds; two cores may be busy with other tests
NUDGE_EVERY = 2.0

direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def until(probe: Callable[[], Found], what: str, *, patience: float = PATIENCE) -> Found:
    """Wait until the probe finds something and give that."""
    deadline = time.monotonic() + patience
    while not (found := probe()):
        assert time.monotonic() < deadline, f"not after {patience:.0f} s: {what}"
        time.sleep(0.1)
    return found


def get_json(url: str) -> Any:
    """Fetch a JSON answer; a proxy of the caller's is not asked."""
    with direct.open(url, timeout=10) as response:
        return json.load(response)


class Outside:
    """What the shop sends, and what happens to its parcels; asked of the sandbox over HTTP."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.url = stack.sandbox_url

    def mails(self, to: str, subject: str = "") -> list[dict[str, Any]]:
        """E-mails to an address whose subject contains a text, oldest first."""
        return self._get("/mail/messages.json", to=to, subject=subject)[::-1]

    def mail(self, to: str, subject: str) -> dict[str, Any]:
        """Wait for an e-mail."""
        return until(lambda: self.mails(to, subject), f"e-mail « {subject} » to {to}")[-1]

    def texts(self, to: str) -> list[str]:
        """SMS to a number, oldest first."""
        return [sms["text"] for sms in self._get("/sms/messages.json", to=to)[::-1]]

    def text(self, to: str, words: str) -> str:
        """Wait for an SMS."""
        return until(lambda: [text for text in self.texts(to) if words in text], f"SMS « {words} » to {to}")[-1]

    def advance(self, parcel: str, step: str) -> None:
        """Move a parcel, and have the shop ask La Poste now instead of at the next round."""
        self._post(f"/parcels/{parcel}/advance", step=step)
        self.stack_runs("shipping.tasks.follow_parcels")

    def parcel(self, number: str) -> dict[str, Any]:
        return next(parcel for parcel in self._get("/parcels.json") if parcel["number"] == number)

    def switch(self, provider: str, mode: str) -> None:
        """Make a provider slow, failing, …, or "ok" again."""
        self._post(f"/switches/{provider}", mode=mode)

    def stack_runs(self, *tasks: str) -> None:
        """Have the worker do now what the timetable will have it do later; without a broker, later it is."""
        stack = self.stack
        with Celery(broker=stack.redis_url, set_as_current=False) as app:
            prefix = stack.env["REDIS_PREFIX"]
            app.conf.task_default_queue = f"{prefix}-default"
            app.conf.task_ignore_result = True
            app.conf.broker_transport_options = {"global_keyprefix": f"{prefix}:"}
            for task in tasks:
                app.send_task(task, retry=False)

    def waiting_tasks(self) -> int:
        """How many tasks the worker has not taken yet, or has not finished."""
        prefix = self.stack.env["REDIS_PREFIX"]
        with redis.Redis.from_url(self.stack.redis_url) as broker:
            return broker.llen(f"{prefix}:{prefix}-default") + broker.hlen(f"{prefix}:unacked")

    def nudged(self, *tasks: str, probe: Callable[[], Found], what: str) -> Found:
        """Wait for what these tasks of the timetable bring about, and call for them while waiting."""
        last = 0.0

        def look() -> Found:
            nonlocal last
            if not (found := probe()) and time.monotonic() > last + NUDGE_EVERY:
                last = time.monotonic()
                self.stack_runs(*tasks)
            return found

        return until(look, what)

    def _get(self, path: str, **query: str) -> Any:
        return get_json(f"{self.url}{path}?{urlencode(query)}")

    def _post(self, path: str, **fields: str) -> Any:
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, json.dumps(fields).encode(), headers)
        with direct.open(request, timeout=10) as response:
            return json.load(response)
