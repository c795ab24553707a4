"""A discrete-event simulation of the fleet around one shared item: gcra.py's arithmetic, used as aws/limiter.py does.

Times are whole microseconds. A process is a generator that yields how long it waits.
"""

import heapq
import itertools
import math
from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from random import Random
from typing import TypeVar

from photodna_guard.domain.errors import DeferrableError
from photodna_guard.rate_limiter import gcra
from photodna_guard.rate_limiter.gcra import LIVE, MAX_BATCH, MICROSECONDS, RETRY, LimiterState, Priority, Wait
from photodna_guard.rate_limiter.limiter import _CONTENTION as CONTENTION
from photodna_guard.rate_limiter.limiter import _EXACT as EXACT
from photodna_guard.rate_limiter.limiter import _LEARNING
from photodna_guard.rate_limiter.server_clock import ServerClock
from photodna_guard.scanning.backoff import MIN_DELAY_SECONDS
from photodna_guard.scanning.match_requester import MAX_MISSED_SLOTS

MS = MICROSECONDS // 1000
MARGIN = 25 * MS  # the template's default
LATE = MARGIN * 3 // 10  # the most that a slot is used late
FINE = MARGIN * 22 // 100  # the most by which a worker's clock is wrong, without a gap; that of another likewise
JITTER = MARGIN - LATE - 2 * FINE  # what is left for the way to the server
LONGEST_WAY, LEARNING = 160 * MS, round(_LEARNING * MICROSECONDS)
T = TypeVar("T")
Steps = Generator[int, None, T]


@dataclass(frozen=True)
class World:
    """What the fleet runs in, and on what it relies."""

    rate: int = 10  # requests a second: the limit
    latency: float = 0.1  # seconds until the service answers
    margin: int = MARGIN  # what the slots are spaced with; lateness and jitter stay those of the default
    tolerance: int = LATE  # a slot missed by more is given up
    late: int = 4 * LATE  # the most by which the machine is late for a slot that it misses
    missed: float = 0.001  # the part of slots for which the machine is later than that
    skew: int = 0  # how far apart the workers' clocks are
    dated: bool = True  # whether the table's answers bear a date
    gaps: bool = True  # whether an inexact clock keeps its distance from others' slots
    way: tuple[int, int] = (2 * MS, 20 * MS)  # to the table and back
    look: tuple[int, int] = (50 * MS, 150 * MS)  # at the pictures of a batch, before its slots are taken

    @property
    def spacing(self) -> int:
        return gcra.slot_interval(self.rate, self.margin / MS)


class Simulation:
    """Runs processes in the order of their times."""

    def __init__(self, seed: int) -> None:
        self.now, self.random = 0, Random(seed)
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
    reads: int = 0
    turns: dict[str, tuple[int, int]] = field(default_factory=dict)  # by lane: batches taken; the last taker's age

    def update(self, fresh: bool, now: int, start: int, latest: int, ahead: int) -> bool:
        self.writes += 1
        fits = self.tat <= start if fresh else start < self.tat <= latest
        if not fits or self.paused_until > now:
            self.refused += 1
            return False
        self.tat = (start if fresh else self.tat) + ahead
        return True

    def take_turn(self, lane: Priority, age: int) -> int:
        turn = self.turns.get(lane.name, (0, 0))[0] + 1
        self.turns[lane.name] = turn, age
        return turn

    def seen(self, lane: Priority) -> LimiterState:
        turn, age = self.turns.get(lane.name, (0, 0))
        return LimiterState(self.tat, self.paused_until, turn=turn, age=age)


