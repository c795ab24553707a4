"""The rate as the service sees it: a sliding-window limit, and the count of the fullest window.

A window lasts one second and allows `rate` requests. With a rate such as 2.5, one second could only allow two, or
three, which is more than the rate. So its window is longer: ceil(rate) / rate seconds, which allow ceil(rate)
requests, here three in 1.2 s. Evenly spaced requests, 1 / rate seconds apart, are then just within any rate.

A window is half open: requests exactly its length apart are not in the same one. Times are seconds of one monotonic
clock, in the order of arrival. Neither class is safe for threads.
"""

import math
from bisect import bisect_left

SLOWEST = 0.1  # requests a second


class SlidingWindowLimit:
    """A limit of `window_limit` requests in any window. A refused request does not extend the wait."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        # No time is dropped, because a rate that is set later may look further back.
        self._accepted: list[float] = []

    @property
    def window_limit(self) -> int:
        """The number of requests that a window allows."""
        return math.ceil(self.rate)

    @property
    def window_seconds(self) -> float:
        """The length of a window: 1 for a whole rate, less than 2 for a rate above 1, 10 for the slowest rate."""
        return self.window_limit / self.rate

    def admit(self, now: float) -> bool:
        """Tell whether the request that arrives at `now` is accepted, and count it if so."""
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
        """Record the request that arrives at `now`, and count the window of `seconds` that ends with it."""
        self._seen.append(now)
        first = bisect_left(self._seen, True, key=lambda time: now - time < seconds)
        self.largest = max(self.largest, len(self._seen) - first)


def read_rate(value: float) -> float:
    """Return `value` as a rate. Raises ValueError unless it is a finite number of at least `SLOWEST`."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not SLOWEST <= value < float("inf"):
        raise ValueError(f"rate must be a number of requests a second, {SLOWEST} or more")
    return float(value)
