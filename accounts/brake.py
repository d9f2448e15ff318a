"""The brake on sign-in tries: where it counts, and what happens when it cannot."""

import logging
import math
from typing import Any

from allauth.core.internal import ratelimit
from django.core.cache import cache
from django.core.cache.backends.redis import RedisCache
from django.http import HttpRequest
from redis.exceptions import RedisError

from notifications.pause import Pause

log = logging.getLogger(__name__)

PREFIXES = ("allauth:", "allauth.")  # its limits, and the codes of an application that were used
APP, ACTION = "allauth.account", "login_failed"
pause = Pause(5)


class BrakeCache(RedisCache):
    """The shop's Redis cache, in which allauth's counters fail open: without Redis people still sign in.

    Only allauth's keys are treated so. Whoever else uses the cache decides for himself what an error means.
    """

    def add(self, key: Any, *args: Any, **kwargs: Any) -> bool:
        return bool(self._leniently(super().add, True, key, *args, **kwargs))

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return self._leniently(super().get, default, key, default, version)

    def set(self, key: Any, *args: Any, **kwargs: Any) -> None:
        self._leniently(super().set, None, key, *args, **kwargs)

    def delete(self, key: Any, *args: Any, **kwargs: Any) -> bool:
        return bool(self._leniently(super().delete, False, key, *args, **kwargs))

    @staticmethod
    def _leniently(operation: Any, otherwise: Any, key: Any, *args: Any, **kwargs: Any) -> Any:
        if not str(key).startswith(PREFIXES):
            return operation(key, *args, **kwargs)
        if pause.is_on():
            return otherwise
        try:
            answer = operation(key, *args, **kwargs)
        except RedisError as error:
            pause.begin()
            log.warning("sign-in limits cannot count, open: %s", error)
            return otherwise
        return answer


def lift(request: HttpRequest, key: str) -> None:
    """Forget the failed tries on one account; those of an address of the network stay counted."""
    for rate in _rates():
        if rate.per == "key":
            cache.delete(ratelimit.get_cache_key(request, app=APP, action=ACTION, rate=rate, key=key))


def longest_wait() -> int:
    """Minutes after which failed tries are forgotten, whichever limit was met."""
    return max((math.ceil(rate.duration / 60) for rate in _rates()), default=1)


def _rates() -> list[ratelimit.Rate]:
    return ratelimit.get_rates(app=APP, action=ACTION)
