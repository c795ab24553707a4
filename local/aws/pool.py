"""The execution environments of one function: warm ones are reused, concurrent invocations get one each."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass
from threading import Condition
from typing import Any

from local.aws.concurrency import AccountConcurrency, ThrottledError
from local.aws.containers import ContainerEnvironment
from local.aws.execution_environment import ProcessEnvironment
from local.aws.functions import Function
from local.aws.invocation import InvocationResult

ExecutionEnvironment = ProcessEnvironment | ContainerEnvironment
StartEnvironment = Callable[[Function], ExecutionEnvironment]


@dataclass
class Counts:
    """The invocations of one function. `errors` includes time-outs; `concurrent_peak` is the most at one time.

    A throttled invocation is no invocation, as in Lambda's own metrics.
    """

    invocations: int = 0
    errors: int = 0
    timeouts: int = 0
    retries: int = 0
    throttles: int = 0
    cold_starts: int = 0
    concurrent: int = 0
    concurrent_peak: int = 0


# Lambda starts its environments on machines of their own. Here more at a time would only take the time of those that
# have a slot to meet. An invocation gets the first environment that is idle or ready, as in Lambda.
MAX_STARTING = os.cpu_count() or 1


class PoolClosedError(Exception):
    """The runner is ending, and invokes no function any more."""


class EnvironmentPool:
    """Invokes one function, within the account's concurrency."""

    def __init__(self, function: Function, concurrency: AccountConcurrency, start: StartEnvironment) -> None:
        self.function = function
        self._concurrency, self._start = concurrency, start
        self._lock = Condition()
        self._starting = 0
        self._idle: list[ExecutionEnvironment] = []
        self._busy: set[ExecutionEnvironment] = set()
        self._counts = Counts()
        self._closed = False

    def invoke(self, event: Any, request_id: str | None = None) -> InvocationResult:
        """Run the handler with an event (JSON). Raises ThrottledError, or PoolClosedError if the runner has ended."""
        self.acquire()
        return self.run(event, request_id or str(uuid.uuid4()))

    def wait_for_place(self) -> None:
        """Wait until an environment is idle or may be started, or the runner ends."""
        with self._lock:
            self._lock.wait_for(self._has_place)

    def acquire(self) -> None:
        """Begin an execution, which `run` ends. Raises ThrottledError."""
        try:
            self._concurrency.acquire(self.function.name)
        except ThrottledError:
            with self._lock:
                self._counts.throttles += 1
            raise

    def run(self, event: Any, request_id: str) -> InvocationResult:
        """Run the handler in an execution that was acquired. Raises PoolClosedError if the runner has ended."""
        try:
            environment = self._take()
            try:
                result = environment.invoke(event, request_id)
            finally:
                self._put(environment)
        finally:
            self._concurrency.release(self.function.name)
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
            self._lock.notify_all()
            environments = [*self._idle, *self._busy]
        for environment in environments:
            environment.close()

    def _take(self) -> ExecutionEnvironment:
        environment = self._take_idle() or self._start_environment()
        with self._lock:
            self._counts.invocations += 1
            self._counts.concurrent += 1
            self._counts.concurrent_peak = max(self._counts.concurrent, self._counts.concurrent_peak)
        return environment

    def _take_idle(self) -> ExecutionEnvironment | None:
        """Return an idle environment, or None where one is to be started. Raises PoolClosedError."""
        with self._lock:
            self._lock.wait_for(self._has_place)
            if self._closed:
                raise PoolClosedError
            if not self._idle:
                self._starting += 1
                return None
            environment = self._idle.pop()
            self._busy.add(environment)
            return environment

    def _start_environment(self) -> ExecutionEnvironment:
        try:
            environment = self._start(self.function)
            with self._lock:
                self._busy.add(environment)
                self._counts.cold_starts += 1
                is_late = self._closed
            if is_late:
                environment.close()
                raise PoolClosedError
            environment.initialize()
        finally:
            with self._lock:
                self._starting -= 1
                self._lock.notify_all()
        return environment

    def _has_place(self) -> bool:
        return self._closed or bool(self._idle) or self._starting < MAX_STARTING

    def _put(self, environment: ExecutionEnvironment) -> None:
        with self._lock:
            self._busy.discard(environment)
            self._counts.concurrent -= 1
            if environment.alive:
                self._idle.append(environment)
                self._lock.notify()

    def _count(self, result: InvocationResult) -> None:
        with self._lock:
            if self._closed:
                # It was killed, which is no fault of its own.
                raise PoolClosedError
            self._counts.errors += result.failed
            self._counts.timeouts += result.timed_out
