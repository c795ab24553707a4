"""The gateway in front of the operation. It checks key, rate and quota at a request's arrival, and counts."""

import math
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from hmac import compare_digest
from threading import Lock
from typing import Any

from local.match.rate_window import LargestWindow, SlidingWindowLimit
from local.match.request_log import LoggedRequest

Clock = Callable[[], float]


@dataclass(frozen=True)
class Admission:
    """The decision on one request. `status` is the HTTP status of a refusal or None; `retry_after` is in seconds."""

    logged: LoggedRequest
    status: int | None = None
    retry_after: int | None = None


class Gateway:
    """Admits or refuses requests in the order of arrival, and logs them. Safe for threads."""

    def __init__(self, key: str, rate: float, monotonic: Clock = time.monotonic, wall: Clock = time.time) -> None:
        self.key = key
        self.quota_retry_after: int | None = None
        self._limit = SlidingWindowLimit(rate)
        self._monotonic, self._wall = monotonic, wall
        self._lock = Lock()
        self.clear()

    @property
    def rate(self) -> float:
        """The limit in requests a second."""
        return self._limit.rate

    @rate.setter
    def rate(self, rate: float) -> None:
        self._limit.rate = rate

    def clear(self) -> None:
        """Empty the log and the counters. The rate limit still counts the requests that it accepted before."""
        with self._lock:
            self._log: list[LoggedRequest] = []
            self._window = LargestWindow()
            self._refused: Counter[int] = Counter()

    def arrive(self, key: str | None) -> Admission:
        """Decide on the request that arrives now."""
        # The clock is read under the lock, so that the limit, the largest window and the log have the same order.
        with self._lock:
            now = self._monotonic()
            logged = LoggedRequest(arrived_at=self._wall(), arrived_monotonic=now)
            self._log.append(logged)
            self._window.record(now, self._limit.window_seconds)
            status, retry_after = self._decide(key, now)
            if status is not None:
                self._refused[status] += 1
            return Admission(logged, status, retry_after)

    def requests(self, after: float = 0.0) -> list[dict[str, Any]]:
        """Return the logged requests that arrived after a time (epoch seconds) as JSON values, oldest first."""
        with self._lock:
            return [logged.as_json() for logged in self._log if logged.arrived_at > after]

    def stats(self) -> dict[str, Any]:
        """Return the numbers of requests, and the most that arrived in any one window.

        A window lasts `window_seconds`, and the rate allows `window_limit` requests in it. See rate_window.py.
        """
        with self._lock:
            return {
                "requests": len(self._log),
                "accepted": len(self._log) - self._refused.total(),
                "refused_401": self._refused[401],
                "refused_403": self._refused[403],
                "refused_429": self._refused[429],
                "largest_window": self._window.largest,
                "window_limit": self._limit.window_limit,
                "window_seconds": self._limit.window_seconds,
            }

    def _decide(self, key: str | None, now: float) -> tuple[int | None, int | None]:
        if not compare_digest((key or "").encode(), self.key.encode()):
            return 401, None
        if not self._limit.admit(now):
            return 429, math.ceil(self._limit.window_seconds)
        if self.quota_retry_after is not None:
            return 403, self.quota_retry_after
        return None, None
