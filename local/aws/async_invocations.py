"""Asynchronous invocations of one function: their queue, retries, and the record for the destination."""

from __future__ import annotations

import heapq
import os
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Condition, Thread
from typing import Any

from local.aws.concurrency import ThrottledError
from local.aws.functions import AsyncConfig
from local.aws.invocation import InvocationResult
from local.aws.pool import EnvironmentPool, PoolClosedError

# Lambda waits one minute before the first retry, and two before the second.
# https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
RETRY_DELAYS_SECONDS = (60.0, 120.0)
# A throttled event returns to the queue, by the same page: "the retry interval increases exponentially from 1 second
# after the first attempt to a maximum of 5 minutes". That a long queue is read more slowly is not emulated.
MIN_THROTTLE_DELAY_SECONDS, MAX_THROTTLE_DELAY_SECONDS = 1.0, 300.0

# Lambda's machines are its own. Here the functions' processors are also AWS's and the uploader's: more events a second
# would only make what has a slot to meet late. It is more than the limit of the service, so that a queue builds up.
SECONDS_BETWEEN_EVENTS = 0.08 / (os.cpu_count() or 1)

Deliver = Callable[[str, dict[str, Any]], None]


@dataclass(order=True)
class PendingEvent:
    """An event that waits for its next attempt. `due` and `accepted` are seconds of time.monotonic.

    A throttled invocation is no attempt of the function's, and uses up none of its retries.
    """

    due: float
    accepted: float
    event: Any = field(compare=False)
    request_id: str = field(compare=False)
    attempts: int = field(compare=False, default=0)
    throttles: int = field(compare=False, default=0)


class AsyncInvocations:
    """Accepts events at once, and invokes the function for each as soon as it has concurrency left.

    `concurrency` is the account's, which bounds the threads. The delays of retries after an error are multiplied by
    `retry_delay_scale`.
    """

    def __init__(
        self,
        pool: EnvironmentPool,
        config: AsyncConfig,
        deliver: Deliver,
        retry_delay_scale: float,
        concurrency: int,
    ) -> None:
        self._pool, self._config, self._deliver, self._scale = pool, config, deliver, retry_delay_scale
        self._changed = Condition()
        self._waiting: list[PendingEvent] = []
        self._closed = False
        self._next_at = 0.0
        self._executions = ThreadPoolExecutor(concurrency)
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
        self._executions.shutdown(wait=False, cancel_futures=True)

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
            self._wait_for_turn()
            # What a busy machine starts late is not throttled.
            self._pool.wait_for_place()
            try:
                self._pool.acquire()
            except ThrottledError:
                delay = min(MIN_THROTTLE_DELAY_SECONDS * 2.0 ** min(pending.throttles, 20), MAX_THROTTLE_DELAY_SECONDS)
                pending.throttles += 1
                self._put_back(pending, delay, None)
                continue
            with suppress(RuntimeError):
                # The runner ends.
                self._executions.submit(self._attempt, pending)

    def _wait_for_turn(self) -> None:
        time.sleep(max(0.0, self._next_at - time.monotonic()))
        self._next_at = time.monotonic() + SECONDS_BETWEEN_EVENTS

    def _attempt(self, pending: PendingEvent) -> None:
        try:
            result = self._pool.run(pending.event, pending.request_id)
        except PoolClosedError:
            return
        pending.attempts += 1
        if not result.failed:
            self._finish(self._config.on_success, "Success", pending, result)
        elif pending.attempts > self._config.retries:
            self._finish(self._config.on_failure, "RetriesExhausted", pending, result)
        elif self._put_back(pending, RETRY_DELAYS_SECONDS[pending.attempts - 1] * self._scale, result):
            self._pool.count_retry()

    def _put_back(self, pending: PendingEvent, delay: float, result: InvocationResult | None) -> bool:
        """Return the event to the queue, if it is young enough. `result` is that of its last attempt."""
        pending.due = time.monotonic() + delay
        if pending.due - pending.accepted > self._config.maximum_age:
            self._finish(self._config.on_failure, "EventAgeExceeded", pending, result)
            return False
        self._put(pending)
        return True

    def _finish(
        self, destination: str | None, condition: str, pending: PendingEvent, result: InvocationResult | None
    ) -> None:
        if destination is not None:
            self._deliver(destination, self._make_record(condition, pending, result))

    def _make_record(self, condition: str, pending: PendingEvent, result: InvocationResult | None) -> dict[str, Any]:
        # https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
        record = {
            "version": "1.0",
            "timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
            "requestContext": {
                "requestId": pending.request_id,
                "functionArn": f"{self._pool.function.arn}:$LATEST",
                "condition": condition,
                "approximateInvokeCount": pending.attempts,
            },
            "requestPayload": pending.event,
        }
        if result is None:
            return record
        failure = {"functionError": "Unhandled"} if result.failed else {}
        response = {"statusCode": 200, "executedVersion": "$LATEST", **failure}
        return {**record, "responseContext": response, "responsePayload": result.payload}
