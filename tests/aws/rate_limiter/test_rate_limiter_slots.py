"""Slots and the quota of the rate limiter, against moto's DynamoDB."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from photodna_guard.domain.errors import DeferrableError, RetryableError
from photodna_guard.rate_limiter.gcra import BACKFILL, LIVE, RETRY
from photodna_guard.rate_limiter.limiter import RateLimiter
from tests.aws.one_at_a_time import OneAtATime
from tests.aws.rate_limiter.limiters import (
    INTERVAL,
    NOW,
    SteppedTime,
    a_limiter,
    item_attributes,
)


def test_slots_are_one_interval_apart(limiter: RateLimiter) -> None:
    slots = [*limiter.reserve(1), *limiter.reserve(10), *limiter.reserve(1), *limiter.reserve(3)]
    gaps = [b - a for a, b in itertools.pairwise(slots)]
    assert gaps == pytest.approx([INTERVAL] * 14, abs=1e-5)


def test_slot_of_an_idle_limiter_starts_after_the_round_trip(limiter: RateLimiter) -> None:
    assert NOW < limiter.reserve(1)[0] <= NOW + 0.05


def test_idle_time_allows_no_burst(limiter: RateLimiter, time: SteppedTime) -> None:
    limiter.reserve(1)
    time.now += 300
    assert limiter.reserve(2) == pytest.approx([time.now + 0.045, time.now + 0.045 + INTERVAL], abs=0.01)


def test_many_workers_share_one_rate(dynamodb: Any, rate_limiter_table: str, time: SteppedTime) -> None:
    slots = sorted(slot for _ in range(5) for slot in a_limiter(dynamodb, time).reserve(3))
    assert all(b - a >= INTERVAL - 1e-5 for a, b in itertools.pairwise(slots))


def test_simultaneous_workers_get_different_slots(dynamodb: Any, rate_limiter_table: str) -> None:
    time, client = SteppedTime(), OneAtATime(dynamodb)
    with ThreadPoolExecutor(8) as threads:
        batches = list(threads.map(lambda _: a_limiter(client, time).reserve(2), range(12)))
    slots = sorted(slot for batch in batches for slot in batch)
    assert len(slots) == 24
    assert all(b - a >= INTERVAL - 1e-5 for a, b in itertools.pairwise(slots))


def test_threads_of_one_worker_get_different_slots(dynamodb: Any, rate_limiter_table: str) -> None:
    limiter = a_limiter(OneAtATime(dynamodb), SteppedTime())
    with ThreadPoolExecutor(8) as threads:
        slots = sorted(slot for batch in threads.map(lambda _: limiter.reserve(1), range(24)) for slot in batch)
    assert all(b - a >= INTERVAL - 1e-5 for a, b in itertools.pairwise(slots))


def test_upload_is_deferred_when_no_slot_is_near(limiter: RateLimiter) -> None:
    limiter.reserve(45)
    with pytest.raises(DeferrableError, match="no slot") as caught:
        limiter.reserve(1)
    assert NOW < caught.value.until < NOW + 1


def test_missing_table_raises_retryable_error(dynamodb: Any) -> None:
    limiter = a_limiter(dynamodb, SteppedTime(), table="missing")
    with pytest.raises(RetryableError, match="ResourceNotFound"):
        limiter.reserve(1)
    with pytest.raises(RetryableError, match="ResourceNotFound"):
        limiter.pause(1.0)


def test_slots_are_counted_by_month(dynamodb: Any, rate_limiter_table: str, time: SteppedTime) -> None:
    limiter = a_limiter(dynamodb, time, quota=40)
    assert limiter.quota_used == 0
    limiter.reserve(10)
    limiter.reserve(1)
    assert limiter.quota_used == pytest.approx(11 / 40)
    assert item_attributes(dynamodb)["used_2027_01"] == 11
    time.now += 31 * 86400
    limiter.reserve(2)
    assert limiter.quota_used == pytest.approx(2 / 40)
    assert a_limiter(dynamodb, time).quota_used is None


def test_used_up_quota_admits_new_uploads_only(dynamodb: Any, rate_limiter_table: str, time: SteppedTime) -> None:
    limiters = {priority: a_limiter(dynamodb, time, priority, quota=2) for priority in (LIVE, RETRY, BACKFILL)}
    for limiter in limiters.values():
        limiter.check_quota(new=False)
        limiter.reserve(2)
    for priority, limiter in limiters.items():
        with pytest.raises(DeferrableError, match="quota"):
            limiter.check_quota(new=False)
        if priority is BACKFILL:
            with pytest.raises(DeferrableError, match="quota"):
                limiter.check_quota(new=True)
        else:
            limiter.check_quota(new=True)
