"""A discrete-event simulation of the fleet around one shared item: pace.py's arithmetic, used as aws/pacer.py does.

Times are whole microseconds. A process is a generator that yields how long it waits.
"""

import heapq
import itertools
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar

from guard import pace
from guard.aws.pacer import _CONTENTION as CONTENTION
from guard.backoff import SHORTEST
from guard.errors import Busy
from guard.pace import BATCH, RETRIES, SECOND, UPLOADS, Clock, Lane, Take
from guard.scanner import MISSES

MS = SECOND // 1000
MARGIN = 25 * MS  # the template's default
LATE = MARGIN // 4  # the most that a slot is used late, and what is left for the way to the server:
JITTER = MARGIN - LATE
T = TypeVar("T")
Steps = Generator[int, None, T]


@dataclass(frozen=True)
class World:
    """What the fleet runs in, and on what it relies."""

    rate: int = 10  # requests a second: the limit
    latency: float = 0.1  # seconds until the service answers
    margin: int = MARGIN  # what the slots are spaced with; lateness and jitter stay those of the default
    tolerance: int = LATE  # a slot missed by more is given up
    missed: float = 0.001  # the part of slots for which the machine is later than that
    skew: int = 0  # how far apart the workers' clocks are
    way: tuple[int, int] = (2 * MS, 20 * MS)  # to the table and back
    look: tuple[int, int] = (50 * MS, 150 * MS)  # at the pictures of a batch, before its slots are taken

    @property
    def spacing(self) -> int:
        return pace.interval(self.rate, self.margin / MS)


class Simulation:
    """Runs processes in the order of their times."""

    def __init__(self, seed: int) -> None:
        self.now, self.random = 0, Random(seed)  # noqa: S311 - not a secret
        self._events: list[tuple[int, int, Steps[None]]] = []
        self._order = itertools.count()

    def spawn(self, process: Steps[None], after: int = 0) -> None:
        heapq.heappush(self._events, (self.now + after, next(self._order), process))

    def run(self, until: int) -> None:
        while self._events and self._events[0][0] < until:
            self.now, _, process = heapq.heappop(self._events)
            wait = next(process, None)
            if wait is not None:
                self.spawn(process, wait)


@dataclass
class Item:
    """The shared item, as conditional updates leave it, and how many of them came."""

    tat: int = 0
    paused_until: int = 0
    writes: int = 0
    refused: int = 0

    def update(self, plan: Take, start: int, began: int, ahead: int, horizon: int) -> bool:
        self.writes += 1
        fits = self.tat <= start if plan.fresh else start < self.tat <= began + horizon
        if not fits or self.paused_until > began:
            self.refused += 1
            return False
        self.tat = (start if plan.fresh else self.tat) + ahead
        return True


