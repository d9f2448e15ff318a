"""The one clock of the pretend Stripe, so that a test can move it."""

import time


def now() -> int:
    """Return the time in whole seconds since 1970, as Stripe writes it."""
    return int(time.time())
