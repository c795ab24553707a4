"""Pauses of the rate limiter, against moto's DynamoDB."""

from typing import Any

import pytest

from photodna_guard.domain.errors import DeferrableError
from photodna_guard.rate_limiter.gcra import LIVE, RETRY
from photodna_guard.rate_limiter.limiter import RateLimiter
from tests.aws.rate_limiter.limiters import NOW, SteppedTime, a_limiter


def test_pause_stops_all_workers_until_its_end(dynamodb: Any, limiter: RateLimiter, time: SteppedTime) -> None:
    limiter.pause(NOW + 60)
    for other in (limiter, a_limiter(dynamodb, time), a_limiter(dynamodb, time, RETRY)):
        with pytest.raises(DeferrableError, match="paused") as caught:
            other.reserve(1)
        assert caught.value.until == pytest.approx(NOW + 60, abs=1e-5)
    time.now = NOW + 60
    assert limiter.reserve(1)


def test_worker_of_a_queue_waits_for_a_short_pause(dynamodb: Any, rate_limiter_table: str, time: SteppedTime) -> None:
    worker = a_limiter(dynamodb, time, RETRY)
    worker.pause(NOW + 5)
    (slot,) = worker.reserve(1)
    assert NOW + 5 <= slot < NOW + 5.1
    assert worker.wait_for_slot(slot)


def test_shorter_pause_does_not_end_a_longer_one(limiter: RateLimiter) -> None:
    limiter.pause(NOW + 60)
    limiter.pause(NOW + 1)
    with pytest.raises(DeferrableError) as caught:
        limiter.reserve(1)
    assert caught.value.until == pytest.approx(NOW + 60, abs=1e-5)


def test_operator_ends_a_pause(dynamodb: Any, limiter: RateLimiter) -> None:
    limiter.pause(NOW + 86400)
    with pytest.raises(DeferrableError):
        limiter.reserve(1)
    dynamodb.delete_item(TableName="limiter", Key={"limiter": {"S": "match"}})
    assert limiter.reserve(1)


def test_paused_worker_uses_none_of_its_slots(limiter: RateLimiter) -> None:
    slot = limiter.reserve(1)[0]
    limiter.pause(NOW + 60)
    with pytest.raises(DeferrableError, match="paused"):
        limiter.wait_for_slot(slot)


def test_pause_outlasts_an_answered_probe(dynamodb: Any, limiter: RateLimiter, time: SteppedTime) -> None:
    limiter.record_unauthorized()
    limiter.pause(NOW + 60)
    limiter.record_success()
    with pytest.raises(DeferrableError) as caught:
        a_limiter(dynamodb, time, LIVE).reserve(1)
    assert caught.value.until == pytest.approx(NOW + 60, abs=1e-5)
