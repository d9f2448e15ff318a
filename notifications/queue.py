"""The one door through which work reaches Celery.

The database is the queue of record: a job is a hint that something may be done now. A broker that is dead or
hangs must cost a request no more than a moment, and loses nothing: the sweeper beside each job finds the rows.
"""

import logging
from functools import lru_cache, partial
from typing import Any

import kombu
from celery import Task, current_app
from django.db import transaction
from kombu.exceptions import LimitExceeded, OperationalError
from kombu.pools import producers
from redis.exceptions import RedisError

from notifications.pause import Pause

log = logging.getLogger(__name__)

BROKER_TIMEOUT = 1  # seconds to connect, and to wait for each answer


def enqueue(task: Task, *args: Any) -> None:
    """Hand a job to the workers once the transaction has committed; never raise where the broker is down."""
    transaction.on_commit(partial(_publish, task, args), robust=True)


# After a failure the broker is left alone for a moment: where it hangs, it delays one message and not all.
pause = Pause(seconds=5)


def _publish(task: Task, args: tuple[Any, ...]) -> None:
    if pause.is_on():
        log.warning("broker paused, %s%r left to the sweeper", task.name, args)
        return
    try:
        with producers[_connection()].acquire(block=True, timeout=BROKER_TIMEOUT) as producer:
            task.apply_async(args=args, producer=producer, retry=False)
        pause.end()
    except (OperationalError, LimitExceeded, RedisError, OSError) as error:
        pause.begin()
        log.warning("broker unreachable, %s%r left to the sweeper: %s", task.name, args, error)


@lru_cache(maxsize=1)
def _connection() -> kombu.Connection:
    """A connection for publishing alone: the workers' own one may wait long, a web request may not."""
    return current_app.connection_for_write(
        connect_timeout=BROKER_TIMEOUT,
        transport_options={
            "socket_connect_timeout": BROKER_TIMEOUT,
            "socket_timeout": BROKER_TIMEOUT,
            "max_retries": 0,
        },
    )
