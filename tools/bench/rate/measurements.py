"""Compute rates, recovery times and calls per request from the requests that the emulator received. Pure.

The steady interval leaves out `EDGE` arrivals at the start, when the workers start cold, and about as many at the end,
when the backlog runs out. It is a whole number of batches. A single worker sends batch by batch, and the interval then
begins with a batch. So it holds as many pauses as batches.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from photodna_guard.rate_limiter.gcra import MAX_BATCH

# The arrivals that are left out at the start. At the end, up to a batch more is left out.
EDGE = 2 * MAX_BATCH
# A recovered rate is measured over this time.
WINDOW = 10.0  # seconds

# The keys are in local/match/request_log.py.
Request = Mapping[str, Any]


@dataclass(frozen=True)
class Sample:
    """A run's progress at `at` (epoch seconds): requests that arrived, and calls to the rate limiter's table."""

    at: float
    requests: int
    writes: int
    reads: int = 0


def list_arrivals(requests: Sequence[Request]) -> list[float]:
    """Return the sorted arrival times (epoch seconds) of the requests that were not refused with 429."""
    return sorted(request["arrived_at"] for request in requests if request["http_status"] != 429)


def find_steady_interval(times: Sequence[float]) -> tuple[float, float] | None:
    """Return the steady interval's first and last arrival, or None if there are too few arrivals."""
    count = _steady_count(times)
    return (times[EDGE], times[EDGE + count]) if count else None


def compute_utilization(times: Sequence[float], limit: float) -> float | None:
    """Return the rate in the steady interval as a fraction of the limit."""
    interval = find_steady_interval(times)
    return _steady_count(times) / (interval[1] - interval[0]) / limit if interval else None


def compute_utilization_until(times: Sequence[float], end: float, limit: float) -> float | None:
    """Return the rate of the arrivals from the first one until `end`, as a fraction of the limit; None without one.

    It ends with the last arrival, unless that is longer ago than an interval: then requests were due, and did not come.
    """
    if not times:
        return None
    span = max(times[-1], end - 1 / limit) - times[0]
    return (len(times) - 1) / span / limit if span > 0 else None


def _steady_count(times: Sequence[float]) -> int:
    """Return the number of arrivals in the steady interval. The batch in which a run is interrupted is left out."""
    return max(0, len(times) // MAX_BATCH * MAX_BATCH - 2 * EDGE)


def compute_max_utilization(workers: int, latency: float, interval: float, limit: float) -> float:
    """Return the fraction of the limit that the workers can reach. A batch takes its slots and one response."""
    return min(1 / interval, workers * MAX_BATCH / ((MAX_BATCH - 1) * interval + latency)) / limit


def compute_writes_per_request(samples: Sequence[Sample], interval: tuple[float, float] | None) -> float | None:
    """Return the rate limiter's writes per request in the interval, or None with fewer than two samples in it."""
    return _calls_per_request(samples, interval, lambda sample: sample.writes)


def compute_reads_per_request(samples: Sequence[Sample], interval: tuple[float, float] | None) -> float | None:
    """Return the rate limiter's reads per request, in the same way."""
    return _calls_per_request(samples, interval, lambda sample: sample.reads)


def _calls_per_request(
    samples: Sequence[Sample], interval: tuple[float, float] | None, calls: Callable[[Sample], int]
) -> float | None:
    within = [sample for sample in samples if interval and interval[0] <= sample.at <= interval[1]]
    if len(within) < 2 or within[-1].requests == within[0].requests:
        return None
    return (calls(within[-1]) - calls(within[0])) / (within[-1].requests - within[0].requests)


def count_unused_slots(item: Mapping[str, Any] | None, requests: int) -> int | None:
    """Return the number of slots that were reserved and not used, or None without the rate limiter's item.

    Slots that lie ahead when a run is interrupted count too. See `used_...` in photodna_guard/rate_limiter/store.py.
    """
    if item is None:
        return None
    return sum(int(value) for name, value in item.items() if name.startswith("used_")) - requests


def compute_recovery_seconds(times: Sequence[float], end: float, limit: float, share: float = 0.95) -> float | None:
    """Return the seconds from `end` until `WINDOW` seconds with `share` of the limit begin, or None if none do."""
    starts = [end, *(time for time in times if time > end)]
    wanted = share * limit * WINDOW
    # A window that counted its first arrival would count one too many, so it is half open.
    recovered = (start for start in starts if sum(start < time <= start + WINDOW for time in times) >= wanted)
    first = next(recovered, None)
    return None if first is None else first - end


def compute_mean_rate(times: Sequence[float], begin: float, end: float) -> float | None:
    """Return the arrivals a second from `begin` to `end`, or None if `end` is not later."""
    return sum(begin <= time < end for time in times) / (end - begin) if end > begin else None


def classify_outcome(request: Request) -> int:
    """Return 0 for an answered request, 1 for one that met an injected failure, 2 for one refused with 429."""
    if request["http_status"] == 429:
        return 2
    return 1 if request["failure"] else 0


def count_by_second(
    requests: Sequence[Request], part: Callable[[Request], int] = classify_outcome, parts: int = 3
) -> list[list[int]]:
    """Return the requests of each part in each second from the first arrival on."""
    if not requests:
        return []
    first = min(request["arrived_at"] for request in requests)
    seen = Counter((int(request["arrived_at"] - first), part(request)) for request in requests)
    return [[seen[second, one] for one in range(parts)] for second in range(max(second for second, _ in seen) + 1)]
