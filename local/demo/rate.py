"""Counts the requests that the emulator received, by the second (pure)."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Second:
    """The requests of one second of the run. The first second begins with the first request."""

    accepted: int
    refused: int


@dataclass(frozen=True)
class Rate:
    """The use of the rate limit. `largest_window` is the most requests in any one second, wherever it begins."""

    limit: float  # requests per second
    requests: int
    largest_window: int
    refused_429: int
    per_second: list[Second]

    @property
    def is_exceeded(self) -> bool:
        """Tell whether any one second held more requests than the limit."""
        return self.largest_window > math.ceil(self.limit)


def measure(limit: float, stats: Mapping[str, int], requests: Sequence[Mapping[str, Any]]) -> Rate:
    """Combine the emulator's statistics and its log of requests."""
    return Rate(
        limit=limit,
        requests=stats["requests"],
        largest_window=stats["largest_window"],
        refused_429=stats["refused_429"],
        per_second=_count_by_second(requests),
    )


def _count_by_second(requests: Sequence[Mapping[str, Any]]) -> list[Second]:
    if not requests:
        return []
    first = min(request["arrived_at"] for request in requests)
    accepted, refused = Counter[int](), Counter[int]()
    for request in requests:
        column = refused if request["http_status"] == 429 else accepted
        column[int(request["arrived_at"] - first)] += 1
    last = max(accepted | refused)
    return [Second(accepted[second], refused[second]) for second in range(last + 1)]