class SimulatedPacer:
    """aws/pacer.py over the simulated item."""

    def __init__(self, sim: Simulation, item: Item, world: World, lane: Lane) -> None:
        self._sim, self._item, self._world, self._lane = sim, item, world, lane
        self._horizon = lane.horizon(world.spacing)
        self._skew = sim.random.randint(-world.skew // 2, world.skew // 2)
        self._clock, self._way = Clock(), 50 * MS

    def now(self) -> int:
        return self._sim.now + self._skew

    def reserve(self, count: int) -> Steps[list[int]]:
        give_up = self.now() + round(self._lane.patience * SECOND)
        for _ in range(CONTENTION):
            now = self.now()
            start = now + self._way
            plan = pace.plan(self._clock, now, start, self._horizon)
            if isinstance(plan, Take):
                taken = yield from self._take(plan, start, count * self._world.spacing)
                if taken:
                    return pace.slots(self._clock.tat, count, self._world.spacing)
                continue
            self._clock = Clock(self._clock.tat)
            if plan.until > give_up:
                raise Busy("paused" if plan.paused else "no slot", plan.until)
            yield plan.until - now
        raise Busy("many workers want a slot", self.now() + SECOND)

    def arrive(self, slot: int) -> Steps[bool]:
        """The machine is late by up to the tolerance, but for the slots that it misses."""
        yield max(0, slot - self.now()) + self._lateness()
        return self.now() - slot <= self._world.tolerance

    def _take(self, plan: Take, start: int, ahead: int) -> Steps[bool]:
        began, there = self.now(), self._sim.random.randint(*self._world.way) // 2
        yield there
        taken = self._item.update(plan, start, began, ahead, self._horizon)
        self._clock = Clock(self._item.tat, self._item.paused_until)
        yield self._sim.random.randint(*self._world.way) // 2
        self._way = min(max((self.now() - began) * 3 // 2, self._way * 9 // 10, 5 * MS), 250 * MS)
        return taken

    def _lateness(self) -> int:
        missed = self._sim.random.random() < self._world.missed
        return self._sim.random.randint(*(LATE, 4 * LATE) if missed else (0, LATE))


@dataclass
class Fleet:
    """Workers of a standing backlog, and fresh uploads. What reached the server, and how the uploads fared."""

    world: World
    seed: int = 1
    pacer: type[SimulatedPacer] = SimulatedPacer
    item: Item = field(default_factory=Item)
    arrivals: list[int] = field(default_factory=list)  # at the server
    waits: list[int] = field(default_factory=list)  # of each fresh upload, from its event until its request leaves
    refused_uploads: int = 0

    def __post_init__(self) -> None:
        self.sim = Simulation(self.seed)

    def start(self, workers: int, uploads: float = 0.0) -> None:
        """Workers, all at the same moment, and so many fresh uploads a second."""
        for _ in range(workers):
            self.sim.spawn(self._worker(self._pacer(RETRIES)))
        if uploads:
            self.sim.spawn(self._uploads(uploads))

    def pause(self, at: float, until: float) -> None:
        self.sim.spawn(self._pause(round(until * SECOND)), round(at * SECOND))

    def run(self, seconds: float) -> None:
        self.sim.run(round(seconds * SECOND))

    def rate(self, since: float, until: float) -> float:
        """Arrivals a second between two times (s)."""
        return sum(since * SECOND <= at < until * SECOND for at in self.arrivals) / (until - since)

    def _pacer(self, lane: Lane) -> SimulatedPacer:
        return self.pacer(self.sim, self.item, self.world, lane)

    def _pause(self, until: int) -> Steps[None]:
        self.item.paused_until = until
        yield from ()

    def _worker(self, pacer: SimulatedPacer) -> Steps[None]:
        """One batch; when all of it is answered, the next. One sent round by a pause comes back in time."""
        yield self.sim.random.randint(*self.world.look)
        try:
            slots = yield from pacer.reserve(BATCH)
        except Busy as busy:
            paused = str(busy) == "paused"
            back = round(busy.until - pacer.now() + self.sim.random.uniform(0, SHORTEST) * SECOND) if paused else 0
            return self.sim.spawn(self._worker(pacer), max(back, 50 * MS))
        left = set(slots)

        def answered(slot: int) -> None:
            left.discard(slot)
            if not left:
                self.sim.spawn(self._worker(pacer))

        for slot in slots:
            self.sim.spawn(self._ask(pacer, slot, answered))

    def _ask(self, pacer: SimulatedPacer, slot: int, answered: Callable[[int], None]) -> Steps[None]:
        if (yield from self._send(pacer, slot)):
            yield round(self.world.latency * SECOND)
        answered(slot)

    def _send(self, pacer: SimulatedPacer, slot: int) -> Steps[bool]:
        """One request at its slot; a missed one is given up, and another taken, as the scanner does."""
        for _ in range(MISSES):
            if (yield from pacer.arrive(slot)):
                self.sim.spawn(self._arrival(), 5 * MS + self._jitter())
                return True
            try:
                [slot] = yield from pacer.reserve(1)
            except Busy:
                return False
        return False

    def _arrival(self) -> Steps[None]:
        self.arrivals.append(self.sim.now)
        yield from ()

    def _jitter(self) -> int:
        """Half of the requests are as early or as late as they can be: the worst for a window."""
        return self.sim.random.choice(
            (0, JITTER, self.sim.random.randint(0, JITTER), self.sim.random.randint(0, JITTER))
        )

    def _uploads(self, a_second: float) -> Steps[None]:
        while True:
            self.sim.spawn(self._upload(self._pacer(UPLOADS)))
            yield round(self.sim.random.expovariate(a_second) * SECOND)

    def _upload(self, pacer: SimulatedPacer) -> Steps[None]:
        came = self.sim.now
        try:
            [slot] = yield from pacer.reserve(1)
        except Busy:
            self.refused_uploads += 1
            return
        if (yield from self._send(pacer, slot)):
            self.waits.append(self.sim.now - came)
