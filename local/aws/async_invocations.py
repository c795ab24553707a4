"""Asynchronous invocation of one function: its queue, its retries, and the record to its destination."""

from __future__ import annotations

import heapq
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Condition, Thread
from typing import Any

from local.aws.environment import Outcome
from local.aws.functions import AsyncConfig
from local.aws.pool import Closed, EnvironmentPool

# Lambda waits a minute before the first retry and two before the second.
# https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
RETRY_DELAYS = (60.0, 120.0)

Deliver = Callable[[str, dict[str, Any]], None]


@dataclass(order=True)
class Pending:
    """An event that waits: `due` and `accepted` are in time.monotonic's seconds."""

    due: float
    accepted: float
    event: Any = field(compare=False)
    request_id: str = field(compare=False)
    attempts: int = field(compare=False, default=0)


class AsyncInvocations:
    """Accepts events at once, and works them with as many threads as the function has environments."""

    def __init__(self, pool: EnvironmentPool, config: AsyncConfig, deliver: Deliver, retry_delay_scale: float) -> None:
        self._pool, self._config, self._deliver, self._scale = pool, config, deliver, retry_delay_scale
        self._changed = Condition()
        self._waiting: list[Pending] = []
        self._closed = False
        for _ in range(pool.function.environments):
            Thread(target=self._work, daemon=True).start()

    def accept(self, event: Any) -> None:
        now = time.monotonic()
        self._put(Pending(now, now, event, str(uuid.uuid4())))

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _put(self, pending: Pending) -> None:
        with self._changed:
            heapq.heappush(self._waiting, pending)
            self._changed.notify()

    def _next(self) -> Pending | None:
        with self._changed:
            while not self._closed:
                delay = self._waiting[0].due - time.monotonic() if self._waiting else None
                if delay is not None and delay <= 0:
                    return heapq.heappop(self._waiting)
                self._changed.wait(delay)
        return None

    def _work(self) -> None:
        while pending := self._next():
            try:
                self._attempt(pending)
            except Closed:
                return

    def _attempt(self, pending: Pending) -> None:
        outcome = self._pool.invoke(pending.event, pending.request_id)
        pending.attempts += 1
        if not outcome.failed:
            self._finish(self._config.on_success, "Success", pending, outcome)
        elif pending.attempts > self._config.retries:
            self._finish(self._config.on_failure, "RetriesExhausted", pending, outcome)
        else:
            self._retry(pending, outcome)

    def _retry(self, pending: Pending, outcome: Outcome) -> None:
        pending.due = time.monotonic() + RETRY_DELAYS[pending.attempts - 1] * self._scale
        if pending.due - pending.accepted > self._config.maximum_age:
            self._finish(self._config.on_failure, "EventAgeExceeded", pending, outcome)
            return
        self._pool.count_retry()
        self._put(pending)

    def _finish(self, destination: str | None, condition: str, pending: Pending, outcome: Outcome) -> None:
        if destination is not None:
            self._deliver(destination, self._record(condition, pending, outcome))

    def _record(self, condition: str, pending: Pending, outcome: Outcome) -> dict[str, Any]:
        """https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html"""
        failure = {"functionError": "Unhandled"} if outcome.failed else {}
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
            "responsePayload": outcome.payload,
        }
