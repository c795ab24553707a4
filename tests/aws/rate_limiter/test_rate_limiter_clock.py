"""The rate limiter on a clock that differs from DynamoDB's."""

import math
from email.utils import formatdate
from typing import Any

import pytest

from photodna_guard.aws.table import Table
from photodna_guard.rate_limiter.gcra import LIVE, MAX_BATCH, MICROSECONDS, RETRY
from photodna_guard.rate_limiter.limiter import RateLimiter
from tests.aws.rate_limiter.limiters import (
    INTERVAL,
    SteppedTime,
    a_limiter,
    item_attributes,
)


class SkewedTable:
    """A table whose clock is `ahead` of the workers', and whose responses bear its date."""

    def __init__(self, dynamodb: Any, time: SteppedTime, ahead: float) -> None:
        self._time, self._ahead = time, ahead
        dynamodb.meta.events.register("after-call.dynamodb", self._date)

    def _date(self, parsed: Any, **_: Any) -> None:
        self._time.now += 0.002
        date = formatdate(math.floor(self._time.now + self._ahead), usegmt=True)
        parsed["ResponseMetadata"]["HTTPHeaders"]["date"] = date
        self._time.now += 0.002


@pytest.mark.parametrize("ahead", [-0.05, -0.02, 0.0, 0.013, 0.05])
def test_worker_measures_its_clock_offset_while_it_waits(
    dynamodb: Any, rate_limiter_table: str, time: SteppedTime, ahead: float
) -> None:
    SkewedTable(dynamodb, time, ahead)
    table = Table(dynamodb, "limiter", time)
    worker = RateLimiter(table, 10, 25, RETRY, sleep=time.sleep, uniform=lambda *_: 0.0)
    for _ in range(8):
        worker.reserve(MAX_BATCH)
    assert table.server_clock.error(time.now) <= 0.006
    assert table.server_clock.offset(time.now) == pytest.approx(ahead, abs=0.005)
    slots = worker.reserve(MAX_BATCH)
    assert slots[-1] + INTERVAL + ahead == pytest.approx(item_attributes(dynamodb)["tat"] / MICROSECONDS, abs=0.006)


def test_inexact_clock_keeps_a_gap_to_other_slots(dynamodb: Any, rate_limiter_table: str, time: SteppedTime) -> None:
    before = a_limiter(dynamodb, time).reserve(1)[0]
    inexact = RateLimiter(Table(dynamodb, "limiter", time), 10, 25, LIVE, sleep=time.sleep)
    (slot,) = inexact.reserve(1)
    after = a_limiter(dynamodb, time).reserve(1)[0]
    assert slot - before == pytest.approx(INTERVAL + 0.0445, abs=1e-4)
    assert after - slot == pytest.approx(INTERVAL + 0.0445, abs=1e-4)


def test_upload_measures_its_clock_offset_before_its_slot(
    dynamodb: Any, rate_limiter_table: str, time: SteppedTime
) -> None:
    SkewedTable(dynamodb, time, 0.03)
    table = Table(dynamodb, "limiter", time)
    limiter = RateLimiter(table, 10, 25, LIVE, sleep=time.sleep)
    for _ in range(5):
        limiter.reserve(20)
        slot = limiter.reserve(1)[0]
        assert limiter.wait_for_slot(slot)
        time.now += 3.3
    assert table.server_clock.offset(time.now) == pytest.approx(0.03, abs=0.006)
