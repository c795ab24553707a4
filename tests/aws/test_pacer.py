"""aws/limiter.py against moto's DynamoDB, with a time of its own."""

import itertools
import math
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from email.utils import formatdate
from typing import Any

import pytest

from photodna_guard.aws.table import Table
from photodna_guard.domain.errors import DeferrableError, RetryableError, ServiceUnreachableError
from photodna_guard.rate_limiter.gcra import (
    BACKFILL,
    FAILURE_THRESHOLD,
    LIVE,
    MAX_BATCH,
    MICROSECONDS,
    RETRY,
    Priority,
    slot_interval,
)
from photodna_guard.rate_limiter.limiter import RateLimiter
from photodna_guard.rate_limiter.server_clock import ServerClock
from tests.aws.one_at_a_time import OneAtATime

NOW = 1_800_000_000.0
SPACING = slot_interval(10, 25) / MICROSECONDS


class Time:
    """Passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = NOW
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def dynamodb(dynamodb: Any) -> Any:
    """Its answers bear no date: moto's is the machine's, and the time here is none of it."""

    def undated(parsed: Any, **_: Any) -> None:
        parsed["ResponseMetadata"]["HTTPHeaders"].pop("date", None)

    dynamodb.meta.events.register("after-call.dynamodb", undated)
    return dynamodb


@pytest.fixture
def limiter(dynamodb: Any, rate_limiter_table: str, time: Time) -> RateLimiter:
    return a_pacer(dynamodb, time)


def exact() -> ServerClock:
    """A clock that is known to be the table's."""
    known = ServerClock()
    for sent in (NOW, NOW - 1e-6):
        known.observe(sent, sent, math.floor(sent))
    return known


def a_pacer(dynamodb: Any, time: Time, lane: Priority = LIVE, table: str = "limiter", quota: int = 0) -> RateLimiter:
    """It throws no dice: who waits, wakes as soon as it may."""
    clocks = Table(dynamodb, table, time, exact())
    return RateLimiter(clocks, 10, 25, lane, quota, sleep=time.sleep, uniform=lambda *_: 0.0)


def stands(dynamodb: Any) -> dict[str, int]:
    item = dynamodb.get_item(TableName="limiter", Key={"limiter": {"S": "match"}}).get("Item", {})
    return {name: int(value["N"]) for name, value in item.items() if "N" in value}


def calls(dynamodb: Any) -> list[str]:
    """Gets the name of each call from now on."""
    made: list[str] = []
    dynamodb.meta.events.register("before-call.dynamodb", lambda model, **_: made.append(model.name))
    return made


def test_slots_never_come_closer_than_the_spacing(limiter: RateLimiter) -> None:
    slots = [*limiter.reserve(1), *limiter.reserve(10), *limiter.reserve(1), *limiter.reserve(3)]
    gaps = [b - a for a, b in itertools.pairwise(slots)]
    assert gaps == pytest.approx([SPACING] * 14, abs=1e-5)


def test_an_idle_rate_gives_a_slot_that_the_reservations_own_way_does_not_make_late(limiter: RateLimiter) -> None:
    assert NOW < limiter.reserve(1)[0] <= NOW + 0.05


def test_idle_time_is_not_saved_up_for_a_burst(limiter: RateLimiter, time: Time) -> None:
    limiter.reserve(1)
    time.now += 300
    assert limiter.reserve(2) == pytest.approx([time.now + 0.045, time.now + 0.045 + SPACING], abs=0.01)


def test_pacers_of_many_workers_share_one_rate(dynamodb: Any, rate_limiter_table: str, time: Time) -> None:
    slots = sorted(slot for _ in range(5) for slot in a_pacer(dynamodb, time).reserve(3))
    assert all(b - a >= SPACING - 1e-5 for a, b in itertools.pairwise(slots))


