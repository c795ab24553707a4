"""The rate limiter in a burst of fresh uploads from new machines, against moto's DynamoDB."""

from typing import Any

import pytest

from photodna_guard.domain.errors import RetryableError
from photodna_guard.rate_limiter import gap_limit
from photodna_guard.rate_limiter.commands import CountGap, Read, Reply
from photodna_guard.rate_limiter.gcra import GAP_TIME, MAX_GAPS, MICROSECONDS, RETRY, LimiterState
from photodna_guard.rate_limiter.limiter import run
from photodna_guard.rate_limiter.server_clock import ServerClock
from tests.aws.rate_limiter.limiters import NOW, SteppedTime, a_limiter, item_attributes, names_of_calls


def new_machine_finds_burst(dynamodb: Any, time: SteppedTime) -> bool:
    return a_limiter(dynamodb, time, server_clock=ServerClock()).finds_burst()


def test_four_new_machines_take_slots_behind_others_and_a_fifth_finds_a_burst(
    dynamodb: Any, rate_limiter_table: str, time: SteppedTime
) -> None:
    a_limiter(dynamodb, time).reserve(5)
    found = [new_machine_finds_burst(dynamodb, time) for _ in range(MAX_GAPS + 3)]
    assert found == [False] * (MAX_GAPS + 1) + [True, True]


def test_one_more_takes_a_slot_after_a_while(dynamodb: Any, rate_limiter_table: str, time: SteppedTime) -> None:
    worker = a_limiter(dynamodb, time, RETRY)
    worker.reserve(13)
    while not new_machine_finds_burst(dynamodb, time):
        pass
    time.now += GAP_TIME / MICROSECONDS
    worker.reserve(13)
    assert [new_machine_finds_burst(dynamodb, time) for _ in range(2)] == [False, True]


def test_machine_that_knows_its_clock_finds_none_and_does_not_look(
    dynamodb: Any, rate_limiter_table: str, time: SteppedTime
) -> None:
    limiter = a_limiter(dynamodb, time)
    limiter.reserve(5)
    made = names_of_calls(dynamodb)
    assert not limiter.finds_burst()
    assert made == []


def test_free_slot_is_taken_at_once_and_counts_nothing(
    dynamodb: Any, rate_limiter_table: str, time: SteppedTime
) -> None:
    assert not any(new_machine_finds_burst(dynamodb, time) for _ in range(9))
    assert "gaps_until" not in item_attributes(dynamodb)


def test_bucket_is_never_fuller_than_its_bound(dynamodb: Any, rate_limiter_table: str, time: SteppedTime) -> None:
    a_limiter(dynamodb, time).reserve(13)
    for _ in range(20):
        new_machine_finds_burst(dynamodb, time)
    assert item_attributes(dynamodb)["gaps_until"] <= round(NOW * MICROSECONDS) + (MAX_GAPS + 1) * GAP_TIME


def test_machine_that_comes_second_to_an_empty_bucket_tries_again() -> None:
    now, asked = 10 * MICROSECONDS, []
    replies = iter(
        [
            Reply(LimiterState(tat=now + 1)),
            Reply(LimiterState(tat=now + 1, gaps_until=now + GAP_TIME), applied=False),
            Reply(LimiterState(tat=now + 1, gaps_until=now + 2 * GAP_TIME)),
        ]
    )

    def perform(command: Any) -> Reply:
        asked.append(type(command))
        return next(replies)

    assert not run(gap_limit.is_reached(now), perform)
    assert asked == [Read, CountGap, CountGap]


def test_error_of_the_table_is_passed_on(dynamodb: Any, time: SteppedTime) -> None:
    with pytest.raises(RetryableError):
        a_limiter(dynamodb, time, table="none", server_clock=ServerClock()).finds_burst()
