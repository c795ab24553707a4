"""The simulation's item in memory does what moto's DynamoDB does with the store's writes."""

from random import Random
from typing import Any

import pytest

from photodna_guard.aws.table import Table
from photodna_guard.rate_limiter.commands import (
    CloseBreaker,
    CountFailure,
    CountGap,
    OpenBreaker,
    Pause,
    Read,
    Reply,
    Reserve,
    Write,
)
from photodna_guard.rate_limiter.gcra import MICROSECONDS, LimiterState
from photodna_guard.rate_limiter.store import LimiterStore
from tests.aws.rate_limiter.limiters import NOW
from tests.unit.simulated_item import SimulatedItem


def random_command(random: Random, now: int, known: LimiterState) -> Read | Write:
    start, count = now + random.randint(0, MICROSECONDS), random.randint(1, 3)
    commands: list[Read | Write] = [
        Read(now),
        Reserve(now, known, start, start + MICROSECONDS, count, count * 100_000, last_turn=random.randint(0, 9)),
        Reserve(now, known, start, start + MICROSECONDS, count, count * 100_000, last_turn=random.randint(0, 9)),
        Reserve(now, known, start, start + MICROSECONDS, count, count * 100_000, last_turn=random.randint(0, 9)),
        Pause(now, now + random.randint(-MICROSECONDS, MICROSECONDS)),
        CountFailure(now),
        CountGap(now, known),
        OpenBreaker(now, known, unreachable=random.random() < 0.5),
        CloseBreaker(now),
    ]
    return random.choice(commands)


@pytest.mark.parametrize("seed", range(3))
def test_simulated_item_replies_as_moto_does(dynamodb: Any, rate_limiter_table: str, seed: int) -> None:
    random, now, known, applied = Random(seed), round(NOW * MICROSECONDS), LimiterState(), 0
    table, item = Table(dynamodb, "limiter"), SimulatedItem()
    for _ in range(150):
        now += random.randint(0, 2 * MICROSECONDS)
        command, priority = random_command(random, now, known), random.choice(["live", "retry"])
        expected = LimiterStore(table, priority).perform(command)
        assert LimiterStore(item, priority).perform(command) == expected
        applied += isinstance(command, Reserve) and expected.applied
        known = random.choice([known, expected.state])
    assert 10 < applied < item.writes
    assert item.refused > 10


def test_reply_to_a_refused_write_shows_the_item(dynamodb: Any, rate_limiter_table: str) -> None:
    now = round(NOW * MICROSECONDS)
    store = LimiterStore(Table(dynamodb, "limiter"), "live")
    store.perform(Pause(now, now + MICROSECONDS))
    refused = store.perform(Reserve(now, LimiterState(), now, now, 1, 1, last_turn=0))
    assert refused == Reply(LimiterState(paused_until=now + MICROSECONDS), applied=False)
