"""sweep.py: what waits for too long is sent again, among fakes."""

import pytest

from photodna_guard.domain.errors import RetryableError
from photodna_guard.domain.models import UnsettledRecord
from photodna_guard.scanning.sweeper import Sweeper
from tests.support.fakes.buckets import FakeDeletionLimit
from tests.support.fakes.failing import NOW
from tests.support.fakes.messages import FakeRetryQueue, FakeTelemetry
from tests.support.fakes.results import FakeUnsettledIndex


class World:
    """A sweep among fakes."""

    def __init__(self, *there: UnsettledRecord, held: tuple[UnsettledRecord, ...] = (), observe: bool = False) -> None:
        self.unsettled, self.deletion_limit = FakeUnsettledIndex(list(there), list(held)), FakeDeletionLimit()
        self.telemetry, self.queues = FakeTelemetry(), {"retry": FakeRetryQueue(), "backfill": FakeRetryQueue()}
        self.sweep = Sweeper(self.unsettled, self.queues, self.deletion_limit, self.telemetry, observe, now=lambda: NOW)

    def sent(self, lane: str = "retry") -> list[str]:
        return [delivery.upload.key for delivery, _ in self.queues[lane].sent]


def waiting(key: str, overdue: float = -1, age: float = 60, lane: str = "retry") -> UnsettledRecord:
    """`overdue`: seconds from now."""
    return UnsettledRecord(f"uploads/{key}", "v1", lane, NOW - age, int(NOW + overdue))


def test_what_is_overdue_is_sent_to_the_queue_of_its_lane() -> None:
    world = World(waiting("a.jpg"), waiting("old.jpg", lane="backfill"))
    world.sweep.run()
    assert (world.sent(), world.sent("backfill")) == (["a.jpg"], ["old.jpg"])
    assert ("sent again", "a.jpg") in world.telemetry.logged


def test_a_fresh_delivery_is_sent_at_once() -> None:
    world = World(waiting("a.jpg"))
    world.sweep.run()
    ((delivery, delay),) = world.queues["retry"].sent
    assert (delivery.failed_attempts, delivery.backoff_seconds, delivery.hash_checked, delay) == (0, 0.0, False, 0)


@pytest.mark.parametrize(("overdue", "sent"), [(1, []), (0, ["a.jpg"])])
def test_what_is_not_overdue_yet_is_left_alone(overdue: float, sent: list[str]) -> None:
    world = World(waiting("a.jpg", overdue))
    world.sweep.run()
    assert world.sent() == sent


def test_what_somebody_else_has_claimed_is_not_sent() -> None:
    world = World(waiting("a.jpg"), waiting("b.jpg"))
    world.unsettled.taken = {"a.jpg"}
    world.sweep.run()
    assert world.sent() == ["b.jpg"]
    assert ("sent again", "a.jpg") not in world.telemetry.logged


def test_the_age_of_the_oldest_is_told_whether_it_is_overdue_or_not() -> None:
    world = World(waiting("a.jpg", 10, age=100), waiting("b.jpg", 10, age=700), waiting("c.jpg", -1, age=300))
    world.sweep.run()
    assert ("oldest", "700") in world.telemetry.logged


def test_a_backfill_which_waits_by_its_nature_is_left_out_of_that() -> None:
    world = World(waiting("a.jpg", age=100), waiting("old.jpg", age=1e6, lane="backfill"))
    world.sweep.run()
    assert ("oldest", "100") in world.telemetry.logged


def test_where_nothing_waits_the_age_is_told_as_nothing_so_that_its_alarm_ends() -> None:
    world = World()
    world.sweep.run()
    assert world.telemetry.logged == [("oldest", "0"), ("held", "0")]


def test_what_is_held_is_taken_up_in_enforce_mode() -> None:
    world = World(held=(waiting("a.jpg"),))
    world.sweep.run()
    assert world.sent() == ["a.jpg"]
    assert ("held", "0") in world.telemetry.logged


def test_what_is_held_stays_where_it_is_in_observe_mode_and_is_no_alarm() -> None:
    world = World(held=(waiting("a.jpg"),), observe=True)
    world.deletion_limit.is_tripped = True
    world.sweep.run()
    assert world.sent() == world.unsettled.claimed == []
    assert ("held", "0") in world.telemetry.logged


def test_what_is_held_stays_where_it_is_while_the_bound_has_stopped_all_and_the_number_is_told() -> None:
    world = World(held=(waiting("a.jpg"), waiting("b.jpg")))
    world.deletion_limit.is_tripped = True
    world.sweep.run()
    assert world.sent() == world.unsettled.claimed == []
    assert ("held", "2") in world.telemetry.logged


def test_what_is_held_does_not_count_as_the_oldest() -> None:
    world = World(held=(waiting("a.jpg", age=1e6),))
    world.sweep.run()
    assert ("oldest", "0") in world.telemetry.logged


def test_a_queue_that_is_away_ends_the_run_and_the_age_is_not_told() -> None:
    world = World(waiting("a.jpg"))
    world.queues["retry"].fails = {"send": [RetryableError("sqs:SendMessage: InternalError")]}
    with pytest.raises(RetryableError):
        world.sweep.run()
    assert world.telemetry.logged == []
