"""The gateway in front of the operation: key, rate and quota, decided at a request's arrival, and counted."""

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
    """`status`: the HTTP status of a refusal, None where accepted; `retry_after` in seconds."""

    logged: LoggedRequest
    status: int | None = None
    retry_after: int | None = None


class Gateway:
    """Admits requests in the order of arrival, and keeps the log of them. Safe for threads."""

    def __init__(self, key: str, rate: float, monotonic: Clock = time.monotonic, wall: Clock = time.time) -> None:
        self.key = key
        self.quota_retry_after: int | None = None
        self._limit = SlidingWindowLimit(rate)
        self._monotonic, self._wall = monotonic, wall
        self._lock = Lock()
        self.clear()

    @property
    def rate(self) -> float:
        return self._limit.rate

    @rate.setter
    def rate(self, rate: float) -> None:
        self._limit.rate = rate

    def clear(self) -> None:
        """Empties the log and the counters. What the limit remembers stays."""
        with self._lock:
            self._log: list[LoggedRequest] = []
            self._window = LargestWindow()
            self._refused: Counter[int] = Counter()

    def arrive(self, key: str | None) -> Admission:
        """Decides about the request that arrives now."""
        # The clock is read under the lock: the limit, the judge and the log then agree on one order.
        with self._lock:
            now = self._monotonic()
            logged = LoggedRequest(arrived_at=self._wall(), arrived_monotonic=now)
            self._log.append(logged)
            self._window.record(now, self._limit.window_seconds)
            status, retry_after = self._decide(key, now)
            if status is not None:
                self._refused[status] += 1
            return Admission(logged, status, retry_after)

    def requests(self) -> list[dict[str, Any]]:
        """The log, oldest first."""
        with self._lock:
            return [logged.as_json() for logged in self._log]

    def stats(self) -> dict[str, Any]:
        """How many requests were seen, accepted and refused, and the most that arrived in any one window.

        A window is of `window_seconds`, and `window_limit` is what the rate lets into one: see rate_window.py.
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
