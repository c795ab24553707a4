"""The shared rate's DynamoDB item, and the writes that move it. All times are microseconds of the table's clock.

A write asserts what its worker assumed, so no two workers get the same slot:

    nothing taken beyond `start`:  tat <= start            -> tat = start + what is taken
    slots taken already:           start < tat <= latest   -> tat = tat + what is taken
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from photodna_guard.aws.table import ConditionFailedError, Table
from photodna_guard.rate_limiter import gcra
from photodna_guard.rate_limiter.gcra import MICROSECONDS, LimiterState

_ITEM = {"limiter": "match"}
_FRESH = ("tat = :end", "(attribute_not_exists(tat) OR tat <= :start)")
_BEHIND = ("tat = tat + :ahead", "tat > :start AND tat <= :latest")
_NOT_PAUSED = "(attribute_not_exists(paused_until) OR paused_until <= :now)"


@dataclass(frozen=True, slots=True)
class SlotRequest:
    """`count` slots, which take `ahead` in all, the first at `start` or after; asked for at `now`."""

    now: int
    start: int
    latest: int  # the first slot is not wanted after it
    count: int
    ahead: int
    turn: int  # of its worker's last batch


@dataclass(frozen=True, slots=True)
class LimiterStore:
    """The item. Its methods raise Busy and TryAgain, and answer with the item as it is then."""

    table: Table
    lane: str

    def read(self, now: int) -> LimiterState:
        """What stands there."""
        return self._clock(self.table.read(_ITEM), now)

    def take(self, wish: SlotRequest, known: LimiterState) -> tuple[bool, LimiterState]:
        """Takes the slots, where what is `known` still holds. While the service is away: the one of the next probe."""
        fresh = known.tat <= wish.start
        move, condition = _FRESH if fresh else _BEHIND
        values = {":now": wish.now, ":start": wish.start, ":count": wish.count}
        values |= {":end": wish.start + wish.ahead} if fresh else {":ahead": wish.ahead, ":latest": wish.latest}
        closed = "attribute_not_exists(probe_at)"
        if known.tripped_at:
            values |= {":probe": known.probe_at, ":next": wish.now + gcra.probe_interval(known.tripped_at, wish.now)}
            move, closed = f"{move}, probe_at = :next", "probe_at = :probe"
        expression, names = f"SET {move} ADD #used :count", {"#used": _used(wish.now)}
        if wish.count > 1:  # one alone is no turn: it stands for a slot that was missed, or is a probe
            names |= {"#turn": f"fairness_turn_{self.lane}", "#age": f"turn_gap_{self.lane}"}
            values |= {":one": 1, ":age": known.turn - wish.turn}
            expression = f"SET {move}, #age = :age ADD #used :count, #turn :one"
        try:
            item = self.table.update(_ITEM, expression, f"{condition} AND {_NOT_PAUSED} AND {closed}", values, names)
        except ConditionFailedError as refused:
            return False, self._clock(refused.item, wish.now)
        return True, self._clock(item, wish.now)

    def pause(self, until: int) -> None:
        """Nobody takes a slot before then. A shorter pause does not end a longer one."""
        with suppress(ConditionFailedError):
            condition = "attribute_not_exists(paused_until) OR paused_until < :until"
            self.table.update(_ITEM, "SET paused_until = :until", condition, {":until": until})

    def count_failure(self, now: int) -> LimiterState:
        """Counts one failure more."""
        return self._clock(self.table.update(_ITEM, "ADD failures :one", None, {":one": 1}), now)

    def open_breaker(self, now: int, known: LimiterState, unreachable: bool) -> LimiterState:
        """The service is away: nobody takes a slot until the first probe is due.

        `unreachable`: what was due could not be sent, so the next is to wait as well. Whoever has only heard nothing of
        what he sent puts off no probe: others may still hear of theirs.
        """
        values = {":now": now, ":next": now + gcra.probe_interval(known.tripped_at or now, now)}
        expression = "SET tripped_at = if_not_exists(tripped_at, :now), probe_at = :next"
        condition = "attribute_not_exists(probe_at)" + (" OR probe_at <= :now" if unreachable else "")
        try:
            item = self.table.update(_ITEM, expression, condition, values)
        except ConditionFailedError as refused:
            item = refused.item
        return self._clock(item, now)

    def close_breaker(self) -> None:
        """The service answers: all go on, and failures are counted anew."""
        self.table.update(_ITEM, "REMOVE failures, tripped_at, probe_at", None, {})

    def _clock(self, item: dict[str, Any], now: int) -> LimiterState:
        names = ("tat", "paused_until", "tripped_at", "probe_at", "failures", _used(now))
        return LimiterState(
            *(int(item.get(name, 0)) for name in (*names, f"fairness_turn_{self.lane}", f"turn_gap_{self.lane}"))
        )


def _used(now: int) -> str:
    """The attribute that counts this month's slots: one for each month, so that a new one begins by itself."""
    return f"used_{datetime.fromtimestamp(now / MICROSECONDS, UTC):%Y_%m}"