def test_workers_that_reserve_at_the_same_moment_get_different_slots(dynamodb: Any, rate_limiter_table: str) -> None:
    time, client = Time(), OneAtATime(dynamodb)
    with ThreadPoolExecutor(8) as threads:
        batches = list(threads.map(lambda _: a_pacer(client, time).reserve(2), range(12)))
    slots = sorted(slot for batch in batches for slot in batch)
    assert len(slots) == 24
    assert all(b - a >= SPACING - 1e-5 for a, b in itertools.pairwise(slots))


def test_threads_of_one_worker_get_different_slots(dynamodb: Any, rate_limiter_table: str) -> None:
    limiter = a_pacer(OneAtATime(dynamodb), Time())
    with ThreadPoolExecutor(8) as threads:
        slots = sorted(slot for batch in threads.map(lambda _: limiter.reserve(1), range(24)) for slot in batch)
    assert all(b - a >= SPACING - 1e-5 for a, b in itertools.pairwise(slots))


def test_an_upload_goes_to_the_queue_when_no_slot_is_near(limiter: RateLimiter) -> None:
    limiter.reserve(45)
    with pytest.raises(DeferrableError, match="no slot") as caught:
        limiter.reserve(1)
    assert NOW < caught.value.until < NOW + 1


def test_a_worker_of_the_queue_waits_for_its_slots(dynamodb: Any, rate_limiter_table: str, time: Time) -> None:
    a_pacer(dynamodb, time).reserve(50)
    slots = a_pacer(dynamodb, time, RETRY).reserve(10)
    assert slots[0] == pytest.approx(NOW + 0.05 + 50 * SPACING, abs=0.01)
    assert sum(time.slept) == pytest.approx(slots[0] - NOW - RETRY.look_ahead_seconds, abs=0.05)


def test_a_backlog_costs_one_write_and_two_looks_for_each_batch(
    dynamodb: Any, rate_limiter_table: str, time: Time
) -> None:
    made = calls(dynamodb)
    limiter = a_pacer(dynamodb, time, RETRY)
    for _ in range(10):
        limiter.reserve(MAX_BATCH)
    assert made.count("UpdateItem") == 10
    assert made.count("GetItem") <= 20


def test_a_worker_that_waits_sees_that_somebody_else_was_faster_before_it_writes(
    dynamodb: Any, rate_limiter_table: str, time: Time
) -> None:
    other = a_pacer(dynamodb, time)
    other.reserve(20)
    sleep = time.sleep

    def faster(seconds: float) -> None:
        sleep(seconds)
        if len(time.slept) == 1:
            other.reserve(10)

    worker = RateLimiter(Table(dynamodb, "limiter", time, exact()), 10, 25, RETRY, sleep=faster, uniform=lambda *_: 0.0)
    made = calls(dynamodb)
    worker.reserve(MAX_BATCH)
    assert len(time.slept) == 2
    assert made.count("UpdateItem") == 2, "one of them the other's"


def test_a_retry_takes_the_slots_that_a_backfill_still_waits_for(
    dynamodb: Any, rate_limiter_table: str, time: Time
) -> None:
    a_pacer(dynamodb, time).reserve(4)
    with pytest.raises(DeferrableError):
        a_pacer(dynamodb, time, BACKFILL).reserve(1, within=0.01)
    assert a_pacer(dynamodb, time, RETRY).reserve(1, within=0.01)


def test_what_is_made_ready_comes_before_the_slots_and_after_the_wait(
    dynamodb: Any, rate_limiter_table: str, time: Time
) -> None:
    a_pacer(dynamodb, time).reserve(50)
    before = stands(dynamodb)
    seen: list[tuple[float, bool]] = []
    a_pacer(dynamodb, time, RETRY).reserve(
        1, ready=lambda: seen.append((time.now, stands(dynamodb)["tat"] == before["tat"]))
    )
    assert seen == [(pytest.approx(NOW + 4.5, abs=0.1), True)]


def test_a_pause_holds_all_pacers_until_its_end(dynamodb: Any, limiter: RateLimiter, time: Time) -> None:
    limiter.pause(NOW + 60)
    for other in (limiter, a_pacer(dynamodb, time), a_pacer(dynamodb, time, RETRY)):
        with pytest.raises(DeferrableError, match="paused") as caught:
            other.reserve(1)
        assert caught.value.until == pytest.approx(NOW + 60, abs=1e-5)
    time.now = NOW + 60
    assert limiter.reserve(1)


