"""The shared rate: one DynamoDB item that every worker moves by conditional update. The arithmetic is in pace.py.

A write asserts what the plan assumed, so nothing is read first and no two workers get the same slot:

    nothing taken beyond `start`:  tat <= start            -> tat = start + n intervals
    slots taken already:           start < tat <= horizon  -> tat = tat + n intervals
"""

import math
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from guard import pace
from guard.aws.conditional_update import Refused, Table
from guard.errors import Busy
from guard.pace import SECOND, Clock, Lane, Take, Wait

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_ITEM = {"pacer": "match"}
_LONGEST_WAY = 0.25  # seconds; a call that took longer was retried, and is no measure
_CONTENTION = 20  # refused writes in a row after which somebody else may try: never met, but nothing loops for ever


class Pacer:
    """Slots of the rate. Its methods raise Busy and TryAgain."""

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        rate: float,
        margin_ms: float,
        lane: Lane,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._table, self._lane, self._now, self._sleep = Table(client, table), lane, now, sleep
        self._spacing = pace.interval(rate, margin_ms)
        self._horizon = lane.horizon(self._spacing)
        # A quarter of the margin for our own lateness; the rest is left for the way to the server.
        self._tolerance = margin_ms / 4000
        self._clock, self._paused_until = Clock(), 0.0
        self._way = 0.05  # seconds that a reservation took lately; slots start that far ahead

    def reserve(self, count: int, within: float = math.inf) -> list[float]:
        """The times (epoch seconds) of `count` slots, taken in one write.

        Raises Busy where none is near enough, for the lane or after `within` seconds.
        """
        give_up = self._now() + min(self._lane.patience, within)
        for _ in range(_CONTENTION):
            now = self._now()
            start = round((now + self._way) * SECOND)
            plan = pace.plan(self._clock, round(now * SECOND), start, self._horizon)
            if isinstance(plan, Take):
                taken, clock = self._take(plan, start, count)
                self._clock = clock
                if taken:
                    return [at / SECOND for at in pace.slots(clock.tat, count, self._spacing)]
            else:
                self._wait(plan, give_up)
        raise Busy("many workers want a slot", until=self._now() + 1)

    def arrive(self, slot: float) -> bool:
        """Waits for the slot. False where it has passed: it is given up then, never used late.

        Raises Busy where this worker has paused everybody meanwhile: slots that were taken before do not count then.
        """
        early = slot - self._now()
        if early > 0:
            self._sleep(early)
        if self._now() < self._paused_until:
            raise Busy("paused", self._paused_until)
        return self._now() - slot <= self._tolerance

    def pause(self, until: float) -> None:
        """Holds the whole fleet until then (epoch seconds), by one write."""
        self._paused_until = max(self._paused_until, until)
        with suppress(Refused):  # paused for longer already
            self._table.update(
                _ITEM,
                "SET paused_until = :until",
                "attribute_not_exists(paused_until) OR paused_until < :until",
                {":until": round(until * SECOND)},
            )

    def _wait(self, plan: Wait, give_up: float) -> None:
        until = plan.until / SECOND
        self._clock = Clock(self._clock.tat)  # a pause is asked for afresh: an operator may have ended it
        if until > give_up:  # a short pause is waited for, with the batch at hand: sent round, it would cost more
            raise Busy("paused" if plan.paused else "no slot", until)
        self._sleep(max(0.0, until - self._now()))

    def _take(self, plan: Take, start: int, count: int) -> tuple[bool, Clock]:
        """Moves the shared clock as planned, or not where it stands elsewhere; and the clock as it is then."""
        began, ahead = self._now(), count * self._spacing
        values = {":start": start, ":now": round(began * SECOND)}
        if plan.fresh:
            expression, condition = _FRESH
            values[":end"] = start + ahead
        else:
            expression, condition = _BEHIND
            values |= {":ahead": ahead, ":latest": values[":now"] + self._horizon}
        try:
            taken, item = True, self._table.update(_ITEM, expression, condition + _NOT_PAUSED, values)
        except Refused as refused:
            taken, item = False, refused.item
        # Follows a slower way at once and a faster one by and by.
        self._way = min(max(1.5 * (self._now() - began), 0.9 * self._way, 0.005), _LONGEST_WAY)
        return taken, Clock(int(item.get("tat", 0)), int(item.get("paused_until", 0)))


_FRESH = ("SET tat = :end", "(attribute_not_exists(tat) OR tat <= :start)")
_BEHIND = ("SET tat = tat + :ahead", "tat > :start AND tat <= :latest")
_NOT_PAUSED = " AND (attribute_not_exists(paused_until) OR paused_until <= :now)"
