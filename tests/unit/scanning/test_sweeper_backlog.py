"""sweeper.py with 100,000 uploads that wait: what is in its queue is not lost, and a run has a bound."""

from dataclasses import replace

from photodna_guard.domain.models import UnsettledRecord
from photodna_guard.scanning.sweeper import INTERVAL_SECONDS, Sweeper
from tests.support.fakes.buckets import FakeDeletionLimit
from tests.support.fakes.messages import FakeQueueAge, FakeRetryQueue, FakeTelemetry
from tests.support.fakes.results import FakeUnsettledIndex

RATE, PATIENCE = 10, 1800
MANY = 100_000
RUN = RATE * INTERVAL_SECONDS


class World:
    """A sweep of uploads that were all deferred at second 0, and the clock of the run."""

    def __init__(self, count: int, held: int = 0, shards: int = 16) -> None:
        self.records = [UnsettledRecord(f"uploads/{n}.jpg", f"v{n}", "retry", 0.0, PATIENCE) for n in range(count)]
        matches = [replace(one, upload=f"uploads/held-{n}.jpg") for n, one in enumerate(self.records[:held])]
        self.index = FakeUnsettledIndex(list(self.records), matches, shards=shards)
        self.queues = {"retry": FakeRetryQueue(), "backfill": FakeRetryQueue()}
        self.age, self.now, self.seconds_a_claim = FakeQueueAge(), 0.0, 0.0
        ages = {"retry": self.age, "backfill": FakeQueueAge()}
        self.sweeper = Sweeper(
            self.index, self.queues, ages, FakeDeletionLimit(), FakeTelemetry(), observe=False, rate=RATE, now=self.tell
        )

    def tell(self) -> float:
        return self.now + self.seconds_a_claim * len(self.index.claimed)

    def sweep_at(self, second: float, seconds: float = 240.0) -> list[str]:
        """Sweep, and return the keys that were redelivered."""
        self.now = second
        self.queues["retry"].sent.clear()
        self.index.claimed.clear()
        self.sweeper.run(seconds)
        taken = {record.upload for record, _ in self.index.claimed}
        # A claim postpones the record.
        self.index.there = [one for one in self.index.there if one.upload not in taken]
        self.index.withheld = [one for one in self.index.withheld if one.upload not in taken]
        return [job.upload.key for job, _ in self.queues["retry"].sent]


def test_no_message_of_100_000_waiting_is_taken_for_lost() -> None:
    """The last one waits for 10,000 seconds. The one that is lost is found once the others are done."""
    world = World(MANY + 1)
    lost = world.index.there.pop()
    for second in range(INTERVAL_SECONDS, MANY // RATE + INTERVAL_SECONDS, INTERVAL_SECONDS):
        done = min(RATE * second, MANY)
        world.index.there = [*world.records[done:MANY], lost]
        # The head of the queue was sent at second 0, as all were.
        world.queues["retry"].backlog, world.age.seconds = MANY - done, float(second)
        assert world.sweep_at(second) == ([] if done < MANY else ["100000.jpg"]), second


def test_lost_message_is_found_although_the_queue_is_never_empty() -> None:
    world = World(1)
    world.queues["retry"].backlog, world.age.seconds = 5000, 500.0
    assert world.sweep_at(PATIENCE + 999) == []
    assert world.sweep_at(PATIENCE + 1000) == ["0.jpg"]


def test_nothing_is_lost_in_a_queue_that_no_worker_takes_from() -> None:
    world = World(3)
    world.queues["retry"].backlog, world.age.seconds = 3, None
    assert world.sweep_at(1e6) == []
    world.queues["retry"].backlog = 0
    assert len(world.sweep_at(1e6)) == 3


def test_queue_that_nobody_works_does_not_keep_the_other_from_its_sweep() -> None:
    world = World(2)
    world.index.there[1] = replace(world.index.there[1], queue="backfill")
    world.queues["retry"].backlog = 1
    world.sweep_at(1e6)
    assert (len(world.queues["retry"].sent), len(world.queues["backfill"].sent)) == (0, 1)


def test_run_redelivers_no_more_than_the_rate_works_off() -> None:
    world = World(5 * RUN)
    runs = [world.sweep_at(1e6 + n * INTERVAL_SECONDS) for n in range(6)]
    assert list(map(len, runs)) == [RUN] * 5 + [0]
    assert len({key for keys in runs for key in keys}) == 5 * RUN, "each once"


def test_held_matches_come_before_100_000_others() -> None:
    world = World(MANY, held=200)
    sent = world.sweep_at(1e6)
    assert sent[:200] == [f"held-{n}.jpg" for n in range(200)]
    assert len(sent) == RUN


def test_run_ends_before_its_function_does() -> None:
    world = World(MANY)
    world.seconds_a_claim = 1.0
    assert len(world.sweep_at(1e6, seconds=240)) == 210


def test_each_partition_is_first_in_its_turn() -> None:
    """A run that is cut off in a long partition does not keep the others from theirs for ever."""
    shards = 4
    world = World(2 * shards * RUN, shards=shards)
    first = {int(world.sweep_at(1e6 + n * INTERVAL_SECONDS)[0].removesuffix(".jpg")) % shards for n in range(shards)}
    assert first == set(range(shards))
