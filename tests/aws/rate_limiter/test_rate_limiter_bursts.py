"""The rate limiter in a burst of fresh uploads, against moto's DynamoDB."""

from typing import Any

import pytest

from photodna_guard.rate_limiter.gcra import BACKFILL, LIVE_SLOT_TIME, MAX_LIVE_SLOTS, MICROSECONDS, RETRY, Priority
from photodna_guard.rate_limiter.server_clock import ServerClock
from tests.aws.rate_limiter.limiters import NOW, SteppedTime, a_limiter, item_attributes, names_of_calls


def take_slots(dynamodb: Any, time: SteppedTime, count: int) -> None:
    """Have each of so many new machines reserve a slot."""
    for _ in range(count):
        a_limiter(dynamodb, time).reserve(1)


def new_machine_finds_burst(dynamodb: Any, time: SteppedTime) -> bool:
    return a_limiter(dynamodb, time, server_clock=ServerClock()).finds_burst()


def test_three_uploads_at_once_are_no_burst_and_a_fourth_makes_one(
    dynamodb: Any, rate_limiter_table: str, time: SteppedTime
) -> None:
    take_slots(dynamodb, time, MAX_LIVE_SLOTS)
    assert not new_machine_finds_burst(dynamodb, time)
    take_slots(dynamodb, time, 1)
    assert new_machine_finds_burst(dynamodb, time)


def test_machine_that_knows_its_clock_finds_none_and_does_not_look(
    dynamodb: Any, rate_limiter_table: str, time: SteppedTime
) -> None:
    take_slots(dynamodb, time, 5)
    limiter = a_limiter(dynamodb, time)
    made = names_of_calls(dynamodb)
    assert not limiter.finds_burst()
    assert made == []


def test_burst_is_over_when_a_slot_is_free(dynamodb: Any, rate_limiter_table: str, time: SteppedTime) -> None:
    take_slots(dynamodb, time, 5)
    time.now += 1.0
    assert not new_machine_finds_burst(dynamodb, time)


@pytest.mark.parametrize("priority", [RETRY, BACKFILL], ids=lambda priority: priority.name)
def test_slots_of_queues_make_no_burst(
    dynamodb: Any, rate_limiter_table: str, time: SteppedTime, priority: Priority
) -> None:
    for _ in range(9):
        a_limiter(dynamodb, time, priority).reserve(13)
    assert not new_machine_finds_burst(dynamodb, time)


def test_long_burst_is_forgotten_as_soon_as_a_short_one(
    dynamodb: Any, rate_limiter_table: str, time: SteppedTime
) -> None:
    take_slots(dynamodb, time, 30)
    most = (MAX_LIVE_SLOTS + 1) * LIVE_SLOT_TIME
    assert item_attributes(dynamodb)["live_until"] <= round(NOW * MICROSECONDS) + most
