"""How often one address may do a thing: "10/m,60/d" is ten a minute and sixty a day.

A window opens with its first try and closes by itself, so the answer to "when may I again?" is exact. Counters live
in Redis, shared by all processes, gone after a day at most. Without Redis the limits fail open and say so in the
log: a shop that lets a few robots through is better than one that lets nobody in.
"""

import hashlib
import ipaddress
import logging
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from django.conf import settings
from django.http import HttpRequest
from redis import Redis
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

PERIODS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
REDIS_TIMEOUT = 0.5  # seconds


class Rate(NamedTuple):
    tries: int
    seconds: int


@lru_cache(maxsize=64)
def parse(text: str) -> tuple[Rate, ...]:
    """Read "10/m,60/d"; an empty text is no limit; anything else is a ValueError that says what is wanted."""
    return tuple(_parse_one(part.strip()) for part in text.split(",")) if text.strip() else ()


def _parse_one(text: str) -> Rate:
    tries, _, period = text.partition("/")
    if not tries.isascii() or not tries.isdigit() or period not in PERIODS:
        raise ValueError(f'{text!r} is no rate; write "10/m" with s, m, h or d')
    return Rate(int(tries), PERIODS[period])


class RateLimit:
    """A named limit; `rates` is a text, or a callable that reads it from the settings at each call.

    With `fails_open=False` a RedisError is the caller's to handle.
    """

    def __init__(self, name: str, rates: str | Callable[[], str], *, fails_open: bool = True) -> None:
        self.name = name
        self._rates = rates
        self._fails_open = fails_open

    def allow(self, key: str) -> int:
        """Count a try and return 0, or the seconds to wait where there were too many."""
        rates = parse(self._rates if isinstance(self._rates, str) else self._rates())
        if not rates:
            return 0
        try:
            counts = self._count(key, rates)
        except RedisError as error:
            if not self._fails_open:
                raise
            log.warning("rate limit %s is open, it cannot count: %s", self.name, error)
            return 0
        return max(
            (max(left, 1) for rate, (tries, left) in zip(rates, counts, strict=True) if tries > rate.tries), default=0
        )

    def _count(self, key: str, rates: tuple[Rate, ...]) -> list[tuple[int, int]]:
        """Tries so far and seconds left of each window, in one atomic exchange."""
        with _redis(settings.CACHES["default"]["LOCATION"]).pipeline(transaction=True) as pipe:
            for rate in rates:
                counter = self._counter(key, rate)
                pipe.set(counter, 0, ex=rate.seconds, nx=True)
                pipe.incr(counter)
                pipe.ttl(counter)
            answers = pipe.execute()
        return [(answers[at + 1], answers[at + 2]) for at in range(0, len(answers), 3)]

    def _counter(self, key: str, rate: Rate) -> str:
        # The hash bounds the length of what a visitor typed and keeps addresses out of the store.
        digest = hashlib.sha256(_household(key).encode()).hexdigest()[:32]
        return f"{settings.REDIS_PREFIX}:rate:{self.name}:{rate.seconds}:{digest}"


@lru_cache(maxsize=4)
def _redis(address: str) -> "Redis":
    return Redis.from_url(address, socket_connect_timeout=REDIS_TIMEOUT, socket_timeout=REDIS_TIMEOUT)


def _household(key: str) -> str:
    """One subscriber has a whole IPv6 network of addresses: the network is what is counted."""
    try:
        address = ipaddress.ip_address(key)
    except ValueError:
        return key
    if address.version == 4:
        return key
    return str(address.ipv4_mapped or ipaddress.ip_network((address, 64), strict=False))


def client_ip(request: HttpRequest) -> str:
    """The visitor's address: the one our own outermost proxy saw.

    X-Forwarded-For grows to the right; what stands left of our own proxies' entries was written by the visitor and
    is not believed.
    """
    peer = str(request.META.get("REMOTE_ADDR", ""))
    proxies: int = settings.TRUSTED_PROXY_COUNT
    if proxies:
        hops = str(request.META.get("HTTP_X_FORWARDED_FOR", "")).split(",")
        if len(hops) >= proxies:
            return _address(hops[-proxies]) or _address(peer) or "0.0.0.0"  # noqa: S104
    return _address(peer) or "0.0.0.0"  # noqa: S104


def _address(text: str) -> str:
    """An address without brackets and port, or nothing where it is none."""
    bare = text.strip()
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        return str(ipaddress.ip_address(bare))
    except ValueError:
        return ""
