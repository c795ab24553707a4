"""The concurrent executions of an account: shared by its functions, but for what some of them reserve.

A reservation is a function's part of the account's quota, and its bound. An invocation beyond either is throttled, and
does not wait: https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from threading import Lock

# Lambda gives most accounts 1,000 in a region, and a new one 10. A laptop has the memory for this many.
DEFAULT_CONCURRENCY = 100


class ThrottledError(Exception):
    """The function has no concurrency left. Lambda's API answers 429, TooManyRequestsException."""


class AccountConcurrency:
    """Counts the executions that run. Any thread may use it."""

    def __init__(self, total: int, reserved: Mapping[str, int]) -> None:
        """`reserved` has the functions, by name, that reserve some of the `total`."""
        self._reserved = dict(reserved)
        self._shared = total - sum(reserved.values())
        self._running: Counter[str] = Counter()
        self._lock = Lock()

    def acquire(self, function: str) -> None:
        """Begin an execution. Raises ThrottledError where none is left."""
        with self._lock:
            if self._count_left(function) <= 0:
                raise ThrottledError(function)
            self._running[function] += 1

    def release(self, function: str) -> None:
        """End an execution."""
        with self._lock:
            self._running[function] -= 1

    def _count_left(self, function: str) -> int:
        if function in self._reserved:
            return self._reserved[function] - self._running[function]
        return self._shared - sum(count for name, count in self._running.items() if name not in self._reserved)
