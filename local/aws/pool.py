"""The execution environments of one function: warm ones are used again, concurrent invocations get their own."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import BoundedSemaphore, Lock
from typing import Any

from local.aws.containers import Container
from local.aws.environment import Environment, Outcome
from local.aws.functions import Function

Execution = Environment | Container
Start = Callable[[Function, Mapping[str, str], Path], Execution]


@dataclass
class Counts:
    """What happened to one function. `errors` includes the time-outs; `concurrent_peak` is of invocations."""

    invocations: int = 0
    errors: int = 0
    timeouts: int = 0
    retries: int = 0
    cold_starts: int = 0
    concurrent: int = 0
    concurrent_peak: int = 0


class Closed(Exception):
    """The runner is ending: nothing is invoked any more."""


class EnvironmentPool:
    """Invocations beyond the function's bound wait for a free environment."""

    def __init__(
        self, function: Function, cloud_variables: Mapping[str, str], log: Path, start: Start = Environment
    ) -> None:
        self.function = function
        self._variables, self._log, self._start = cloud_variables, log, start
        self._free = BoundedSemaphore(function.environments)
        self._lock = Lock()
        self._idle: list[Execution] = []
        self._busy: set[Execution] = set()
        self._counts = Counts()
        self._closed = False

    def invoke(self, event: Any, request_id: str | None = None) -> Outcome:
        """Runs the handler on an event (JSON). Raises Closed when the runner has ended."""
        with self._free:
            environment = self._take()
            try:
                outcome = environment.invoke(event, request_id or str(uuid.uuid4()))
            finally:
                self._put(environment)
        self._count(outcome)
        return outcome

    def count_retry(self) -> None:
        with self._lock:
            self._counts.retries += 1

    def counts(self) -> dict[str, int]:
        with self._lock:
            return asdict(self._counts)

    def close(self) -> None:
        """Ends all environments, also those that are at work."""
        with self._lock:
            self._closed = True
            environments = [*self._idle, *self._busy]
        for environment in environments:
            environment.close()

    def _take(self) -> Execution:
        with self._lock:
            if self._closed:
                raise Closed
            environment = self._idle.pop() if self._idle else self._started()
            self._busy.add(environment)
            self._counts.invocations += 1
            self._counts.concurrent += 1
            self._counts.concurrent_peak = max(self._counts.concurrent, self._counts.concurrent_peak)
        return environment

    def _started(self) -> Execution:
        self._counts.cold_starts += 1
        return self._start(self.function, self._variables, self._log)

    def _put(self, environment: Execution) -> None:
        with self._lock:
            self._busy.discard(environment)
            self._counts.concurrent -= 1
            if environment.alive:
                self._idle.append(environment)

    def _count(self, outcome: Outcome) -> None:
        with self._lock:
            self._counts.errors += outcome.failed
            self._counts.timeouts += outcome.timed_out
