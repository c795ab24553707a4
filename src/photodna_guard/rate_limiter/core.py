"""The rate limiter without I/O: its methods yield commands, receive the replies, and return the result.

`RateLimiter` performs the commands against DynamoDB, and the simulation against an item in memory: both run this code.
Times inside are microseconds of DynamoDB's clock. Those that come in or go out are epoch seconds of this machine's.
"""

import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from photodna_guard.domain.errors import DeferrableError, RetryableError, ServiceUnavailableError, SlotUnavailableError
from photodna_guard.rate_limiter import commands, gap_limit, gcra
from photodna_guard.rate_limiter.commands import Steps
from photodna_guard.rate_limiter.gcra import MICROSECONDS, LimiterState, Priority, Spacing, Wait
from photodna_guard.rate_limiter.server_clock import ServerClock

MAX_ROUND_TRIP = 0.16  # seconds. A call that took longer was retried, and is no measure.
_QUIET_BEFORE_SLOT = 0.4  # seconds before a slot in which the clock offset is not sampled.
_LONGEST_RUN = 86_400.0  # seconds: more than any function runs.
MAX_REFUSED_WRITES = 20  # So many were never met: the loop ends.


class LimiterCore:
    """The decisions of one worker. Its steps raise DeferrableError, and pass on what a command raises."""

    def __init__(
        self,
        spacing: Spacing,
        priority: Priority,
        now: Callable[[], float],
        server_clock: ServerClock,
        uniform: Callable[[float, float], float],
        monthly_quota: int = 0,
    ) -> None:
        """`monthly_quota`: the requests that the subscription has for a month; 0 where they are not counted."""
        self._spacing, self._priority, self._now, self._server_clock = spacing, priority, now, server_clock
        self._uniform, self._quota = uniform, monthly_quota
        self._look_ahead = priority.look_ahead(spacing.interval)
        self._state, self._paused_until = LimiterState(), 0.0
        self._last_turn: int | None = None  # of this worker's last batch; before its first, the turn at its first read
        self._round_trip = 0.033  # seconds of a call lately; a slot starts 1.5 times as far ahead

    def finds_burst(self) -> Steps[bool]:
        """Return whether enough gaps were kept lately, so that a fresh upload had better wait for a queue's worker."""
        if self._next_sample_at(self._now()) == math.inf:
            return False
        return (yield from gap_limit.is_reached(self._server_time()))

    def reserve(self, count: int, within: float = math.inf, is_continued: bool = False) -> Steps[list[float]]:
        """Reserve `count` slots in one write, or one slot for a probe while the circuit breaker is open.

        No slot lies beyond `within` seconds: there may be fewer. `is_continued`: for the batch whose first slots this
        worker reserved last. Raises DeferrableError where no slot is near enough.
        """
        deadline = self._now() + within
        give_up = min(self._now() + self._priority.max_wait_seconds, deadline)
        if self._priority.max_wait_seconds:
            # A worker that can wait reads first, since a refused write costs more than a read.
            yield from self._read()
        refused = 0
        while refused < MAX_REFUSED_WRITES:
            if wait := gcra.wait_needed(self._state, self._server_time(), self._look_ahead):
                yield from self._wait(wait, give_up, is_continued)
                continue
            yield commands.MakeReady()
            if slots := (yield from self._take(count, deadline, is_continued)):
                return slots
            refused += 1
        raise SlotUnavailableError("many workers want a slot", until=self._now() + 1)

    def wait_for_slot(self, slot: float) -> Steps[bool]:
        """Wait for the slot, and return whether it was met. A missed slot is given up and never used late.

        Raises ServiceUnavailableError where this worker has paused all others since it reserved the slot.
        """
        if not self._priority.max_wait_seconds:
            # A worker of a queue has sampled the clock while it waited for slots. Now its batch's slots are near.
            yield from self._sample_clock_until(slot)
        yield commands.SleepUntilSlot(max(0.0, slot - self._now()))
        if self._now() < self._paused_until:
            raise ServiceUnavailableError("paused", self._paused_until)
        return self._now() - slot <= self._spacing.max_lateness

    def pause(self, until: float) -> Steps[None]:
        """Pause all workers until then, by one write."""
        self._paused_until = max(self._paused_until, until)
        until_server_time = round((until + self._server_clock.offset(self._now())) * MICROSECONDS)
        yield commands.Pause(self._server_time(), until_server_time)

    def record_failure(self, unreachable: bool = False) -> Steps[bool]:
        """Count a request without an answer, or one that was not sent since the service is `unreachable`.

        Return whether the circuit breaker is open now.
        """
        with suppress(DeferrableError, RetryableError):
            if not self._state.tripped_at:
                self._state = (yield commands.CountFailure(self._server_time())).state
            if self._state.failures >= gcra.FAILURE_THRESHOLD or self._state.tripped_at:
                yield from self._open_breaker(unreachable)
        return self._state.tripped_at > 0

    def record_unauthorized(self) -> Steps[None]:
        """Open the circuit breaker: no request is answered until an operator mends the key."""
        with suppress(DeferrableError, RetryableError):
            yield from self._open_breaker()

    def record_success(self) -> Steps[None]:
        """Close the circuit breaker, and forget the failures, where there are any."""
        if self._state.tripped_at or self._state.failures:
            self._state = self._state._replace(tripped_at=0, probe_at=0, failures=0)
            with suppress(DeferrableError, RetryableError):
                yield commands.CloseBreaker(self._server_time())

    @property
    def answer_timeout(self) -> float:
        """Seconds after which to give up an answer, so that a probe does not keep this worker from the next ones."""
        since = self._state.tripped_at
        return 3 * gcra.probe_interval(since, self._server_time()) / MICROSECONDS if since else math.inf

    @property
    def quota_used(self) -> float | None:
        """The used part of the month's quota, as of this worker's last call; None without a quota."""
        return self._state.used / self._quota if self._quota else None

    def _wait(self, wait: Wait, give_up: float, is_continued: bool) -> Steps[None]:
        """Sleep and read until the wait is over, or the state has changed. A batch once begun goes before others."""
        until = wait.until / MICROSECONDS - self._server_clock.offset(self._now())
        known = self._state
        if until > give_up:
            # The next reservation asks the item afresh.
            self._state = known._replace(paused_until=0, tripped_at=0, probe_at=0)
            raise (ServiceUnavailableError if wait.is_for_all else SlotUnavailableError)(wait.reason, until)
        # A short wait is cheaper than a batch that goes back to its queue.
        if wait.is_for_all or not is_continued:
            until += self._uniform(*gcra.wake_delay(known, self._last_turn or 0))
        while self._state == known and (now := self._now()) < until:
            poll_at = now + gcra.PAUSE_POLL_INTERVAL / MICROSECONDS if wait.is_for_all else until
            yield commands.Sleep(max(0.0, min(until, poll_at, self._next_sample_at(now)) - now))
            yield from self._read()

    def _sample_clock_until(self, slot: float) -> Steps[None]:
        """Make the clock exact, as far as there is time, since an inexact one costs the slots in its gaps."""
        while (sample_at := self._next_sample_at(self._now())) < slot - _QUIET_BEFORE_SLOT:
            yield commands.Sleep(max(0.0, sample_at - self._now()))
            with suppress(DeferrableError, RetryableError):
                yield from self._read()

    def _read(self) -> Steps[None]:
        began = self._now()
        self._state = (yield commands.Read(self._server_time())).state
        if self._last_turn is None:
            self._last_turn = self._state.fairness_turn
        self._measure_round_trip(began)

    def _take(self, count: int, deadline: float, is_continued: bool) -> Steps[list[float]]:
        """Return the slots, or none where the state had changed. Raises DeferrableError where none fits."""
        began = self._now()
        # The slots are used by the offset that is known now, whatever is learned before they have come.
        offset, error = self._server_clock.offset(began), self._server_clock.error(began)
        # Other workers use the slots before and behind by their own clocks.
        gap = round(max(0.0, error - self._spacing.max_clock_error) * MICROSECONDS)
        now, last = (round((at + offset) * MICROSECONDS) for at in (began, min(deadline, began + _LONGEST_RUN)))
        command = replace(self._reservation(now, last - gap, count, gap), is_continued=is_continued)
        if not command.count:
            raise SlotUnavailableError(gcra.NO_SLOT, max(command.start, self._state.tat) / MICROSECONDS - offset)
        reply = yield command
        self._state = reply.state
        self._measure_round_trip(began)
        if not reply.applied:
            return []
        if command.is_turn:
            self._last_turn = self._state.fairness_turn
        slots = gcra.slot_times(self._state.tat - gap, command.count, self._spacing.interval)
        return [slot / MICROSECONDS - offset for slot in slots]

    def _reservation(self, now: int, last: int, count: int, gap: int) -> commands.Reserve:
        """Return the write for at most `count` slots, of which none begins after `last`."""
        start, interval = now + round(1.5 * self._round_trip * MICROSECONDS), self._spacing.interval
        most = gcra.count_fitting(max(start, self._state.tat), last, interval)
        count = min(1 if self._state.tripped_at else count, most)
        latest = min(now + self._look_ahead, last - interval * (count - 1))
        span = count * interval + 2 * gap
        return commands.Reserve(now, self._state, start, latest, count, span, self._last_turn or 0)

    def _open_breaker(self, unreachable: bool = False) -> Steps[None]:
        if unreachable or not self._state.tripped_at:
            self._state = (yield commands.OpenBreaker(self._server_time(), self._state, unreachable)).state

    def _measure_round_trip(self, began: float) -> None:
        """Follow a slower round trip at once, and a faster one by and by."""
        self._round_trip = min(max(self._now() - began, 0.9 * self._round_trip, 0.0033), MAX_ROUND_TRIP)

    def _next_sample_at(self, now: float) -> float:
        return self._server_clock.next_sample_at(now, self._spacing.exact_clock)

    def _server_time(self) -> int:
        now = self._now()
        return round((now + self._server_clock.offset(now)) * MICROSECONDS)
