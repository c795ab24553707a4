"""Asynchronous invocations of one function: their queue, retries, and the record for the destination."""

from __future__ import annotations

import heapq
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Condition, Thread
from typing import Any

from local.aws.functions import AsyncConfig
from local.aws.invocation import InvocationResult
from local.aws.pool import EnvironmentPool, PoolClosedError

# Lambda waits one minute before the first retry, and two before the second.
# https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
RETRY_DELAYS_SECONDS = (60.0, 120.0)

Deliver = Callable[[str, dict[str, Any]], None]


@dataclass(order=True)
class PendingEvent:
    """An event that waits for its next attempt. `due` and `accepted` are seconds of time.monotonic."""

    due: float
    accepted: float
    event: Any = field(compare=False)
    request_id: str = field(compare=False)
    attempts: int = field(compare=False, default=0)


class AsyncInvocations:
    """Accepts events at once, and invokes the function with as many threads as it has environments."""

    def __init__(self, pool: EnvironmentPool, config: AsyncConfig, deliver: Deliver, retry_delay_scale: float) -> None:
        self._pool, self._config, self._deliver, self._scale = pool, config, deliver, retry_delay_scale
        self._changed = Condition()
        self._waiting: list[PendingEvent] = []
        self._closed = False
        for _ in range(pool.function.environments):
            Thread(target=self._run, daemon=True).start()

    def accept(self, event: Any) -> None:
        """Queue an event for its first attempt."""
        now = time.monotonic()
        self._put(PendingEvent(now, now, event, str(uuid.uuid4())))

    def close(self) -> None:
        """Stop invoking the function, and drop the queue."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _put(self, pending: PendingEvent) -> None:
        with self._changed:
            heapq.heappush(self._waiting, pending)
            self._changed.notify()

    def _wait_for_due_event(self) -> PendingEvent | None:
        with self._changed:
            while not self._closed:
                delay = self._waiting[0].due - time.monotonic() if self._waiting else None
                if delay is not None and delay <= 0:
                    return heapq.heappop(self._waiting)
                self._changed.wait(delay)
        return None

    def _run(self) -> None:
        while pending := self._wait_for_due_event():
            try:
                self._attempt(pending)
            except PoolClosedError:
                return

    def _attempt(self, pending: PendingEvent) -> None:
        result = self._pool.invoke(pending.event, pending.request_id)
        pending.attempts += 1
        if not result.failed:
            self._finish(self._config.on_success, "Success", pending, result)
        elif pending.attempts > self._config.retries:
            self._finish(self._config.on_failure, "RetriesExhausted", pending, result)
        else:
            self._retry(pending, result)

    def _retry(self, pending: PendingEvent, result: InvocationResult) -> None:
        pending.due = time.monotonic() + RETRY_DELAYS_SECONDS[pending.attempts - 1] * self._scale
        if pending.due - pending.accepted > self._config.maximum_age:
            self._finish(self._config.on_failure, "EventAgeExceeded", pending, result)
            return
        self._pool.count_retry()
        self._put(pending)

    def _finish(self, destination: str | None, condition: str, pending: PendingEvent, result: InvocationResult) -> None:
        if destination is not None:
            self._deliver(destination, self._make_record(condition, pending, result))

    def _make_record(self, condition: str, pending: PendingEvent, result: InvocationResult) -> dict[str, Any]:
        # https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
        failure = {"functionError": "Unhandled"} if result.failed else {}
        return {
            "version": "1.0",
            "timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
            "requestContext": {
                "requestId": pending.request_id,
                "functionArn": f"{self._pool.function.arn}:$LATEST",
                "condition": condition,
                "approximateInvokeCount": pending.attempts,
            },
            "requestPayload": pending.event,
            "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", **failure},
            "responsePayload": result.payload,
        }
