"""How workers of the rate limiter wait for slots, against moto's DynamoDB."""

from typing import Any

import pytest

from photodna_guard.domain.errors import DeferrableError
from photodna_guard.rate_limiter.gcra import BACKFILL, MAX_BATCH, MICROSECONDS, RETRY
from photodna_guard.rate_limiter.limiter import RateLimiter
from tests.aws.rate_limiter.limiters import (
    INTERVAL,
    NOW,
    SteppedTime,
    a_limiter,
    item_attributes,
    names_of_calls,
)


def test_worker_of_a_queue_waits_for_its_slots(dynamodb: Any, rate_limiter_table: str, time: SteppedTime) -> None:
    a_limiter(dynamodb, time).reserve(50)
    slots = a_limiter(dynamodb, time, RETRY).reserve(10)
    assert slots[0] == pytest.approx(NOW + 0.05 + 50 * INTERVAL, abs=0.01)
    assert sum(time.slept) == pytest.approx(slots[0] - NOW - RETRY.look_ahead_seconds, abs=0.05)


def test_batch_of_a_backlog_costs_one_write_and_two_reads(
    dynamodb: Any, rate_limiter_table: str, time: SteppedTime
) -> None:
    made = names_of_calls(dynamodb)
    limiter = a_limiter(dynamodb, time, RETRY)
    for _ in range(10):
        limiter.reserve(MAX_BATCH)
    assert made.count("UpdateItem") == 10
    assert made.count("GetItem") <= 20


def test_waiting_worker_reads_that_another_was_faster(
    dynamodb: Any, rate_limiter_table: str, time: SteppedTime
) -> None:
    other = a_limiter(dynamodb, time)
    other.reserve(20)

    def faster(seconds: float) -> None:
        time.sleep(seconds)
        if len(time.slept) == 1:
            other.reserve(10)

    worker = a_limiter(dynamodb, time, RETRY, sleep=faster)
    made = names_of_calls(dynamodb)
    worker.reserve(MAX_BATCH)
    assert len(time.slept) == 2
    assert made.count("UpdateItem") == 2, "one of them is the other worker's"


def test_retry_reserves_slots_that_a_backfill_waits_for(
    dynamodb: Any, rate_limiter_table: str, time: SteppedTime
) -> None:
    a_limiter(dynamodb, time).reserve(4)
    backfill, retry = (a_limiter(dynamodb, time, priority) for priority in (BACKFILL, RETRY))
    (slot,) = retry.reserve(1)
    assert time.slept == []
    (later,) = backfill.reserve(1)
    assert sum(time.slept) > 0
    assert slot < later


def test_ready_is_called_after_the_wait_and_before_the_write(
    dynamodb: Any, rate_limiter_table: str, time: SteppedTime
) -> None:
    a_limiter(dynamodb, time).reserve(50)
    before = item_attributes(dynamodb)
    seen: list[tuple[Any, bool]] = []
    a_limiter(dynamodb, time, RETRY).reserve(
        1, ready=lambda: seen.append((time.now, item_attributes(dynamodb)["tat"] == before["tat"]))
    )
    assert seen == [(pytest.approx(NOW + 4.5, abs=0.1), True)]


def test_worker_waits_no_longer_than_its_function_runs(
    dynamodb: Any, rate_limiter_table: str, time: SteppedTime
) -> None:
    a_limiter(dynamodb, time).reserve(100)
    with pytest.raises(DeferrableError, match="no slot"):
        a_limiter(dynamodb, time, RETRY).reserve(1, within=5)
    assert time.slept == []


@pytest.mark.parametrize(("within", "count"), [(0.049, 0), (0.051, 1), (0.2, 2), (1.0, 10), (5.0, 13)])
def test_no_slot_lies_beyond_the_end_of_the_run(
    dynamodb: Any, rate_limiter_table: str, time: SteppedTime, within: float, count: int
) -> None:
    limiter = a_limiter(dynamodb, time)
    if not count:
        with pytest.raises(DeferrableError, match="no slot"):
            limiter.reserve(MAX_BATCH, within)
        return
    slots = limiter.reserve(MAX_BATCH, within)
    assert len(slots) == count
    assert slots[-1] <= NOW + within
    assert item_attributes(dynamodb)["tat"] == pytest.approx((slots[-1] + INTERVAL) * MICROSECONDS, abs=2)


def test_slots_reserved_meanwhile_put_none_beyond_the_end(
    dynamodb: Any, rate_limiter_table: str, time: SteppedTime
) -> None:
    limiter, other = a_limiter(dynamodb, time), a_limiter(dynamodb, time)
    limiter.reserve(1)
    other.reserve(5)
    assert [slot <= NOW + 1 for slot in limiter.reserve(MAX_BATCH, within=1)] == [True] * 4


def test_continued_batch_goes_before_other_workers_and_is_no_turn(
    dynamodb: Any, rate_limiter_table: str, time: SteppedTime
) -> None:
    waited: list[tuple[float, ...]] = []

    def stand_back(*bounds: float) -> float:
        waited.append(bounds)
        return 0.0

    worker = a_limiter(dynamodb, time, RETRY, uniform=stand_back)
    worker.reserve(MAX_BATCH)
    turn = item_attributes(dynamodb)["fairness_turn_retry"]
    worker.reserve(MAX_BATCH, is_continued=True)
    assert waited == []
    assert item_attributes(dynamodb)["fairness_turn_retry"] == turn
    worker.reserve(MAX_BATCH)
    assert len(waited) == 1
    assert item_attributes(dynamodb)["fairness_turn_retry"] == turn + 1


def test_wait_for_slot_returns_whether_the_slot_was_met(limiter: RateLimiter, time: SteppedTime) -> None:
    assert limiter.wait_for_slot(NOW + 0.5)
    assert time.now == NOW + 0.5
    assert limiter.wait_for_slot(time.now - 0.007)
    assert not limiter.wait_for_slot(time.now - 0.008)


def test_slow_round_trip_moves_the_next_slot_further_ahead(
    dynamodb: Any, limiter: RateLimiter, time: SteppedTime
) -> None:
    def slow(**_: Any) -> None:
        time.now += 0.1

    dynamodb.meta.events.register("before-call.dynamodb", slow)
    assert not limiter.wait_for_slot(limiter.reserve(1)[0])
    time.now += 10
    assert limiter.wait_for_slot(limiter.reserve(1)[0])