def test_a_worker_of_the_queue_waits_for_the_end_of_a_short_pause(
    dynamodb: Any, rate_limiter_table: str, time: Time
) -> None:
    worker = a_pacer(dynamodb, time, RETRY)
    worker.pause(NOW + 5)
    (slot,) = worker.reserve(1)
    assert NOW + 5 <= slot < NOW + 5.1
    assert worker.wait_for_slot(slot)


def test_a_shorter_pause_does_not_end_a_longer_one(limiter: RateLimiter) -> None:
    limiter.pause(NOW + 60)
    limiter.pause(NOW + 1)
    with pytest.raises(DeferrableError) as caught:
        limiter.reserve(1)
    assert caught.value.until == pytest.approx(NOW + 60, abs=1e-5)


def test_a_pause_that_an_operator_ended_is_over(dynamodb: Any, limiter: RateLimiter) -> None:
    limiter.pause(NOW + 86400)
    with pytest.raises(DeferrableError):
        limiter.reserve(1)
    dynamodb.delete_item(TableName="limiter", Key={"limiter": {"S": "match"}})
    assert limiter.reserve(1)


def test_arriving_waits_for_the_slot_and_tells_when_it_was_missed(limiter: RateLimiter, time: Time) -> None:
    assert limiter.wait_for_slot(NOW + 0.5)
    assert time.now == NOW + 0.5
    assert limiter.wait_for_slot(time.now - 0.007)
    assert not limiter.wait_for_slot(time.now - 0.008)


def test_a_slow_way_to_the_table_moves_the_next_slot_further_ahead(
    dynamodb: Any, limiter: RateLimiter, time: Time
) -> None:
    def slow(**_: Any) -> None:
        time.now += 0.1

    dynamodb.meta.events.register("before-call.dynamodb", slow)
    assert not limiter.wait_for_slot(limiter.reserve(1)[0])
    time.now += 10
    assert limiter.wait_for_slot(limiter.reserve(1)[0])


def test_a_table_that_is_not_there_is_something_to_try_again(dynamodb: Any) -> None:
    limiter = a_pacer(dynamodb, Time(), table="missing")
    with pytest.raises(RetryableError, match="ResourceNotFound"):
        limiter.reserve(1)
    with pytest.raises(RetryableError, match="ResourceNotFound"):
        limiter.pause(1.0)


def test_a_worker_that_was_told_to_pause_uses_none_of_the_slots_that_it_has(limiter: RateLimiter) -> None:
    slot = limiter.reserve(1)[0]
    limiter.pause(NOW + 60)
    with pytest.raises(DeferrableError, match="paused"):
        limiter.wait_for_slot(slot)


def test_nobody_waits_for_slots_longer_than_his_function_runs(
    dynamodb: Any, rate_limiter_table: str, time: Time
) -> None:
    a_pacer(dynamodb, time).reserve(100)
    with pytest.raises(DeferrableError, match="no slot"):
        a_pacer(dynamodb, time, RETRY).reserve(1, within=5)
    assert time.slept == []


def test_an_answer_of_ten_failures_holds_all_and_gives_one_slot_every_three_seconds(
    dynamodb: Any, limiter: RateLimiter, time: Time
) -> None:
    assert [limiter.record_failure() for _ in range(FAILURE_THRESHOLD)] == [False] * (FAILURE_THRESHOLD - 1) + [True]
    for other in (limiter, a_pacer(dynamodb, time)):
        with pytest.raises(DeferrableError, match="unavailable"):
            other.reserve(1)
    probes = []
    worker = a_pacer(dynamodb, time, RETRY)
    for _ in range(5):
        probes += worker.reserve(MAX_BATCH)
    assert [round(probe - NOW, 1) for probe in probes] == [3.0, 6.0, 9.0, 12.0, 15.0]


