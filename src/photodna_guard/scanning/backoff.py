"""How long an upload waits before its next try. Pure but for the dice."""

import random

MIN_DELAY_SECONDS = 5.0  # seconds
MAX_DELAY_SECONDS = 900.0
# A worker of a queue waits up to 40 s for a slot (rate_limiter/gcra.py). This leaves 10 s for its way to it.
MAX_SLOT_WAIT_SECONDS = 30.0


def after_failure(attempt: int, retry_after: float | None) -> float:
    """Seconds after the `attempt`th failure: what the service asked for, else 5-10 s, 10-20 s, … 450-900 s.

    The jitter is half of the wait, so that what failed together does not come back together.
    """
    if retry_after is not None:
        return min(max(retry_after, MIN_DELAY_SECONDS), MAX_DELAY_SECONDS)
    longest = min(MAX_DELAY_SECONDS, 2 * MIN_DELAY_SECONDS * 2.0 ** min(attempt - 1, 10))
    return random.uniform(max(MIN_DELAY_SECONDS, longest / 2), longest)  # noqa: S311 - not a secret


def until_slot_is_near(until: float, now: float) -> float:
    """Seconds until a worker of the queue can wait for the slot: at once, where the slot comes within its wait."""
    return min(max(until - now - MAX_SLOT_WAIT_SECONDS, 0.0), MAX_DELAY_SECONDS)


def until_available(until: float, now: float) -> float:
    """Seconds until a slot is worth asking for again, spread so that not everybody asks at once."""
    wait = min(max(until - now, MIN_DELAY_SECONDS), MAX_DELAY_SECONDS)
    return min(wait + random.uniform(0, MIN_DELAY_SECONDS), MAX_DELAY_SECONDS)  # noqa: S311
