"""The execution environments of one function: warm ones are reused, concurrent invocations get one each."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import BoundedSemaphore, Lock
from typing import Any

from local.aws.containers import ContainerEnvironment
from local.aws.execution_environment import ProcessEnvironment
from local.aws.functions import Function
from local.aws.invocation import InvocationResult

ExecutionEnvironment = ProcessEnvironment | ContainerEnvironment
StartEnvironment = Callable[[Function, Mapping[str, str], Path], ExecutionEnvironment]


@dataclass
class Counts:
    """The invocations of one function. `errors` includes time-outs; `concurrent_peak` is the most at one time."""

    invocations: int = 0
    errors: int = 0
    timeouts: int = 0
    retries: int = 0
    cold_starts: int = 0
    concurrent: int = 0
    concurrent_peak: int = 0


class PoolClosedError(Exception):
    """The runner is ending, and invokes no function any more."""


class EnvironmentPool:
    """Bounds the concurrent invocations: further ones wait for a free environment."""

    def __init__(
        self,
        function: Function,
        cloud_variables: Mapping[str, str],
        log: Path,
        start: StartEnvironment = ProcessEnvironment,
    ) -> None:
        self.function = function
        self._variables, self._log, self._start = cloud_variables, log, start
        self._free = BoundedSemaphore(function.environments)
        self._lock = Lock()
        self._idle: list[ExecutionEnvironment] = []
        self._busy: set[ExecutionEnvironment] = set()
        self._counts = Counts()
        self._closed = False

    def invoke(self, event: Any, request_id: str | None = None) -> InvocationResult:
        """Run the handler with an event (JSON). Raises PoolClosedError if the runner has ended."""
        with self._free:
            environment = self._take()
            try:
                result = environment.invoke(event, request_id or str(uuid.uuid4()))
            finally:
                self._put(environment)
        self._count(result)
        return result

    def count_retry(self) -> None:
        """Count the retry of an asynchronous invocation."""
        with self._lock:
            self._counts.retries += 1

    def counts(self) -> dict[str, int]:
        """Return the fields of Counts."""
        with self._lock:
            return asdict(self._counts)

    def close(self) -> None:
        """End all environments, including busy ones."""
        with self._lock:
            self._closed = True
            environments = [*self._idle, *self._busy]
        for environment in environments:
            environment.close()

    def _take(self) -> ExecutionEnvironment:
        with self._lock:
            if self._closed:
                raise PoolClosedError
            environment = self._idle.pop() if self._idle else self._start_environment()
            self._busy.add(environment)
            self._counts.invocations += 1
            self._counts.concurrent += 1
            self._counts.concurrent_peak = max(self._counts.concurrent, self._counts.concurrent_peak)
        return environment

    def _start_environment(self) -> ExecutionEnvironment:
        self._counts.cold_starts += 1
        return self._start(self.function, self._variables, self._log)

    def _put(self, environment: ExecutionEnvironment) -> None:
        with self._lock:
            self._busy.discard(environment)
            self._counts.concurrent -= 1
            if environment.alive:
                self._idle.append(environment)

    def _count(self, result: InvocationResult) -> None:
        with self._lock:
            self._counts.errors += result.failed
            self._counts.timeouts += result.timed_out
