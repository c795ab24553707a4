"""A discrete-event simulation of the machines around the rate limiter's item. Its time is whole microseconds.

The machines run the limiter's own core and store. Only what surrounds them is simulated: time, machines that are late,
the way to DynamoDB, and the item there. A process is a generator that yields how long it waits.
"""

import heapq
import itertools
from collections.abc import Generator
from dataclasses import dataclass
from random import Random
from typing import Any, TypeVar

from photodna_guard.domain.errors import GuardError
from photodna_guard.rate_limiter.commands import Command, MakeReady, Sleep, SleepUntilSlot, Steps
from photodna_guard.rate_limiter.core import LimiterCore
from photodna_guard.rate_limiter.gcra import MICROSECONDS, Priority, Spacing
from photodna_guard.rate_limiter.server_clock import ServerClock
from photodna_guard.rate_limiter.store import LimiterStore
from tests.unit.simulated_item import SimulatedItem

MS = MICROSECONDS // 1000
MARGIN = 25 * MS  # microseconds, the template's default
DEFAULT = Spacing.of(10, MARGIN / MS)
# The latest that a slot is used, and what two inexact clocks leave of the margin for the way to the server.
LATE = round(DEFAULT.max_lateness * MICROSECONDS)
JITTER = MARGIN - LATE - 2 * round(DEFAULT.max_clock_error * MICROSECONDS)
T = TypeVar("T")
Process = Generator[int, None, T]


@dataclass(frozen=True)
class World:
    """What the fleet runs in."""

    # Requests a second: the limit.
    rate: float = 10
    # Until the service answers.
    latency: float = 0.1  # seconds
    # A machine that misses a slot is late for it by up to this.
    late: int = 4 * LATE  # microseconds
    # The part of slots for which a machine is later than LATE.
    missed: float = 0.001
    # How far apart the machines' clocks are.
    skew: int = 0  # microseconds
    # Whether the table's responses bear a date.
    dated: bool = True
    # The fastest and the slowest round trip to the table.
    round_trip: tuple[int, int] = (2 * MS, 20 * MS)  # microseconds
    # The least and the most time for which a worker prepares a batch, before it reserves slots.
    preparation: tuple[int, int] = (50 * MS, 150 * MS)  # microseconds
    # What the workers use instead of the spacing for that rate.
    wrong_spacing: Spacing | None = None

    @property
    def spacing(self) -> Spacing:
        """What the workers use of the margin."""
        return self.wrong_spacing or Spacing.of(self.rate, MARGIN / MS)


class Simulation:
    """Runs processes in the order of their times."""

    def __init__(self, seed: int) -> None:
        self.now, self.random = 0, Random(seed)
        self._events: list[tuple[int, int, Process[None]]] = []
        self._order = itertools.count()

    def spawn(self, process: Process[None], after: int = 0) -> None:
        heapq.heappush(self._events, (self.now + after, next(self._order), process))

    def run(self, until: int) -> None:
        while self._events and self._events[0][0] < until:
            self.now, _, process = heapq.heappop(self._events)
            wait = next(process, None)
            if wait is not None:
                self.spawn(process, wait)


class Machine:
    """One worker: a limiter's core, on a clock of its own, and its way to the table."""

    def __init__(
        self, sim: Simulation, item: SimulatedItem, world: World, priority: Priority, core: type[LimiterCore]
    ) -> None:
        self.sim, self._world, self.priority = sim, world, priority
        self._skew = sim.random.randint(-world.skew // 2, world.skew // 2)
        self._store, self._server_clock = LimiterStore(item, priority.name), ServerClock()
        self.core = core(world.spacing, priority, self.now, self._server_clock, sim.random.uniform)

    def now(self) -> float:
        """Return the seconds of this machine's clock."""
        return (self.sim.now + self._skew) / MICROSECONDS

    def run(self, steps: Steps[T]) -> Process[T]:
        """Perform each command of the core, as limiter.run() does, while the other processes go on."""
        try:
            command = next(steps)
            while True:
                try:
                    reply = yield from self._perform(command)
                except GuardError as error:
                    command = steps.throw(error)
                else:
                    command = steps.send(reply)
        except StopIteration as end:
            result: T = end.value
            return result

    def _perform(self, command: Command) -> Process[Any]:
        match command:
            case MakeReady():
                return None
            case Sleep():
                late = self._lateness() if isinstance(command, SleepUntilSlot) else 0
                yield round(command.seconds * MICROSECONDS) + late
                return None
        sent = self.now()
        yield self._half_way()
        reply, date = self._store.perform(command), self.sim.now // MICROSECONDS
        yield self._half_way()
        if self._world.dated:
            self._server_clock.observe(sent, self.now(), date)
        return reply

    def _half_way(self) -> int:
        """Mostly near the fastest; now and then slow."""
        fastest, slowest = self._world.round_trip
        return round(self.sim.random.triangular(fastest, slowest, fastest) / 2)

    def _lateness(self) -> int:
        missed = self.sim.random.random() < self._world.missed
        return self.sim.random.randint(*(LATE, self._world.late) if missed else (0, LATE))
