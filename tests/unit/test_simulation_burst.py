"""300 uploads at once from new machines with unknown clocks, by discrete-event simulation: the queue takes most."""

import pytest

from photodna_guard.domain.errors import DeferrableError
from photodna_guard.rate_limiter.gcra import LIVE, MAX_BATCH, MICROSECONDS, RETRY
from tests.unit.fleet import WORKER_SECONDS, Fleet, largest_window
from tests.unit.simulation import MS, Machine, Process, World

UPLOADS = 300
# As fast as a laptop's embedded cloud and as Lambda hand them over.
RATES = (25, 200)
SEEDS = range(3)
# What a burst leaves out: the time until the queue's workers have started and know their clocks.
WARM = 26


class Burst(Fleet):
    """Uploads whose functions check them or leave them to a queue, as FreshUploads does, and six workers of it."""

    sent_to_queue = received = 0

    @property
    def waiting(self) -> int:
        """The messages in the queue."""
        return self.sent_to_queue + len(self.refused_uploads) - self.received

    def start_burst(self, a_second: float, looks: bool = True) -> None:
        """Start; `looks`: whether an upload's function looks for a burst before anything else."""
        self.sim.spawn(self._deliver(a_second, looks))
        for _ in range(6):
            self.sim.spawn(self._queue_worker(self._machine(RETRY)))

    def _deliver(self, a_second: float, looks: bool) -> Process[None]:
        for _ in range(UPLOADS):
            self.sim.spawn(self._fresh_upload(self._idle.pop() if self._idle else self._machine(LIVE), looks))
            yield round(MICROSECONDS / a_second)

    def _fresh_upload(self, machine: Machine, looks: bool) -> Process[None]:
        if looks and (yield from machine.run(machine.core.finds_burst())):
            self.sent_to_queue += 1
            return self._idle.append(machine)
        yield from self._upload(machine)
        return None

    def _queue_worker(self, machine: Machine) -> Process[None]:
        while True:
            batch = min(self.waiting, MAX_BATCH)
            self.received += batch
            yield self.sim.random.randint(*self.world.preparation)
            yield from self._work_off(machine, batch)

    def _work_off(self, machine: Machine, left: int) -> Process[None]:
        ends, asked = machine.now() + WORKER_SECONDS, set[float]()
        while left:
            try:
                slots = yield from machine.run(machine.core.reserve(left, ends - machine.now(), bool(asked)))
            except DeferrableError:
                self.sent_to_queue += left
                return
            left -= len(slots)
            asked.update(slots)
            for slot in slots:
                self.sim.spawn(self._ask(machine, slot, ends, asked.discard))
        while asked:
            yield 10 * MS


def run(latency: float, a_second: float, seed: int, looks: bool = True) -> Burst:
    # Machines whose clocks are anywhere in what they are assumed to be at first.
    burst = Burst(World(latency=latency, skew=90 * MS, missed=0.0), seed)
    burst.start_burst(a_second, looks)
    burst.run(120)
    return burst


def utilization(arrivals: list[int]) -> float:
    """Return the part of 10 a second that was used from the first of these arrivals to the last."""
    return (len(arrivals) - 1) / (max(arrivals) - min(arrivals)) * MICROSECONDS / 10


@pytest.mark.parametrize("a_second", RATES)
@pytest.mark.parametrize("latency", [0.1, 1.0])
def test_burst_of_new_machines_uses_the_limit(latency: float, a_second: float) -> None:
    used = []
    for seed in SEEDS:
        burst = run(latency, a_second, seed)
        assert len(burst.arrivals) == UPLOADS
        assert largest_window(burst.arrivals) <= 10
        used.append((utilization(burst.arrivals), utilization(sorted(burst.arrivals)[WARM:-WARM])))
    assert sum(all_of_it for all_of_it, _ in used) / len(used) >= 0.93
    assert sum(warm for _, warm in used) / len(used) >= 0.965


def test_without_the_look_each_new_machine_costs_a_gap() -> None:
    assert utilization(run(1.0, 25, 1, looks=False).arrivals) < 0.88
