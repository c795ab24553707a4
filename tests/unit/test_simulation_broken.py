"""Rate limiters that are broken on purpose exceed the limit: so the simulation can tell."""

import math
from dataclasses import replace

import pytest

from photodna_guard.rate_limiter.commands import Reserve, Steps, Update
from photodna_guard.rate_limiter.core import LimiterCore
from photodna_guard.rate_limiter.gcra import slot_interval
from tests.unit.fleet import Fleet, fleet, largest_window
from tests.unit.simulation import DEFAULT, MS, World


class UnconditionalReserve(Reserve):
    """Puts back the state that was known before, whatever others have written meanwhile."""

    def to_update(self, _priority: str) -> Update:
        return Update("SET tat = :end", values={":end": max(self.known.tat, self.start) + self.span})


class ReadThenWrite(LimiterCore):
    """Reads the item, moves it and writes it back."""

    def _take(self, count: int, deadline: float, is_continued: bool) -> Steps[list[float]]:
        yield from self._read()
        return (yield from super()._take(count, deadline, is_continued))

    def _reservation(self, now: int, last: int, count: int, gap: int) -> Reserve:
        wanted = super()._reservation(now, last, count, gap)
        return UnconditionalReserve(*(getattr(wanted, name) for name in Reserve.__slots__))


def test_state_that_is_read_and_then_written_exceeds_the_limit() -> None:
    assert largest_window(fleet(World(rate=200), workers=100, seconds=2, core=ReadThenWrite).arrivals) > 1.5 * 200


@pytest.mark.parametrize(
    "world",
    [
        World(wrong_spacing=replace(DEFAULT, interval=slot_interval(10, margin_ms=0))),
        World(wrong_spacing=replace(DEFAULT, max_lateness=1.0), missed=0.3, late=40 * MS),
    ],
    ids=["without a margin", "used late"],
)
def test_slots_without_a_margin_or_used_late_exceed_the_limit(world: World) -> None:
    assert largest_window(fleet(world, workers=8, seconds=60).arrivals) > 10


def test_clocks_50_ms_apart_without_gaps_exceed_the_limit() -> None:
    trusting = replace(DEFAULT, max_clock_error=math.inf)
    apart = Fleet(World(skew=50 * MS, dated=False, wrong_spacing=trusting), seed=1)
    apart.start(8)
    apart.run(60)
    assert largest_window(apart.arrivals) > 10
