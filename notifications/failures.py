"""Classes of failure, and how long each one waits before the next attempt."""

from datetime import datetime, timedelta

from notifications.models import Failure

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)

# The n-th entry is the wait after the n-th attempt; behind the last one the message is given up.
# A relay that is down comes back in seconds or is down for a day; a greylisting server wants minutes; a full
# mailbox and a relay that throttles want hours. A class without a line is never tried again.
WAITS: dict[Failure, list[timedelta]] = {
    Failure.CONNECTION: [
        5 * SECOND,
        15 * SECOND,
        30 * SECOND,
        MINUTE,
        2 * MINUTE,
        5 * MINUTE,
        15 * MINUTE,
        30 * MINUTE,
        *[HOUR] * 4,
        *[4 * HOUR] * 5,
    ],
    Failure.DELAYED: [5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, *[4 * HOUR] * 4, *[8 * HOUR] * 3],
    # A changed password is mended by a person: patience here saves resending everything by hand.
    Failure.CONFIGURATION: [5 * MINUTE, 15 * MINUTE, *[HOUR] * 6, *[4 * HOUR] * 6],
    # The outside call began and never answered: only what may arrive twice comes back here.
    Failure.UNCERTAIN: [MINUTE, 10 * MINUTE, HOUR],
}
MOST_ATTEMPTS = max(len(waits) for waits in WAITS.values()) + 1


class Undelivered(Exception):
    """The message was not sent, or nobody knows; `failure` is the class, the text what the other side answered."""

    def __init__(self, failure: Failure, detail: str) -> None:
        super().__init__(detail)
        self.failure = failure


def next_attempt(failure: Failure, *, attempts: int, at_most_once: bool, now: datetime) -> datetime | None:
    """When to try again after so many attempts, or None to give up."""
    if failure == Failure.UNCERTAIN and at_most_once:
        return None
    waits = WAITS.get(failure, [])
    return now + waits[attempts - 1] if attempts <= len(waits) else None
