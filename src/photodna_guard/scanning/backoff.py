"""How long an upload waits before its next try. Pure but for the dice."""

import random

SHORTEST = 5.0  # seconds
LONGEST = 900.0


def failed(attempt: int, retry_after: float | None) -> float:
    """Seconds after the `attempt`th failure: what the service asked for, else 5-10 s, 10-20 s, … 450-900 s.

    The jitter is half of the wait, so that what failed together does not come back together.
    """
    if retry_after is not None:
        return min(max(retry_after, SHORTEST), LONGEST)
    longest = min(LONGEST, 2 * SHORTEST * 2.0 ** min(attempt - 1, 10))
    return random.uniform(max(SHORTEST, longest / 2), longest)  # noqa: S311 - not a secret


def busy(until: float, now: float) -> float:
    """Seconds until a slot is worth asking for again, spread so that not everybody asks at once."""
    wait = min(max(until - now, SHORTEST), LONGEST)
    return min(wait + random.uniform(0, SHORTEST), LONGEST)  # noqa: S311
