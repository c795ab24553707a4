"""sweeper.py: redelivering what waits for too long."""

import pytest

from photodna_guard.domain.errors import RetryableError
from photodna_guard.domain.models import UnsettledRecord
from photodna_guard.scanning.sweeper import Sweeper
from tests.support.fakes.buckets import FakeDeletionLimit
from tests.support.fakes.failing import NOW
from tests.support.fakes.messages import FakeQueueAge, FakeRetryQueue, FakeTelemetry
from tests.support.fakes.results import FakeUnsettledIndex


class World:
    """A sweep among fakes."""

    def __init__(self, *there: UnsettledRecord, held: tuple[UnsettledRecord, ...] = (), observe: bool = False) -> None:
        self.unsettled, self.deletion_limit = FakeUnsettledIndex(list(there), list(held)), FakeDeletionLimit()
        self.telemetry, self.queues = FakeTelemetry(), {"retry": FakeRetryQueue(), "backfill": FakeRetryQueue()}
        self.ages = {"retry": FakeQueueAge(), "backfill": FakeQueueAge()}
        self.sweep = Sweeper(
            self.unsettled,
            self.queues,
            self.ages,
            self.deletion_limit,
            self.telemetry,
            observe,
            rate=10,
            now=lambda: NOW,
        )

    def sent(self, lane: str = "retry") -> list[str]:
        return [delivery.upload.key for delivery, _ in self.queues[lane].sent]


def waiting(key: str, overdue: float = -1, age: float = 60, lane: str = "retry") -> UnsettledRecord:
    """`overdue`: seconds from now."""
    return UnsettledRecord(f"uploads/{key}", "v1", lane, NOW - age, int(NOW + overdue))


def test_overdue_upload_returns_to_its_own_queue() -> None:
    world = World(waiting("a.jpg"), waiting("old.jpg", lane="backfill"))
    world.sweep.run()
    assert (world.sent(), world.sent("backfill")) == (["a.jpg"], ["old.jpg"])
    assert ("sent again", "a.jpg") in world.telemetry.logged


def test_redelivered_job_starts_anew_at_once() -> None:
    world = World(waiting("a.jpg"))
    world.sweep.run()
    ((delivery, delay),) = world.queues["retry"].sent
    assert (delivery.failed_attempts, delivery.backoff_seconds, delivery.hash_checked, delay) == (0, 0.0, False, 0)


@pytest.mark.parametrize(("overdue", "sent"), [(1, []), (0, ["a.jpg"])])
def test_upload_before_its_time_is_left_alone(overdue: float, sent: list[str]) -> None:
    world = World(waiting("a.jpg", overdue))
    world.sweep.run()
    assert world.sent() == sent


def test_upload_claimed_meanwhile_is_not_sent() -> None:
    world = World(waiting("a.jpg"), waiting("b.jpg"))
    world.unsettled.taken = {"a.jpg"}
    world.sweep.run()
    assert world.sent() == ["b.jpg"]
    assert ("sent again", "a.jpg") not in world.telemetry.logged


def test_age_of_the_oldest_is_reported() -> None:
    world = World(waiting("a.jpg", 10, age=100), waiting("b.jpg", 10, age=700), waiting("c.jpg", -1, age=300))
    world.sweep.run()
    assert ("oldest", "700") in world.telemetry.logged


def test_backfill_does_not_count_as_the_oldest() -> None:
    world = World(waiting("a.jpg", age=100), waiting("old.jpg", age=1e6, lane="backfill"))
    world.sweep.run()
    assert ("oldest", "100") in world.telemetry.logged


def test_age_is_zero_where_nothing_waits() -> None:
    world = World()
    world.sweep.run()
    assert world.telemetry.logged == [("oldest", "0"), ("held", "0")]


def test_held_match_is_resumed_in_enforce_mode() -> None:
    world = World(held=(waiting("a.jpg"),))
    world.sweep.run()
    assert world.sent() == ["a.jpg"]
    assert ("held", "0") in world.telemetry.logged


def test_held_match_stays_in_observe_mode() -> None:
    world = World(held=(waiting("a.jpg"),), observe=True)
    world.deletion_limit.is_tripped = True
    world.sweep.run()
    assert world.sent() == []
    assert world.unsettled.claimed == []
    assert ("held", "0") in world.telemetry.logged


def test_held_matches_are_counted_while_the_limit_is_tripped() -> None:
    world = World(held=(waiting("a.jpg"), waiting("b.jpg")))
    world.deletion_limit.is_tripped = True
    world.sweep.run()
    assert world.sent() == []
    assert world.unsettled.claimed == []
    assert ("held", "2") in world.telemetry.logged


def test_held_match_does_not_count_as_the_oldest() -> None:
    world = World(held=(waiting("a.jpg", age=1e6),))
    world.sweep.run()
    assert ("oldest", "0") in world.telemetry.logged


def test_failing_queue_ends_the_sweep() -> None:
    world = World(waiting("a.jpg"))
    world.queues["retry"].fails = {"send": [RetryableError("sqs:SendMessage: InternalError")]}
    with pytest.raises(RetryableError):
        world.sweep.run()
    assert ("sent again", "a.jpg") not in world.telemetry.logged