def test_workers_count_their_failures_together(dynamodb: Any, rate_limiter_table: str, time: Time) -> None:
    workers = [a_pacer(dynamodb, time, RETRY) for _ in range(FAILURE_THRESHOLD)]
    assert [worker.record_failure() for worker in workers] == [False] * (FAILURE_THRESHOLD - 1) + [True]


def test_an_answer_in_between_starts_the_count_anew(dynamodb: Any, limiter: RateLimiter, time: Time) -> None:
    for _ in range(3):
        assert not any(limiter.record_failure() for _ in range(FAILURE_THRESHOLD - 1))
        limiter.record_success()
    assert stands(dynamodb) == {}


def test_an_answer_costs_no_write_where_nothing_had_failed(dynamodb: Any, limiter: RateLimiter) -> None:
    limiter.reserve(1)
    made = calls(dynamodb)
    limiter.record_success()
    assert made == []


def test_a_probe_that_is_answered_lets_all_go_on_within_a_second(
    dynamodb: Any, rate_limiter_table: str, time: Time
) -> None:
    prober, waiting = (a_pacer(dynamodb, time, RETRY) for _ in range(2))
    prober.record_unauthorized()
    (probe,) = prober.reserve(MAX_BATCH)
    prober.wait_for_slot(probe)
    answered = time.now
    sleep = time.sleep

    def then(seconds: float) -> None:
        sleep(seconds)
        if len(stands(dynamodb)) > 3:
            prober.record_success()

    waiting._sleep = then
    assert len(waiting.reserve(MAX_BATCH)) == MAX_BATCH
    assert time.now - answered <= 1.01


def test_probes_become_fewer_the_longer_it_lasts(dynamodb: Any, rate_limiter_table: str, time: Time) -> None:
    limiter = a_pacer(dynamodb, time)
    limiter.record_unauthorized()
    count = 0
    while time.now < NOW + 2 * 3600:
        try:
            limiter.wait_for_slot(limiter.reserve(1)[0])
            limiter.record_failure()
            count += 1
        except DeferrableError as busy:
            time.now = max(busy.until, time.now)
    assert 210 <= count <= 330, "one in half a minute, and some more in the first quarter of an hour"


def test_a_probe_is_not_waited_for_longer_than_until_the_third_from_it(limiter: RateLimiter, time: Time) -> None:
    assert limiter.answer_timeout == math.inf
    limiter.record_unauthorized()
    assert limiter.answer_timeout == 9.0
    time.now += 3600
    assert limiter.answer_timeout == 90.0


def test_only_one_of_many_workers_gets_the_probe(dynamodb: Any, rate_limiter_table: str, time: Time) -> None:
    a_pacer(dynamodb, time).record_unauthorized()
    time.now += 3.1
    client, got = OneAtATime(dynamodb), 0
    for _ in range(5):
        with suppress(DeferrableError):
            got += len(a_pacer(client, time).reserve(1))
    assert got == 1


def test_a_connection_that_cannot_be_opened_takes_no_slot_and_waits_for_the_next_probe(
    dynamodb: Any, rate_limiter_table: str, time: Time
) -> None:
    worker = a_pacer(dynamodb, time, RETRY)
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
    assert "tat" not in stands(dynamodb)


def test_a_pause_that_the_service_asked_for_outlasts_a_probe_that_was_answered(
    dynamodb: Any, limiter: RateLimiter, time: Time
) -> None:
    limiter.record_unauthorized()
    limiter.pause(NOW + 60)
    limiter.record_success()
    with pytest.raises(DeferrableError) as caught:
        a_pacer(dynamodb, time, LIVE).reserve(1)
    assert caught.value.until == pytest.approx(NOW + 60, abs=1e-5)


def test_slots_are_counted_by_the_month(dynamodb: Any, rate_limiter_table: str, time: Time) -> None:
    limiter = a_pacer(dynamodb, time, quota=40)
    assert limiter.quota_used == 0
    limiter.reserve(10)
    limiter.reserve(1)
    assert limiter.quota_used == pytest.approx(11 / 40)
    assert stands(dynamodb)["used_2027_01"] == 11
    time.now += 31 * 86400
    limiter.reserve(2)
    assert limiter.quota_used == pytest.approx(2 / 40)
    assert a_pacer(dynamodb, time).quota_used is None


