"""The shared rate: slots, lanes, pauses and the circuit breaker, by one DynamoDB item that every worker moves.

The arithmetic is in gcra.py, the item in pacer_item.py. Times within are microseconds of the table's clock; what comes
in and goes out are epoch seconds of this machine's.
"""

import math
import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from photodna_guard.aws.table import Table
from photodna_guard.domain.errors import DeferrableError, RetryableError, ServiceUnavailableError
from photodna_guard.rate_limiter import gcra
from photodna_guard.rate_limiter.gcra import MICROSECONDS, LimiterState, Priority, Wait
from photodna_guard.rate_limiter.store import LimiterStore, SlotRequest

_LONGEST_WAY = 0.16  # seconds; a call that took longer was retried, and is no measure
_LEARNING = 0.4  # seconds before a slot in which its thread asks nobody anything
_EXACT = 0.8  # of the error that costs no gap: with less nothing is asked, so that it can grow a while
_CONTENTION = 20  # refused writes after which somebody else may try: never met, but nothing loops for ever


class RateLimiter:
    """Slots of the rate. Its methods raise Busy and TryAgain."""

    def __init__(
        self,
        table: Table,
        rate: float,
        margin_ms: float,
        lane: Priority,
        monthly_quota: int = 0,
        sleep: Callable[[float], None] = time.sleep,
        dice: Callable[[float, float], float] = random.uniform,
    ) -> None:
        """`monthly_quota`: requests that the subscription has for a month; 0 where it is not counted."""
        self._table, self._item, self._now = table, LimiterStore(table, lane.name), table.now
        self._lane, self._quota, self._sleep, self._dice = lane, monthly_quota, sleep, dice
        self._spacing = gcra.slot_interval(rate, margin_ms)
        self._horizon = lane.horizon(self._spacing)
        # Of the margin 0.3 is for our own lateness, 0.22 for each of two clocks, and the rest for the way there.
        self._tolerance, self._fine = 0.3 * margin_ms / 1000, 0.22 * margin_ms / 1000
        self._clock, self._paused_until = LimiterState(), 0.0
        self._turn: int | None = None  # the last that this worker had; before that, the one in which it came
        self._way = 0.033  # seconds that a call took lately; slots start half as much again ahead

    def reserve(self, count: int, within: float = math.inf, ready: Callable[[], None] = lambda: None) -> list[float]:
        """The times of `count` slots, taken in one write; of one only while the service is away: its probe's.

        `ready` is called when slots are near and before they are taken; what it raises is passed on. Raises Busy where
        none is near enough, for the lane or after `within` seconds.
        """
        give_up = self._now() + min(self._lane.patience, within)
        if self._lane.patience:  # who can wait looks first: a write that is refused costs more than a read
            self._read()
        refused = 0
        while refused < _CONTENTION:
            if waiting := gcra.wait_needed(self._clock, self._time(), self._horizon):
                self._wait(waiting, give_up)
                continue
            ready()
            if slots := self._take(count):
                return slots
            refused += 1
        raise DeferrableError("many workers want a slot", until=self._now() + 1)

    def wait_for_slot(self, slot: float) -> bool:
        """Waits for the slot. False where it has passed: it is given up then, never used late.

        Raises Busy where this worker has paused everybody meanwhile: slots that were taken before do not count then.
        """
        if not self._lane.patience:  # who waited for slots has learned meanwhile, and now his batch's slots are coming
            self._learn_until(slot)
        self._sleep(max(0.0, slot - self._now()))
        if self._now() < self._paused_until:
            raise ServiceUnavailableError("paused", self._paused_until)
        return self._now() - slot <= self._tolerance

    def pause(self, until: float) -> None:
        """Holds the whole fleet until then, by one write."""
        self._paused_until = max(self._paused_until, until)
        self._item.pause(self._of_table(until))

    def record_failure(self, unreachable: bool = False) -> bool:
        """Nothing came of a request, or it was not even sent, the service being `unreachable`.

        Whether the service is taken for away now: then all wait, and one at a time asks.
        """
        with suppress(DeferrableError, RetryableError):
            if not self._clock.tripped_at:
                self._clock = self._item.count_failure(self._time())
            if self._clock.failures >= gcra.FAILURE_THRESHOLD or self._clock.tripped_at:
                self._trip(unreachable)
        return self._clock.tripped_at > 0

    def record_unauthorized(self) -> None:
        """Nobody's request will be answered until somebody mends something: as if the service were away."""
        with suppress(DeferrableError, RetryableError):
            self._trip()

    def record_success(self) -> None:
        """The service answers: where it was away, or seemed to be, all go on."""
        if self._clock.tripped_at or self._clock.failures:
            self._clock = replace(self._clock, tripped_at=0, probe_at=0, failures=0)
            with suppress(DeferrableError, RetryableError):
                self._item.close_breaker()

    @property
    def answer_timeout(self) -> float:
        """Seconds after which an answer is not waited for: a probe is not to keep this worker from the next ones."""
        since = self._clock.tripped_at
        return 3 * gcra.probe_interval(since, self._time()) / MICROSECONDS if since else math.inf

    @property
    def quota_used(self) -> float | None:
        """The part of the month's quota that is used up, as far as this worker knows; None where there is no quota."""
        return self._clock.used / self._quota if self._quota else None

    def check_quota(self, new: bool) -> None:
        """Raises Busy where the month's quota is used up and what asks is not `new`: what is over is for uploads."""
        if (self.quota_used or 0) >= 1 and not (new and self._lane is not gcra.BACKFILL):
            raise DeferrableError("the monthly quota is used up", self._now() + 3600)

    def _read(self) -> None:
        began = self._now()
        self._clock = self._item.read(self._time())
        self._turn = self._clock.turn if self._turn is None else self._turn
        self._measure(began)

    def _wait(self, waiting: Wait, give_up: float) -> None:
        """Until then; or until the item is seen to stand elsewhere, where a look at it in between is worth it."""
        until, known = self._of_machine(waiting.until), self._clock
        if until > give_up:  # a short wait is waited for, with the batch at hand: sent round, it would cost more
            self._clock = replace(known, paused_until=0, tripped_at=0, probe_at=0)  # asked for afresh
            raise (ServiceUnavailableError if waiting.held else DeferrableError)(waiting.reason, until)
        until += self._dice(*gcra.wake_delay(known, self._turn or 0))
        while self._clock == known and (now := self._now()) < until:
            recheck = now + gcra.PAUSE_POLL_INTERVAL / MICROSECONDS if waiting.held else until
            exact = self._table.time.next_sample_at(now, _EXACT * self._fine)
            self._sleep(max(0.0, min(until, recheck, exact) - now))
            self._read()

    def _learn_until(self, slot: float) -> None:
        """Makes the clock exact, as far as there is time: an inexact one costs the slots of its gaps."""
        while (exact := self._table.time.next_sample_at(self._now(), _EXACT * self._fine)) < slot - _LEARNING:
            self._sleep(max(0.0, exact - self._now()))
            with suppress(DeferrableError, RetryableError):
                self._read()

    def _take(self, count: int) -> list[float]:
        """The slots; none where the item stands elsewhere than it was known to."""
        began, known = self._now(), self._clock
        # What is taken is used by the offset that is known now, whatever is learned of it before the slots have come.
        offset, error = self._table.time.offset(began), self._table.time.error(began)
        # An inexact clock keeps its distance from the slots before and behind, which others use by theirs.
        gap = round(max(0.0, error - self._fine) * MICROSECONDS)
        now, count = round((began + offset) * MICROSECONDS), 1 if known.tripped_at else count
        start = now + round(1.5 * self._way * MICROSECONDS)
        wish = SlotRequest(now, start, now + self._horizon, count, count * self._spacing + 2 * gap, self._turn or 0)
        taken, clock = self._item.take(wish, known)
        self._clock = clock
        self._measure(began)
        if taken and count > 1:
            self._turn = clock.turn
        slots = gcra.slot_times(clock.tat - gap, count, self._spacing) if taken else []
        return [slot / MICROSECONDS - offset for slot in slots]

    def _trip(self, unreachable: bool = False) -> None:
        if unreachable or not self._clock.tripped_at:
            self._clock = self._item.open_breaker(self._time(), self._clock, unreachable)

    def _measure(self, began: float) -> None:
        """Follows a slower way at once and a faster one by and by."""
        self._way = min(max(self._now() - began, 0.9 * self._way, 0.0033), _LONGEST_WAY)

    def _time(self) -> int:
        return self._of_table(self._now())

    def _of_table(self, at: float) -> int:
        return round((at + self._table.time.offset(self._now())) * MICROSECONDS)

    def _of_machine(self, at: int) -> float:
        return at / MICROSECONDS - self._table.time.offset(self._now())
