"""aws/pacer.py against moto's DynamoDB, with a time of its own."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Any

import pytest

from guard.aws.pacer import Pacer
from guard.errors import Busy, TryAgain
from guard.pace import RETRIES, SECOND, UPLOADS, Lane, interval

NOW = 1_800_000_000.0
SPACING = interval(10, 25) / SECOND


class Time:
    """Passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = NOW
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def pacer(dynamodb: Any, pacer_table: str, time: Time) -> Pacer:
    return a_pacer(dynamodb, time)


class OneAtATime:
    """DynamoDB updates an item as one act; moto, within one process and with threads, does not."""

    def __init__(self, client: Any) -> None:
        self._client, self._lock = client, Lock()

    def update_item(self, **asked: Any) -> Any:
        with self._lock:
            return self._client.update_item(**asked)


def a_pacer(dynamodb: Any, time: Time, lane: Lane = UPLOADS) -> Pacer:
    return Pacer(dynamodb, "pacer", 10, 25, lane, now=time, sleep=time.sleep)


def test_slots_never_come_closer_than_the_spacing(pacer: Pacer) -> None:
    slots = [*pacer.reserve(1), *pacer.reserve(10), *pacer.reserve(1), *pacer.reserve(3)]
    gaps = [b - a for a, b in itertools.pairwise(slots)]
    assert gaps == pytest.approx([SPACING] * 14, abs=1e-5)


def test_an_idle_rate_gives_a_slot_that_the_reservations_own_way_does_not_make_late(pacer: Pacer) -> None:
    assert NOW < pacer.reserve(1)[0] <= NOW + 0.05


def test_idle_time_is_not_saved_up_for_a_burst(pacer: Pacer, time: Time) -> None:
    pacer.reserve(1)
    time.now += 3600
    assert pacer.reserve(2) == pytest.approx([time.now + 0.045, time.now + 0.045 + SPACING], abs=0.01)


def test_pacers_of_many_workers_share_one_rate(dynamodb: Any, pacer_table: str, time: Time) -> None:
    slots = sorted(slot for _ in range(5) for slot in a_pacer(dynamodb, time).reserve(3))
    assert all(b - a >= SPACING - 1e-5 for a, b in itertools.pairwise(slots))


def test_workers_that_reserve_at_the_same_moment_get_different_slots(dynamodb: Any, pacer_table: str) -> None:
    time, client = Time(), OneAtATime(dynamodb)
    with ThreadPoolExecutor(8) as threads:
        batches = list(threads.map(lambda _: a_pacer(client, time).reserve(2), range(12)))
    slots = sorted(slot for batch in batches for slot in batch)
    assert len(slots) == 24
    assert all(b - a >= SPACING - 1e-5 for a, b in itertools.pairwise(slots))


def test_threads_of_one_worker_get_different_slots(dynamodb: Any, pacer_table: str) -> None:
    pacer = a_pacer(OneAtATime(dynamodb), Time())
    with ThreadPoolExecutor(8) as threads:
        slots = sorted(slot for batch in threads.map(lambda _: pacer.reserve(1), range(24)) for slot in batch)
    assert all(b - a >= SPACING - 1e-5 for a, b in itertools.pairwise(slots))


def test_an_upload_goes_to_the_queue_when_no_slot_is_near(pacer: Pacer) -> None:
    pacer.reserve(30)
    with pytest.raises(Busy, match="no slot") as caught:
        pacer.reserve(1)
    assert NOW < caught.value.until < NOW + 1


def test_a_worker_of_the_queue_waits_for_its_slots(dynamodb: Any, pacer_table: str, time: Time) -> None:
    a_pacer(dynamodb, time).reserve(50)
    slots = a_pacer(dynamodb, time, RETRIES).reserve(10)
    assert slots[0] == pytest.approx(NOW + 0.05 + 50 * SPACING, abs=0.01)
    assert sum(time.slept) == pytest.approx(slots[0] - NOW - RETRIES.seconds, abs=0.05)


def test_a_backlog_costs_one_write_for_each_batch(dynamodb: Any, pacer_table: str, time: Time) -> None:
    writes: list[str] = []
    dynamodb.meta.events.register("before-call.dynamodb", lambda model, **_: writes.append(model.name))
    pacer = a_pacer(dynamodb, time, RETRIES)
    for _ in range(10):
        pacer.reserve(10)
    assert len(writes) == 10


def test_a_pause_holds_all_pacers_until_its_end(dynamodb: Any, pacer: Pacer, time: Time) -> None:
    pacer.pause(NOW + 60)
    for other in (pacer, a_pacer(dynamodb, time), a_pacer(dynamodb, time, RETRIES)):
        with pytest.raises(Busy, match="paused") as caught:
            other.reserve(1)
        assert caught.value.until == NOW + 60
    time.now = NOW + 60
    assert pacer.reserve(1)


def test_a_worker_of_the_queue_waits_for_the_end_of_a_short_pause(dynamodb: Any, pacer_table: str, time: Time) -> None:
    worker = a_pacer(dynamodb, time, RETRIES)
    worker.pause(NOW + 5)
    (slot,) = worker.reserve(1)
    assert NOW + 5 <= slot < NOW + 5.1
    assert worker.arrive(slot)


def test_a_shorter_pause_does_not_end_a_longer_one(pacer: Pacer) -> None:
    pacer.pause(NOW + 60)
    pacer.pause(NOW + 1)
    with pytest.raises(Busy) as caught:
        pacer.reserve(1)
    assert caught.value.until == NOW + 60


def test_a_pause_that_an_operator_ended_is_over(dynamodb: Any, pacer: Pacer) -> None:
    pacer.pause(NOW + 86400)
    with pytest.raises(Busy):
        pacer.reserve(1)
    dynamodb.delete_item(TableName="pacer", Key={"pacer": {"S": "match"}})
    assert pacer.reserve(1)


def test_arriving_waits_for_the_slot_and_tells_when_it_was_missed(pacer: Pacer, time: Time) -> None:
    assert pacer.arrive(NOW + 0.5)
    assert time.now == NOW + 0.5
    assert pacer.arrive(time.now - 0.006)
    assert not pacer.arrive(time.now - 0.007)


def test_a_slow_way_to_the_table_moves_the_next_slot_further_ahead(dynamodb: Any, pacer: Pacer, time: Time) -> None:
    def slow(**_: Any) -> None:
        time.now += 0.1

    dynamodb.meta.events.register("before-call.dynamodb", slow)
    assert not pacer.arrive(pacer.reserve(1)[0])
    time.now += 10
    assert pacer.arrive(pacer.reserve(1)[0])


def test_a_table_that_is_not_there_is_something_to_try_again(dynamodb: Any) -> None:
    pacer = Pacer(dynamodb, "missing", 10, 25, UPLOADS)
    with pytest.raises(TryAgain, match="ResourceNotFound"):
        pacer.reserve(1)
    with pytest.raises(TryAgain, match="ResourceNotFound"):
        pacer.pause(1.0)


def test_a_worker_that_was_told_to_pause_uses_none_of_the_slots_that_it_has(pacer: Pacer) -> None:
    slot = pacer.reserve(1)[0]
    pacer.pause(NOW + 60)
    with pytest.raises(Busy, match="paused"):
        pacer.arrive(slot)


def test_nobody_waits_for_slots_longer_than_his_function_runs(dynamodb: Any, pacer_table: str, time: Time) -> None:
    a_pacer(dynamodb, time).reserve(100)
    with pytest.raises(Busy, match="no slot"):
        a_pacer(dynamodb, time, RETRIES).reserve(1, within=5)
    assert time.slept == []