def test_what_the_quota_has_left_is_for_uploads_and_then_for_nobody_else(
    dynamodb: Any, rate_limiter_table: str, time: Time
) -> None:
    lanes = {lane: a_pacer(dynamodb, time, lane, quota=2) for lane in (LIVE, RETRY, BACKFILL)}
    for limiter in lanes.values():
        limiter.check_quota(new=False)
        limiter.reserve(2)
    for lane, limiter in lanes.items():
        with pytest.raises(DeferrableError, match="quota"):
            limiter.check_quota(new=False)
        if lane is BACKFILL:
            with pytest.raises(DeferrableError, match="quota"):
                limiter.check_quota(new=True)
        else:
            limiter.check_quota(new=True)


class Skewed:
    """A table whose clock is `ahead` of the workers', and whose answers bear its date."""

    def __init__(self, dynamodb: Any, time: Time, ahead: float) -> None:
        self._time, self._ahead = time, ahead
        dynamodb.meta.events.register("after-call.dynamodb", self._date)

    def _date(self, parsed: Any, **_: Any) -> None:
        self._time.now += 0.002
        date = formatdate(math.floor(self._time.now + self._ahead), usegmt=True)
        parsed["ResponseMetadata"]["HTTPHeaders"]["date"] = date
        self._time.now += 0.002


@pytest.mark.parametrize("ahead", [-0.05, -0.02, 0.0, 0.013, 0.05])
def test_a_worker_makes_its_clock_the_tables_while_it_waits(
    dynamodb: Any, rate_limiter_table: str, time: Time, ahead: float
) -> None:
    Skewed(dynamodb, time, ahead)
    table = Table(dynamodb, "limiter", time)
    worker = RateLimiter(table, 10, 25, RETRY, sleep=time.sleep, uniform=lambda *_: 0.0)
    for _ in range(8):
        worker.reserve(MAX_BATCH)
    assert table.server_clock.error(time.now) <= 0.006
    assert table.server_clock.offset(time.now) == pytest.approx(ahead, abs=0.005)
    slots = worker.reserve(MAX_BATCH)
    assert slots[-1] + SPACING + ahead == pytest.approx(stands(dynamodb)["tat"] / MICROSECONDS, abs=0.006)


def test_an_inexact_clock_keeps_its_distance_from_the_slots_of_others(
    dynamodb: Any, rate_limiter_table: str, time: Time
) -> None:
    before = a_pacer(dynamodb, time).reserve(1)[0]
    inexact = RateLimiter(Table(dynamodb, "limiter", time), 10, 25, LIVE, sleep=time.sleep)
    (slot,) = inexact.reserve(1)
    after = a_pacer(dynamodb, time).reserve(1)[0]
    assert slot - before == pytest.approx(SPACING + 0.0445, abs=1e-4)
    assert after - slot == pytest.approx(SPACING + 0.0445, abs=1e-4)


def test_an_upload_that_waits_for_its_slot_makes_its_clock_exact_meanwhile(
    dynamodb: Any, rate_limiter_table: str, time: Time
) -> None:
    Skewed(dynamodb, time, 0.03)
    table = Table(dynamodb, "limiter", time)
    limiter = RateLimiter(table, 10, 25, LIVE, sleep=time.sleep)
    for _ in range(5):
        limiter.reserve(20)
        slot = limiter.reserve(1)[0]
        assert limiter.wait_for_slot(slot)
        time.now += 3.3
    assert table.server_clock.offset(time.now) == pytest.approx(0.03, abs=0.006)


def test_requests_of_before_that_fail_while_the_service_is_away_put_off_no_probe(
    dynamodb: Any, rate_limiter_table: str, time: Time
) -> None:
    late, prober = (a_pacer(dynamodb, time) for _ in range(2))
    late.reserve(5)
    prober.record_unauthorized()
    time.now += 3.01
    late.record_failure()
    late.record_unauthorized()
    assert prober.reserve(1)
