"""What the tests of the rate limiter share: a time, limiters, and what the item and the client show."""

import math
from collections.abc import Callable
from typing import Any

from photodna_guard.aws.table import Table
from photodna_guard.rate_limiter.gcra import LIVE, MICROSECONDS, Priority, slot_interval
from photodna_guard.rate_limiter.limiter import RateLimiter
from photodna_guard.rate_limiter.server_clock import ServerClock

NOW = 1_800_000_000.0
INTERVAL = slot_interval(10, 25) / MICROSECONDS


class SteppedTime:
    """Passes only in sleep()."""

    def __init__(self) -> None:
        self.now = NOW
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def exact_clock() -> ServerClock:
    """Return a clock that is known not to differ from the table's."""
    known = ServerClock()
    for sent in (NOW, NOW - 1e-6):
        known.observe(sent, sent, math.floor(sent))
    return known


def a_limiter(
    dynamodb: Any,
    time: SteppedTime,
    priority: Priority = LIVE,
    table: str = "limiter",
    quota: int = 0,
    sleep: Callable[[float], None] | None = None,
    uniform: Callable[[float, float], float] = lambda *_: 0.0,
    server_clock: ServerClock | None = None,
) -> RateLimiter:
    """Return a limiter that wakes as soon as it may, with an exact clock unless another one is given."""
    item_table = Table(dynamodb, table, time, server_clock or exact_clock())
    return RateLimiter(item_table, 10, 25, priority, quota, sleep=sleep or time.sleep, uniform=uniform)


def item_attributes(dynamodb: Any) -> dict[str, int]:
    """Return the numbers of the item."""
    item = dynamodb.get_item(TableName="limiter", Key={"limiter": {"S": "match"}}).get("Item", {})
    return {name: int(value["N"]) for name, value in item.items() if "N" in value}


def names_of_calls(dynamodb: Any) -> list[str]:
    """Return a list that gets the name of each call from now on."""
    made: list[str] = []
    dynamodb.meta.events.register("before-call.dynamodb", lambda model, **_: made.append(model.name))
    return made
