"""The commands of the rate limiter's core, and the DynamoDB writes that they mean. Pure.

All times are microseconds of DynamoDB's clock. No two workers get the same slot, as a write asserts what it assumed:

    no slot reserved beyond `start`:  tat <= start            -> tat = start + span
    slots reserved already:           start < tat <= latest   -> tat = tat + span
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeVar

from photodna_guard.rate_limiter import gcra
from photodna_guard.rate_limiter.gcra import MICROSECONDS, LimiterState

_FROM_START = ("tat = :end", "(attribute_not_exists(tat) OR tat <= :start)")
_BEHIND_OTHERS = ("tat = tat + :span", "tat > :start AND tat <= :latest")
_NOT_PAUSED = "(attribute_not_exists(paused_until) OR paused_until <= :now)"
_DAY = 86_400 * MICROSECONDS
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Sleep:
    """Sleep. The reply is None."""

    seconds: float


@dataclass(frozen=True, slots=True)
class SleepUntilSlot(Sleep):
    """Sleep until a slot begins. The reply is None."""


@dataclass(frozen=True, slots=True)
class MakeReady:
    """Have the caller open its connections, since slots are near. The reply is None."""


@dataclass(frozen=True, slots=True)
class Update:
    """The parts of one UpdateItem."""

    expression: str
    condition: str | None = None
    values: Mapping[str, int] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Read:
    """Read the state."""

    now: int


@dataclass(frozen=True, slots=True)
class Reserve:
    """Reserve slots if the state is still the known one. While the circuit breaker is open: the next probe's slot."""

    now: int
    known: LimiterState
    # The first slot lies between these.
    start: int
    latest: int
    count: int
    # The slots and the gaps around them take so long.
    span: int
    # The turn of the worker's last batch.
    last_turn: int
    # The slots belong to the batch for which the worker had its turn already.
    is_continued: bool = False

    @property
    def is_turn(self) -> bool:
        """Whether it is a turn. A single slot is none: it replaces a missed slot, or is a probe's."""
        return self.count > 1 and not self.is_continued

    def to_update(self, priority: str) -> Update:
        """Return the write."""
        values = {":now": self.now, ":start": self.start, ":count": self.count}
        if self.known.tat <= self.start:
            change, condition = _FROM_START
            values[":end"] = self.start + self.span
        else:
            change, condition = _BEHIND_OTHERS
            values |= {":span": self.span, ":latest": self.latest}
        breaker, names = "attribute_not_exists(probe_at)", {"#used": used_attribute(self.now)}
        if self.known.tripped_at:
            next_probe = self.now + gcra.probe_interval(self.known.tripped_at, self.now)
            values |= {":probe": self.known.probe_at, ":next": next_probe}
            change, breaker = f"{change}, probe_at = :next", "probe_at = :probe"
        expression = f"SET {change} ADD #used :count"
        if self.is_turn:
            names |= {"#turn": f"fairness_turn_{priority}", "#gap": f"turn_gap_{priority}"}
            values |= {":one": 1, ":gap": self.known.fairness_turn - self.last_turn}
            expression = f"SET {change}, #gap = :gap ADD #used :count, #turn :one"
        return Update(expression, f"{condition} AND {_NOT_PAUSED} AND {breaker}", values, names)


@dataclass(frozen=True, slots=True)
class CountGap:
    """Count a slot with gaps in a leaky bucket, if the bucket is not full."""

    now: int
    known: LimiterState

    def to_update(self, _priority: str) -> Update:
        """Return the write."""
        if self.known.gaps_until > self.now:
            values = {":full": self.now + gcra.MAX_GAPS * gcra.GAP_TIME, ":gap": gcra.GAP_TIME}
            return Update("SET gaps_until = gaps_until + :gap", "gaps_until <= :full", values)
        is_empty, end = "attribute_not_exists(gaps_until) OR gaps_until <= :now", self.now + gcra.GAP_TIME
        return Update("SET gaps_until = :end", is_empty, {":now": self.now, ":end": end})


@dataclass(frozen=True, slots=True)
class Pause:
    """Give no slots before `until`. A shorter pause does not end a longer one."""

    now: int
    until: int

    def to_update(self, _priority: str) -> Update:
        """Return the write."""
        condition = "attribute_not_exists(paused_until) OR paused_until < :until"
        return Update("SET paused_until = :until", condition, {":until": self.until})


@dataclass(frozen=True, slots=True)
class CountFailure:
    """Count one failure more."""

    now: int

    def to_update(self, _priority: str) -> Update:
        """Return the write."""
        return Update("ADD failures :one", values={":one": 1})


@dataclass(frozen=True, slots=True)
class OpenBreaker:
    """Open the circuit breaker: give no slots until the first probe is due.

    `unreachable`: a probe that was due could not be sent, so the next one waits as well. A request that was sent and
    not answered postpones no probe, since others may still be answered.
    """

    now: int
    known: LimiterState
    unreachable: bool

    def to_update(self, _priority: str) -> Update:
        """Return the write."""
        values = {
            ":now": self.now,
            ":next": self.now + gcra.probe_interval(self.known.tripped_at or self.now, self.now),
        }
        expression = "SET tripped_at = if_not_exists(tripped_at, :now), probe_at = :next"
        condition = "attribute_not_exists(probe_at)" + (" OR probe_at <= :now" if self.unreachable else "")
        return Update(expression, condition, values)


@dataclass(frozen=True, slots=True)
class CloseBreaker:
    """Close the circuit breaker, and count failures from 0."""

    now: int

    def to_update(self, _priority: str) -> Update:
        """Return the write."""
        return Update("REMOVE failures, tripped_at, probe_at")


Write = Reserve | CountGap | Pause | CountFailure | OpenBreaker | CloseBreaker


@dataclass(frozen=True, slots=True)
class Reply:
    """The reply to a read or write: the state after a command, and whether the command was applied."""

    state: LimiterState
    applied: bool = True


Command = Sleep | MakeReady | Read | Write
# What the core's methods return: it yields commands, receives their replies, and returns the result.
Steps = Generator[Command, Any, _T]


def used_attribute(now: int) -> str:
    """Return the attribute that counts this month's slots: one a month, so that each month begins at 0."""
    return _used_attribute_of_day(now // _DAY)


@lru_cache(maxsize=2)
def _used_attribute_of_day(day: int) -> str:
    return f"used_{datetime.fromtimestamp(day * _DAY / MICROSECONDS, UTC):%Y_%m}"
