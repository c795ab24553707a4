"""RateLimiter.standstill(), against moto's DynamoDB."""

from typing import Any

import pytest

from photodna_guard.rate_limiter.gcra import BACKFILL, LIVE, RETRY, Priority, Standstill
from photodna_guard.rate_limiter.limiter import RateLimiter
from tests.aws.rate_limiter.limiters import NOW, SteppedTime, a_limiter


def test_free_limiter_is_at_no_standstill(dynamodb: Any, limiter: RateLimiter, time: SteppedTime) -> None:
    limiter.reserve(1)
    assert a_limiter(dynamodb, time, RETRY).standstill() is None


@pytest.mark.parametrize(("seconds", "expected"), [(40, None), (41, Standstill(10)), (9e5, Standstill(10))])
def test_pause_is_a_standstill_where_no_worker_waits_for_its_end(
    dynamodb: Any, limiter: RateLimiter, time: SteppedTime, seconds: float, expected: Standstill | None
) -> None:
    limiter.pause(NOW + seconds)
    assert a_limiter(dynamodb, time, RETRY).standstill() == expected


def test_ended_pause_is_none(dynamodb: Any, limiter: RateLimiter, time: SteppedTime) -> None:
    limiter.pause(NOW + 60)
    time.now = NOW + 60
    assert a_limiter(dynamodb, time, RETRY).standstill() is None


def test_open_breaker_is_a_standstill_and_says_when_a_probe_is_due(
    dynamodb: Any, limiter: RateLimiter, time: SteppedTime
) -> None:
    limiter.record_unauthorized()
    worker = a_limiter(dynamodb, time, RETRY)
    assert worker.standstill() == Standstill(3.0)
    time.now = NOW + 3.1
    assert worker.standstill() == Standstill(3.0, needs_probe=True)
    time.now = NOW + 3600
    assert worker.standstill() == Standstill(30.0, needs_probe=True)


@pytest.mark.parametrize(("priority", "waits"), [(LIVE, False), (RETRY, False), (BACKFILL, True)])
def test_used_quota_is_a_standstill_of_the_backfill(
    dynamodb: Any, rate_limiter_table: str, time: SteppedTime, priority: Priority, waits: bool
) -> None:
    limiter = a_limiter(dynamodb, time, priority, quota=2)
    limiter.reserve(2)
    assert limiter.standstill() == (Standstill(30.0, is_for_quota=True) if waits else None)
