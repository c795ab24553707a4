"""The circuit breaker of the rate limiter, against moto's DynamoDB."""

import math
from contextlib import suppress
from typing import Any

import pytest

from photodna_guard.domain.errors import DeferrableError, ServiceUnreachableError
from photodna_guard.rate_limiter.gcra import FAILURE_THRESHOLD, MAX_BATCH, RETRY
from photodna_guard.rate_limiter.limiter import RateLimiter
from tests.aws.one_at_a_time import OneAtATime
from tests.aws.rate_limiter.limiters import NOW, SteppedTime, a_limiter, item_attributes, names_of_calls


def test_ten_failures_leave_one_slot_every_three_seconds(
    dynamodb: Any, limiter: RateLimiter, time: SteppedTime
) -> None:
    assert [limiter.record_failure() for _ in range(FAILURE_THRESHOLD)] == [False] * (FAILURE_THRESHOLD - 1) + [True]
    for other in (limiter, a_limiter(dynamodb, time)):
        with pytest.raises(DeferrableError, match="unavailable"):
            other.reserve(1)
    probes = []
    worker = a_limiter(dynamodb, time, RETRY)
    for _ in range(5):
        probes += worker.reserve(MAX_BATCH)
    assert [round(probe - NOW, 1) for probe in probes] == [3.0, 6.0, 9.0, 12.0, 15.0]


def test_workers_count_their_failures_together(dynamodb: Any, rate_limiter_table: str, time: SteppedTime) -> None:
    workers = [a_limiter(dynamodb, time, RETRY) for _ in range(FAILURE_THRESHOLD)]
    assert [worker.record_failure() for worker in workers] == [False] * (FAILURE_THRESHOLD - 1) + [True]


def test_success_resets_the_count_of_failures(dynamodb: Any, limiter: RateLimiter, time: SteppedTime) -> None:
    for _ in range(3):
        assert not any(limiter.record_failure() for _ in range(FAILURE_THRESHOLD - 1))
        limiter.record_success()
    assert item_attributes(dynamodb) == {}


def test_success_costs_no_write_where_nothing_had_failed(dynamodb: Any, limiter: RateLimiter) -> None:
    limiter.reserve(1)
    made = names_of_calls(dynamodb)
    limiter.record_success()
    assert made == []


def test_answered_probe_lets_all_go_on_within_a_second(
    dynamodb: Any, rate_limiter_table: str, time: SteppedTime
) -> None:
    prober = a_limiter(dynamodb, time, RETRY)
    prober.record_unauthorized()
    (probe,) = prober.reserve(MAX_BATCH)
    prober.wait_for_slot(probe)
    answered = time.now

    def then(seconds: float) -> None:
        time.sleep(seconds)
        if len(item_attributes(dynamodb)) > 3:
            prober.record_success()

    waiting = a_limiter(dynamodb, time, RETRY, sleep=then)
    assert len(waiting.reserve(MAX_BATCH)) == MAX_BATCH
    assert time.now - answered <= 1.01


def test_probes_become_fewer_the_longer_an_outage_lasts(
    dynamodb: Any, rate_limiter_table: str, time: SteppedTime
) -> None:
    limiter = a_limiter(dynamodb, time)
    limiter.record_unauthorized()
    count = 0
    while time.now < NOW + 2 * 3600:
        try:
            limiter.wait_for_slot(limiter.reserve(1)[0])
            limiter.record_failure()
            count += 1
        except DeferrableError as busy:
            time.now = max(busy.until, time.now)
    assert 210 <= count <= 330, "one in 30 s, and some more in the first quarter of an hour"


def test_answer_timeout_of_a_probe_is_three_intervals(limiter: RateLimiter, time: SteppedTime) -> None:
    assert limiter.answer_timeout == math.inf
    limiter.record_unauthorized()
    assert limiter.answer_timeout == 9.0
    time.now += 3600
    assert limiter.answer_timeout == 90.0


def test_only_one_of_many_workers_gets_the_probe(dynamodb: Any, rate_limiter_table: str, time: SteppedTime) -> None:
    a_limiter(dynamodb, time).record_unauthorized()
    time.now += 3.1
    client, got = OneAtATime(dynamodb), 0
    for _ in range(5):
        with suppress(DeferrableError):
            got += len(a_limiter(client, time).reserve(1))
    assert got == 1


def test_failed_connection_takes_no_slot_and_postpones_the_probe(
    dynamodb: Any, rate_limiter_table: str, time: SteppedTime
) -> None:
    worker = a_limiter(dynamodb, time, RETRY)
    worker.record_unauthorized()

    def unreachable() -> None:
        worker.record_failure(unreachable=True)
        raise ServiceUnreachableError("no-connection")

    tries = []
    for _ in range(4):
        with pytest.raises(ServiceUnreachableError):
            worker.reserve(MAX_BATCH, ready=unreachable)
        tries.append(round(time.now - NOW))
    assert tries == [3, 6, 9, 12]
    assert "tat" not in item_attributes(dynamodb)


def test_late_failures_of_earlier_requests_postpone_no_probe(
    dynamodb: Any, rate_limiter_table: str, time: SteppedTime
) -> None:
    late, prober = (a_limiter(dynamodb, time) for _ in range(2))
    late.reserve(5)
    prober.record_unauthorized()
    time.now += 3.01
    late.record_failure()
    late.record_unauthorized()
    assert prober.reserve(1)
