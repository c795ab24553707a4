"""What the emulator saw -> rate held, seconds until it is back, writes for each request. Pure.

The steady middle goes from the 21st arrival to the 20th last: before it the workers start, cold and on two cores, and
after it the backlog is no backlog any more. Both begin a batch where a single worker sends batch by batch, so that it
counts as many pauses as batches.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

EDGE = 20  # arrivals left out at the start; the last of the middle is as many from the end
BATCH = 10  # requests that one worker has in flight at the most
WINDOW = 10.0  # seconds over which a rate that comes back is judged

Request = Mapping[str, Any]  # see local/match/request_log.py


@dataclass(frozen=True)
class Sample:
    """How far a run is at `at` (epoch seconds): requests that arrived, and writes to the pacer's table."""

    at: float
    requests: int
    writes: int


def arrivals(requests: Sequence[Request]) -> list[float]:
    """When those arrived that were not refused for the rate (epoch seconds)."""
    return sorted(request["arrived_at"] for request in requests if request["http_status"] != 429)


def steady(times: Sequence[float]) -> tuple[float, float] | None:
    """The steady middle's first and last arrival; None where there is no middle."""
    return (times[EDGE], times[-EDGE]) if len(times) > 2 * EDGE else None


def held(times: Sequence[float], limit: float) -> float | None:
    """The rate in the steady middle, as a fraction of the limit."""
    span = steady(times)
    return (len(times) - 2 * EDGE) / (span[1] - span[0]) / limit if span else None


def possible(workers: int, latency: float, interval: float, limit: float) -> float:
    """The fraction of the limit that so many workers can have in flight: a batch lasts its slots and an answer."""
    return min(1 / interval, workers * BATCH / ((BATCH - 1) * interval + latency)) / limit


def writes_for_each(samples: Sequence[Sample], span: tuple[float, float] | None) -> float | None:
    """Writes for pacing for each request within the span; None where fewer than two samples lie in it."""
    within = [sample for sample in samples if span and span[0] <= sample.at <= span[1]]
    if len(within) < 2 or within[-1].requests == within[0].requests:
        return None
    return (within[-1].writes - within[0].writes) / (within[-1].requests - within[0].requests)


def back_after(times: Sequence[float], end: float, limit: float, share: float = 0.95) -> float | None:
    """Seconds from `end` to the first moment that `WINDOW` seconds with `share` of the limit follow. None: never."""
    starts = [end, *(time for time in times if time > end)]
    wanted = share * limit * WINDOW
    # Half open: a window that counted the arrival it begins with would count one too many.
    back = (start for start in starts if sum(start < time <= start + WINDOW for time in times) >= wanted)
    first = next(back, None)
    return None if first is None else first - end


def each_second(requests: Sequence[Request]) -> list[list[int]]:
    """Answered, failed (5xx) and refused (429) requests in each second from the first arrival on."""
    if not requests:
        return []
    first = min(request["arrived_at"] for request in requests)
    seen = Counter((int(request["arrived_at"] - first), _part(request)) for request in requests)
    return [[seen[second, part] for part in range(3)] for second in range(max(second for second, _ in seen) + 1)]


def _part(request: Request) -> int:
    if request["http_status"] == 429:
        return 2
    return 1 if request["failure"] else 0
