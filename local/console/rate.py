"""Counts the Match requests of each second, as the emulator saw them arrive."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

SHOWN_SECONDS = 120
_UNCERTAIN_SECONDS = 5
_TOO_MANY_REQUESTS = 429

# Returns the requests that arrived after a time (epoch seconds), with the fields of request_log.LoggedRequest.
ListRequests = Callable[[float], list[dict[str, Any]]]


class RateCounter:
    """The accepted and the refused requests of each of the last seconds."""

    def __init__(self, list_requests: ListRequests, now: Callable[[], float]) -> None:
        self._list, self._now = list_requests, now
        self._counted_to = int(now()) - SHOWN_SECONDS
        self._accepted: Counter[int] = Counter()
        self._refused: Counter[int] = Counter()

    def refresh(self) -> None:
        """Count what arrived since the last call, and forget what is shown no more."""
        now = int(self._now())
        # A request has no status before its reply, so the last seconds are counted again.
        start = max(self._counted_to - _UNCERTAIN_SECONDS, now - SHOWN_SECONDS)
        for counts in (self._accepted, self._refused):
            for second in [one for one in counts if one >= start or one < now - SHOWN_SECONDS]:
                del counts[second]
        for request in self._list(float(start)):
            is_refused = request["http_status"] == _TOO_MANY_REQUESTS
            (self._refused if is_refused else self._accepted)[int(request["arrived_at"])] += 1
        self._counted_to = now

    def per_second(self) -> list[list[int]]:
        """Return [accepted, refused] of each second, the oldest first and the one that just began last."""
        end = int(self._now()) + 1
        return [[self._accepted[one], self._refused[one]] for one in range(end - SHOWN_SECONDS, end)]
