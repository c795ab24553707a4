"""A fleet of workers and fresh uploads in the simulation, and what the service sees of it."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

from photodna_guard.domain.errors import DeferrableError, ServiceUnavailableError
from photodna_guard.rate_limiter.core import LimiterCore
from photodna_guard.rate_limiter.gcra import LIVE, MAX_BATCH, MICROSECONDS, RETRY, Priority
from photodna_guard.scanning.backoff import MIN_DELAY_SECONDS
from photodna_guard.scanning.match_requester import MAX_MISSED_SLOTS
from tests.unit.simulated_item import SimulatedItem
from tests.unit.simulation import JITTER, MS, Machine, Process, Simulation, World

# For which a function may wait for slots: its time-out, less the longest response.
WORKER_SECONDS, UPLOAD_SECONDS = 85.0, 55.0


@dataclass
class Fleet:
    """Workers of a standing backlog, and fresh uploads. What reached the server, and how the uploads fared."""

    world: World
    seed: int = 1
    # Messages that a worker receives at once.
    batch: int = MAX_BATCH
    core: type[LimiterCore] = LimiterCore
    item: SimulatedItem = field(default_factory=SimulatedItem)
    # The times at which requests reach the server, in all and by priority.
    arrivals: list[int] = field(default_factory=list)
    by_priority: dict[str, list[int]] = field(default_factory=dict)
    # The batches that each machine has reserved.
    batches: dict[int, int] = field(default_factory=dict)
    # The time of each fresh upload's event, and how long its request waited.
    waits: list[tuple[int, int]] = field(default_factory=list)
    refused_uploads: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sim = Simulation(self.seed)
        self._idle: list[Machine] = []

    def start(self, workers: int, uploads: float = 0.0, priority: Priority = RETRY, until: float = math.inf) -> None:
        """Start the workers at the same moment, with a backlog until then (s), and so many fresh uploads a second."""
        for _ in range(workers):
            self.sim.spawn(self._worker(self._machine(priority), until))
        if uploads:
            self.sim.spawn(self._uploads(uploads))

    def pause(self, at: float, until: float) -> None:
        """Have one machine pause all at a time (s) until another (s)."""
        machine = self._machine(LIVE)
        self.sim.spawn(machine.run(machine.core.pause(until)), round(at * MICROSECONDS))

    def run(self, seconds: float) -> None:
        self.sim.run(round(seconds * MICROSECONDS))

    def rate(self, since: float, until: float) -> float:
        """Return the arrivals a second between two times (s)."""
        return sum(since * MICROSECONDS <= at < until * MICROSECONDS for at in self.arrivals) / (until - since)

    def waited(self, since: float) -> list[float]:
        """Return the seconds that the uploads waited whose events came after that time (s)."""
        return [wait / MICROSECONDS for came, wait in self.waits if came >= since * MICROSECONDS]

    def refused(self, since: float) -> int:
        """Return how many uploads after that time (s) found no slot."""
        return sum(came >= since * MICROSECONDS for came in self.refused_uploads)

    def _machine(self, priority: Priority) -> Machine:
        return Machine(self.sim, self.item, self.world, priority, self.core)

    def _worker(self, machine: Machine, until: float) -> Process[None]:
        """Process one batch, and the next one when all of it is answered. A paused batch comes back in time."""
        if self.sim.now > until * MICROSECONDS:
            return
        yield self.sim.random.randint(*self.world.preparation)
        ends, left, waiting = machine.now() + WORKER_SECONDS, self.batch, set[float]()
        again = 50 * MS

        def answered(slot: float) -> None:
            waiting.discard(slot)
            if not waiting and not left:
                self.sim.spawn(self._worker(machine, until))

        while left:
            wanted = min(left, machine.priority.batch_size(self.world.spacing.interval))
            is_continued = left < self.batch
            try:
                slots = yield from machine.run(machine.core.reserve(wanted, ends - machine.now(), is_continued))
            except DeferrableError as busy:
                again, left = max(self._backoff(machine, busy), again), 0
                break
            left -= len(slots)
            waiting.update(slots)
            for slot in slots:
                self.sim.spawn(self._ask(machine, slot, ends, answered))
        self.batches[id(machine)] = self.batches.get(id(machine), 0) + bool(waiting)
        if not waiting:
            self.sim.spawn(self._worker(machine, until), again)

    def _backoff(self, machine: Machine, busy: DeferrableError) -> int:
        if not busy.until:
            return 0
        jitter = self.sim.random.uniform(0, MIN_DELAY_SECONDS) if isinstance(busy, ServiceUnavailableError) else 0
        return round((busy.until - machine.now() + jitter) * MICROSECONDS)

    def _ask(self, machine: Machine, slot: float, ends: float, answered: Callable[[float], None]) -> Process[None]:
        if (yield from self._send(machine, slot, ends)):
            yield round(self.world.latency * MICROSECONDS)
        answered(slot)

    def _send(self, machine: Machine, first_slot: float, ends: float) -> Process[bool]:
        """Send one request at its slot. A missed slot is given up, and another reserved, as the scanner does."""
        slot = first_slot
        for _ in range(MAX_MISSED_SLOTS):
            if (yield from machine.run(machine.core.wait_for_slot(slot))):
                self.sim.spawn(self._arrival(machine.priority), 5 * MS + self._jitter())
                return True
            try:
                [slot] = yield from machine.run(machine.core.reserve(1, ends - machine.now(), True))
            except DeferrableError:
                return False
        return False

    def _arrival(self, priority: Priority) -> Process[None]:
        self.arrivals.append(self.sim.now)
        self.by_priority.setdefault(priority.name, []).append(self.sim.now)
        yield from ()

    def _jitter(self) -> int:
        """Half of the requests are as early or as late as they can be: the worst for a window."""
        return self.sim.random.choice(
            (0, JITTER, self.sim.random.randint(0, JITTER), self.sim.random.randint(0, JITTER))
        )

    def _uploads(self, a_second: float) -> Process[None]:
        """Process each upload in an execution environment that is idle, or in a new one, as Lambda does."""
        while True:
            self.sim.spawn(self._upload(self._idle.pop() if self._idle else self._machine(LIVE)))
            yield round(self.sim.random.expovariate(a_second) * MICROSECONDS)

    def _upload(self, machine: Machine) -> Process[None]:
        came, ends = self.sim.now, machine.now() + UPLOAD_SECONDS
        try:
            [slot] = yield from machine.run(machine.core.reserve(1, UPLOAD_SECONDS))
        except DeferrableError:
            self.refused_uploads.append(came)
            return self._idle.append(machine)
        if (yield from self._send(machine, slot, ends)):
            self.waits.append((came, self.sim.now - came))
            yield round(self.world.latency * MICROSECONDS)
        self._idle.append(machine)


@cache
def fleet(
    world: World,
    workers: int,
    seconds: float,
    uploads: float = 0,
    core: type[LimiterCore] = LimiterCore,
    seed: int = 1,
) -> Fleet:
    """Run a fleet, once for all tests."""
    ran = Fleet(world, seed, core=core)
    ran.start(workers, uploads)
    ran.run(seconds)
    return ran


def largest_window(arrivals: list[int]) -> int:
    """Return the most arrivals in any half-open second, counted from each arrival on."""
    times, largest = sorted(arrivals), 0
    for i, first in enumerate(times):
        while i + largest < len(times) and times[i + largest] < first + MICROSECONDS:
            largest += 1
    return largest
