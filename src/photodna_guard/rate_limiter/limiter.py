"""The rate limiter that all functions share: performs the core's commands against DynamoDB."""

import math
import random
import time
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from photodna_guard.aws.table import Table
from photodna_guard.domain.errors import DeferrableError, GuardError
from photodna_guard.rate_limiter.commands import Command, MakeReady, Read, Sleep, Steps
from photodna_guard.rate_limiter.core import LimiterCore
from photodna_guard.rate_limiter.gcra import (
    BACKFILL,
    MAX_PROBE_INTERVAL,
    MICROSECONDS,
    Priority,
    Spacing,
    Standstill,
    find_standstill,
)
from photodna_guard.rate_limiter.store import LimiterStore

_T = TypeVar("_T")


def run(steps: Steps[_T], perform: Callable[[Command], Any]) -> _T:
    """Perform each command of `steps`, and return their result. A command's error is raised where it was yielded."""
    try:
        command = next(steps)
        while True:
            try:
                reply = perform(command)
            except GuardError as error:
                command = steps.throw(error)
            else:
                command = steps.send(reply)
    except StopIteration as end:
        result: _T = end.value
        return result


def _nothing() -> None:
    pass


class RateLimiter:
    """Slots, priorities, pauses and the circuit breaker. Raises DeferrableError and RetryableError.

    `LimiterCore` decides; see its methods.
    """

    def __init__(
        self,
        table: Table,
        rate: float,
        margin_ms: float,
        priority: Priority,
        monthly_quota: int = 0,
        sleep: Callable[[float], None] = time.sleep,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        """Share `rate` requests a second with all who use the table.

        `monthly_quota`: the requests that the subscription has for a month; 0 where they are not counted.
        """
        spacing = Spacing.of(rate, margin_ms)
        self._interval = spacing.interval
        self._core = LimiterCore(spacing, priority, table.now, table.server_clock, uniform, monthly_quota)
        self._store, self._sleep = LimiterStore(table, priority.name), sleep
        self._now, self._priority, self._quota = table.now, priority, monthly_quota

    @property
    def batch_size(self) -> int:
        """The most slots to reserve at once."""
        return self._priority.batch_size(self._interval)

    @property
    def is_breaker_open(self) -> bool:
        """Whether the circuit breaker is open, as of this worker's last call."""
        return self._core.answer_timeout < math.inf

    def reserve(
        self,
        count: int,
        within: float = math.inf,
        ready: Callable[[], None] = _nothing,
        *,
        is_continued: bool = False,
    ) -> list[float]:
        """Reserve `count` slots in one write, or one slot for a probe while the circuit breaker is open.

        No slot lies beyond `within` seconds from now: there may be fewer. `ready` is called when slots are near, before
        they are reserved; its errors are passed on. `is_continued`: they are for the batch whose first slots this
        worker reserved last. Raises DeferrableError where no slot is near enough.
        """
        return run(self._core.reserve(count, within, is_continued), partial(self._perform, ready=ready))

    def wait_for_slot(self, slot: float) -> bool:
        """Wait for the slot, and return whether it was met. A missed slot is given up and never used late.

        Raises ServiceUnavailableError where this worker has paused all others since it reserved the slot.
        """
        return run(self._core.wait_for_slot(slot), self._perform)

    def pause(self, until: float) -> None:
        """Pause all workers until then, by one write."""
        run(self._core.pause(until), self._perform)

    def record_failure(self, unreachable: bool = False) -> bool:
        """Count a request without an answer, or one that was not sent since the service is `unreachable`.

        Return whether the circuit breaker is open now.
        """
        return run(self._core.record_failure(unreachable), self._perform)

    def record_unauthorized(self) -> None:
        """Open the circuit breaker: no request is answered until an operator mends the key."""
        run(self._core.record_unauthorized(), self._perform)

    def record_success(self) -> None:
        """Close the circuit breaker, and forget the failures, where there are any."""
        run(self._core.record_success(), self._perform)

    @property
    def answer_timeout(self) -> float:
        """Seconds after which to give up an answer, so that a probe does not keep this worker from the next ones."""
        return self._core.answer_timeout

    @property
    def quota_used(self) -> float | None:
        """The used part of the month's quota, as of this worker's last call; None without a quota."""
        return self._core.quota_used

    def finds_burst(self) -> bool:
        """Return whether a fresh upload had better wait for a queue's worker, who uses the rate more closely.

        So it is where this worker's clock is not exact yet, others wait for slots, and uploads in this worker's place
        have taken enough slots with gaps before and behind them.
        """
        return run(self._core.finds_burst(), self._perform)

    def standstill(self) -> Standstill | None:
        """Return that the service answers nobody for longer than a worker waits; None where requests are sent.

        Also that the month's quota leaves nothing for the backfill.
        """
        now = round(self._now() * MICROSECONDS)
        state = self._store.perform(Read(now)).state
        is_used_up = self._quota and state.used >= self._quota and self._priority is BACKFILL
        for_quota = Standstill(MAX_PROBE_INTERVAL / MICROSECONDS, is_for_quota=True) if is_used_up else None
        return for_quota or find_standstill(state, now, self._priority)

    def check_quota(self, new: bool) -> None:
        """Raise DeferrableError where the month's quota is used up, except for a `new` upload outside a backfill."""
        if (self.quota_used or 0) >= 1 and not (new and self._priority is not BACKFILL):
            raise DeferrableError("the monthly quota is used up", self._now() + 3600)

    def _perform(self, command: Command, ready: Callable[[], None] = _nothing) -> Any:
        match command:
            case Sleep():
                return self._sleep(command.seconds)
            case MakeReady():
                return ready()
            case _:
                return self._store.perform(command)
