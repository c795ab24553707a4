"""Judge the arrivals of a burst by a strict sliding window. Pure.

Nothing is left out: the part of the limit that was used counts from the first arrival to the last one, so that a gap
between the live path and the queue, and every cold start after the first, is in it.
"""

from collections import deque
from collections.abc import Sequence
from itertools import pairwise


def compute_largest_window(arrivals: Sequence[float], seconds: float = 1.0) -> int:
    """Return the most arrivals in any half-open window of that length."""
    window: deque[float] = deque()
    largest = 0
    for arrival in sorted(arrivals):
        window.append(arrival)
        while arrival - window[0] >= seconds:
            window.popleft()
        largest = max(largest, len(window))
    return largest


def compute_utilization(arrivals: Sequence[float], limit: float) -> float:
    """Return the part of `limit` (requests a second) that was used from the first arrival to the last one."""
    return (len(arrivals) - 1) / (max(arrivals) - min(arrivals)) / limit if len(set(arrivals)) > 1 else 0.0


def list_gaps(arrivals: Sequence[float], longest: float = 0.3) -> list[tuple[float, float]]:
    """Return the gaps of more than `longest` seconds: after how many seconds each began, and how long it was."""
    times = sorted(arrivals)
    return [
        (round(one - times[0], 2), round(other - one, 2)) for one, other in pairwise(times) if other - one > longest
    ]