class SimulatedPacer:
    """aws/limiter.py over the simulated item."""

    def __init__(self, sim: Simulation, item: Item, world: World, lane: Priority) -> None:
        self._sim, self._item, self._world, self.lane = sim, item, world, lane
        self._horizon = lane.horizon(world.spacing)
        self._skew = sim.random.randint(-world.skew // 2, world.skew // 2)
        self._clock, self._way, self.time = LimiterState(), 33 * MS, ServerClock()
        self._turn: int | None = None

    def now(self) -> int:
        """By this worker's clock."""
        return self._sim.now + self._skew

    def reserve(self, count: int) -> Steps[list[int]]:
        give_up = self.now() + round(self.lane.patience * MICROSECONDS)
        if self.lane.patience:
            yield from self._read()
        refused = 0
        while refused < CONTENTION:
            if waiting := gcra.wait_needed(self._clock, self._table_time(), self._horizon):
                yield from self._wait(waiting, give_up)
                continue
            if slots := (yield from self._take(count)):
                return slots
            refused += 1
        raise DeferrableError("many workers want a slot", self.now() + MICROSECONDS)

    def wait_for_slot(self, slot: int) -> Steps[bool]:
        """The machine is late by up to the tolerance, but for the slots that it misses."""
        if not self.lane.patience and self._world.dated:
            yield from self._learn_until(slot)
        yield max(0, slot - self.now()) + self._lateness()
        return self.now() - slot <= self._world.tolerance

    def _wait(self, waiting: Wait, give_up: int) -> Steps[None]:
        until, known = waiting.until - self._offset(), self._clock
        if until > give_up:
            self._clock = replace(known, paused_until=0)
            raise DeferrableError(waiting.reason, until)
        until += round(self._sim.random.uniform(*gcra.wake_delay(known, self._turn or 0)) * MICROSECONDS)
        while self._clock == known and (now := self.now()) < until:
            recheck = now + gcra.PAUSE_POLL_INTERVAL if waiting.held else until
            exact = self._exact_at() if self._world.dated else until
            yield max(0, round(min(until, recheck, exact)) - now)
            yield from self._read()

    def _learn_until(self, slot: int) -> Steps[None]:
        while (exact := self._exact_at()) < slot - LEARNING:
            yield max(0, round(exact) - self.now())
            yield from self._read()

    def _exact_at(self) -> float:
        return self.time.next_sample_at(self.now() / MICROSECONDS, EXACT * FINE / MICROSECONDS) * MICROSECONDS

    def _read(self) -> Steps[None]:
        began = yield from self._there()
        self._item.reads += 1
        self._clock = self._item.seen(self.lane)
        self._turn = self._clock.turn if self._turn is None else self._turn
        yield from self._back(began)

    def _take(self, count: int) -> Steps[list[int]]:
        gap = max(0, round(self.time.error(self.now() / MICROSECONDS) * MICROSECONDS) - FINE) * self._world.gaps
        offset, fresh = self._offset(), False
        now = self.now() + offset
        start, ahead = now + self._way * 3 // 2, count * self._world.spacing + 2 * gap
        fresh = self._clock.tat <= start
        began = yield from self._there()
        taken = self._item.update(fresh, now, start, now + self._horizon, ahead)
        end = self._item.tat - gap
        if taken and count > 1:
            self._turn = self._item.take_turn(self.lane, self._clock.turn - (self._turn or 0))
        self._clock = self._item.seen(self.lane)
        yield from self._back(began)
        return [slot - offset for slot in gcra.slot_times(end, count, self._world.spacing)] if taken else []

    def _there(self) -> Steps[int]:
        began = self.now()
        yield self._half_way()
        return began

    def _back(self, began: int) -> Steps[None]:
        date = self._sim.now // MICROSECONDS
        yield self._half_way()
        if self._world.dated:
            self.time.observe(began / MICROSECONDS, self.now() / MICROSECONDS, date)
        self._way = min(max(self.now() - began, self._way * 9 // 10, 3300), LONGEST_WAY)

    def _half_way(self) -> int:
        """Mostly near the fastest; now and then slow."""
        fastest, slowest = self._world.way
        return round(self._sim.random.triangular(fastest, slowest, fastest) / 2)

    def _offset(self) -> int:
        return round(self.time.offset(self.now() / MICROSECONDS) * MICROSECONDS)

    def _table_time(self) -> int:
        return self.now() + self._offset()

    def _lateness(self) -> int:
        missed = self._sim.random.random() < self._world.missed
        return self._sim.random.randint(*(LATE, self._world.late) if missed else (0, LATE))


@dataclass
class Fleet:
    """Workers of a standing backlog, and fresh uploads. What reached the server, and how the uploads fared."""

    world: World
    seed: int = 1
    batch: int = MAX_BATCH  # messages that a worker gets at once
    limiter: type[SimulatedPacer] = SimulatedPacer
    item: Item = field(default_factory=Item)
    arrivals: list[int] = field(default_factory=list)  # at the server
    batches: dict[int, int] = field(default_factory=dict)  # that each worker has taken
    by_lane: dict[str, list[int]] = field(default_factory=dict)  # the same
    waits: list[tuple[int, int]] = field(default_factory=list)  # of fresh uploads: its event, and until it is sent
    refused_uploads: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sim = Simulation(self.seed)
        self._idle: list[SimulatedPacer] = []

    def start(self, workers: int, uploads: float = 0.0, lane: Priority = RETRY, until: float = math.inf) -> None:
        """Workers, all at the same moment, whose backlog ends (s); and so many fresh uploads a second."""
        for _ in range(workers):
            self.sim.spawn(self._worker(self._limiter(lane), until))
        if uploads:
            self.sim.spawn(self._uploads(uploads))

    def pause(self, at: float, until: float) -> None:
        self.sim.spawn(self._pause(round(until * MICROSECONDS)), round(at * MICROSECONDS))

    def run(self, seconds: float) -> None:
        self.sim.run(round(seconds * MICROSECONDS))

    def rate(self, since: float, until: float) -> float:
        """Arrivals a second between two times (s)."""
        return sum(since * MICROSECONDS <= at < until * MICROSECONDS for at in self.arrivals) / (until - since)

    def waited(self, since: float) -> list[float]:
        """Seconds that uploads waited whose events came after that."""
        return [wait / MICROSECONDS for came, wait in self.waits if came >= since * MICROSECONDS]

    def refused(self, since: float) -> int:
        """Uploads after that which found no slot."""
        return sum(came >= since * MICROSECONDS for came in self.refused_uploads)

    def _limiter(self, lane: Priority) -> SimulatedPacer:
        return self.limiter(self.sim, self.item, self.world, lane)

    def _pause(self, until: int) -> Steps[None]:
        self.item.paused_until = until
        yield from ()

    def _worker(self, limiter: SimulatedPacer, until: float) -> Steps[None]:
        """One batch; when all of it is answered, the next. One sent round by a pause comes back in time."""
        if self.sim.now > until * MICROSECONDS:
            return
        yield self.sim.random.randint(*self.world.look)
        try:
            slots = yield from limiter.reserve(self.batch)
        except DeferrableError as busy:
            paused = str(busy) == "paused"
            back = (
                round(busy.until - limiter.now() + self.sim.random.uniform(0, MIN_DELAY_SECONDS) * MICROSECONDS)
                if paused
                else 0
            )
            return self.sim.spawn(self._worker(limiter, until), max(back, 50 * MS))
        left = set(slots)
        self.batches[id(limiter)] = self.batches.get(id(limiter), 0) + 1

        def answered(slot: int) -> None:
            left.discard(slot)
            if not left:
                self.sim.spawn(self._worker(limiter, until))

        for slot in slots:
            self.sim.spawn(self._ask(limiter, slot, answered))

    def _ask(self, limiter: SimulatedPacer, slot: int, answered: Callable[[int], None]) -> Steps[None]:
        if (yield from self._send(limiter, slot)):
            yield round(self.world.latency * MICROSECONDS)
        answered(slot)

    def _send(self, limiter: SimulatedPacer, slot: int) -> Steps[bool]:
        """One request at its slot; a missed one is given up, and another taken, as the scanner does."""
        for _ in range(MAX_MISSED_SLOTS):
            if (yield from limiter.wait_for_slot(slot)):
                self.sim.spawn(self._arrival(limiter.lane), 5 * MS + self._jitter())
                return True
            try:
                [slot] = yield from limiter.reserve(1)
            except DeferrableError:
                return False
        return False

    def _arrival(self, lane: Priority) -> Steps[None]:
        self.arrivals.append(self.sim.now)
        self.by_lane.setdefault(lane.name, []).append(self.sim.now)
        yield from ()

    def _jitter(self) -> int:
        """Half of the requests are as early or as late as they can be: the worst for a window."""
        return self.sim.random.choice(
            (0, JITTER, self.sim.random.randint(0, JITTER), self.sim.random.randint(0, JITTER))
        )

    def _uploads(self, a_second: float) -> Steps[None]:
        """Each by an execution environment that is idle, or by a new one, as Lambda does."""
        while True:
            self.sim.spawn(self._upload(self._idle.pop() if self._idle else self._limiter(LIVE)))
            yield round(self.sim.random.expovariate(a_second) * MICROSECONDS)

    def _upload(self, limiter: SimulatedPacer) -> Steps[None]:
        came = self.sim.now
        try:
            [slot] = yield from limiter.reserve(1)
        except DeferrableError:
            self.refused_uploads.append(came)
            return self._idle.append(limiter)
        if (yield from self._send(limiter, slot)):
            self.waits.append((came, self.sim.now - came))
            yield round(self.world.latency * MICROSECONDS)
        self._idle.append(limiter)
