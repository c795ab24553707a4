"""What the emulator saw -> rate held, seconds until it is back, calls for each request. Pure.

The steady middle goes from the 31st arrival to about the 30th last: before it the workers start, cold and on two cores,
and after it the backlog is no backlog any more. It is a whole number of batches, and begins with one where a single
worker sends batch by batch, so that it counts as many pauses as batches.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from photodna_guard.rate_limiter.gcra import MAX_BATCH  # requests that one worker has in flight at the most

EDGE = 2 * MAX_BATCH  # arrivals left out at the start, and as many at the end or up to a batch more
WINDOW = 10.0  # seconds over which a rate that comes back is judged

Request = Mapping[str, Any]  # see local/match/request_log.py


@dataclass(frozen=True)
class Sample:
    """How far a run is at `at` (epoch seconds): requests that arrived, and calls to the limiter's table."""

    at: float
    requests: int
    writes: int
    reads: int = 0


def arrivals(requests: Sequence[Request]) -> list[float]:
    """When those arrived that were not refused for the rate (epoch seconds)."""
    return sorted(request["arrived_at"] for request in requests if request["http_status"] != 429)


def steady(times: Sequence[float]) -> tuple[float, float] | None:
    """The steady middle's first and last arrival; None where there is no middle."""
    count = _middle(times)
    return (times[EDGE], times[EDGE + count]) if count else None


def held(times: Sequence[float], limit: float) -> float | None:
    """The rate in the steady middle, as a fraction of the limit."""
    span = steady(times)
    return _middle(times) / (span[1] - span[0]) / limit if span else None


def _middle(times: Sequence[float]) -> int:
    """How many arrivals from the steady middle's first to its last; a run that was broken off ends within a batch."""
    return max(0, len(times) // MAX_BATCH * MAX_BATCH - 2 * EDGE)


def possible(workers: int, latency: float, interval: float, limit: float) -> float:
    """The fraction of the limit that so many workers can have in flight: a batch lasts its slots and an answer."""
    return min(1 / interval, workers * MAX_BATCH / ((MAX_BATCH - 1) * interval + latency)) / limit


def writes_for_each(samples: Sequence[Sample], span: tuple[float, float] | None) -> float | None:
    """Writes for pacing for each request within the span; None where fewer than two samples lie in it."""
    return _for_each(samples, span, lambda sample: sample.writes)


def reads_for_each(samples: Sequence[Sample], span: tuple[float, float] | None) -> float | None:
    """Reads for pacing, in the same way."""
    return _for_each(samples, span, lambda sample: sample.reads)


def _for_each(
    samples: Sequence[Sample], span: tuple[float, float] | None, calls: Callable[[Sample], int]
) -> float | None:
    within = [sample for sample in samples if span and span[0] <= sample.at <= span[1]]
    if len(within) < 2 or within[-1].requests == within[0].requests:
        return None
    return (calls(within[-1]) - calls(within[0])) / (within[-1].requests - within[0].requests)


def unused(item: Mapping[str, Any] | None, requests: int) -> int | None:
    """Slots that were taken and not used: missed, or of no use any more. None without the limiter's item.

    Those count as well that lie ahead when a run is broken off. See `used_...` in photodna_guard/rate_limiter/store.py.
    """
    if item is None:
        return None
    return sum(int(value) for name, value in item.items() if name.startswith("used_")) - requests


def back_after(times: Sequence[float], end: float, limit: float, share: float = 0.95) -> float | None:
    """Seconds from `end` to the first moment that `WINDOW` seconds with `share` of the limit follow. None: never."""
    starts = [end, *(time for time in times if time > end)]
    wanted = share * limit * WINDOW
    # Half open: a window that counted the arrival it begins with would count one too many.
    back = (start for start in starts if sum(start < time <= start + WINDOW for time in times) >= wanted)
    first = next(back, None)
    return None if first is None else first - end


def rate_within(times: Sequence[float], begin: float, end: float) -> float | None:
    """Arrivals a second from `begin` to `end`; None where that is no time."""
    return sum(begin <= time < end for time in times) / (end - begin) if end > begin else None


def outcome(request: Request) -> int:
    """0 where it was answered, 1 where it met an injected failure, 2 where it was refused for the rate."""
    if request["http_status"] == 429:
        return 2
    return 1 if request["failure"] else 0


def each_second(
    requests: Sequence[Request], part: Callable[[Request], int] = outcome, parts: int = 3
) -> list[list[int]]:
    """How many requests of each part there are in each second from the first arrival on."""
    if not requests:
        return []
    first = min(request["arrived_at"] for request in requests)
    seen = Counter((int(request["arrived_at"] - first), part(request)) for request in requests)
    return [[seen[second, one] for one in range(parts)] for second in range(max(second for second, _ in seen) + 1)]
