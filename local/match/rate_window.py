"""The rate as the service sees it: a sliding-window limit, and the judge that counts what arrived.

A window is one second, and lets in `rate` requests. For a rate such as 2.5 that would mean two (or, with three,
more than the rate), so its window is longer: ceil(rate) / rate seconds, which let in ceil(rate) requests, here
three in 1.2 s. Requests that come evenly, 1 / rate seconds apart, are then just within any rate.

A window is half open: requests exactly its length apart are not in the same one. Times are seconds of one clock
that does not go back, given in the order of arrival. Neither class is safe for threads by itself.
"""

import math
from bisect import bisect_left

SLOWEST = 0.1  # requests a second


class SlidingWindowLimit:
    """Accepts at most `window_limit` requests in any window. A refused request does not extend the wait."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        # All of them, as a rate that is set later may look further back; the log of requests is longer anyway.
        self._accepted: list[float] = []

    @property
    def window_limit(self) -> int:
        """How many requests a window lets in."""
        return math.ceil(self.rate)

    @property
    def window_seconds(self) -> float:
        """How long a window is: 1 for a whole rate, less than 2 for one above 1, at most 10 for the slowest."""
        return self.window_limit / self.rate

    def admit(self, now: float) -> bool:
        """Tells whether the request that arrives at `now` is accepted, and remembers it if so."""
        limit = self.window_limit
        if len(self._accepted) >= limit and now - self._accepted[-limit] < self.window_seconds:
            return False
        self._accepted.append(now)
        return True


class LargestWindow:
    """The largest number of requests that arrived in any one window, accepted or not."""

    def __init__(self) -> None:
        self.largest = 0
        self._seen: list[float] = []

    def record(self, now: float, seconds: float) -> None:
        """Counts the request that arrives at `now` in the window of that many seconds that ends with it."""
        self._seen.append(now)
        first = bisect_left(self._seen, True, key=lambda time: now - time < seconds)
        self.largest = max(self.largest, len(self._seen) - first)


def read_rate(value: float) -> float:
    """`value` as a rate. Raises ValueError for what is no number from `SLOWEST` on."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not SLOWEST <= value < float("inf"):
        raise ValueError(f"rate must be a number of requests a second, {SLOWEST} or more")
    return float(value)
