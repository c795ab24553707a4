"""The rate limiter with up to 1,000 workers and 200 requests a second, by discrete-event simulation."""

import pytest

from photodna_guard.rate_limiter.gcra import BACKFILL, LIVE, MAX_BATCH, MICROSECONDS, RETRY, Priority
from photodna_guard.rate_limiter.server_clock import MAX_INITIAL_SKEW
from tests.unit.fleet import Fleet, fleet, largest_window
from tests.unit.simulation import LATE, MARGIN, MS, World

slow = pytest.mark.slow
LATENCIES = [pytest.param(0.1, marks=slow), 1.0, pytest.param(5.0, marks=slow)]
MANY = World(rate=200)
# By then a thousand clocks are exact, and the gaps around the slots of inexact ones are gone.
EXACT = 30.0  # seconds


def backlog(latency: float) -> Fleet:
    return fleet(World(rate=200, latency=latency), workers=1000, seconds=EXACT + 5)


@pytest.mark.parametrize("latency", LATENCIES)
def test_no_second_at_the_server_exceeds_the_limit(latency: float) -> None:
    assert largest_window(backlog(latency).arrivals) <= 200


@pytest.mark.parametrize("latency", LATENCIES)
def test_backlog_without_live_traffic_uses_97_percent(latency: float) -> None:
    assert backlog(latency).rate(EXACT, EXACT + 4.5) >= 0.97 * 200


@pytest.mark.parametrize("latency", LATENCIES)
def test_inexact_clocks_cost_at_most_half_of_the_rate(latency: float) -> None:
    assert backlog(latency).rate(1.5, 3.5) >= 0.5 * 200


@pytest.mark.parametrize("latency", LATENCIES)
def test_eight_workers_are_enough_for_ten_requests_a_second(latency: float) -> None:
    few = fleet(World(latency=latency), workers=8, seconds=300)
    assert few.rate(10, 290) >= 0.97 * 10
    assert largest_window(few.arrivals) <= 10


@pytest.mark.parametrize("rate", [10, 200])
def test_simultaneous_writes_do_not_exceed_the_limit(rate: int) -> None:
    herd = fleet(World(rate=rate, round_trip=(10 * MS, 10 * MS), preparation=(0, 0)), workers=1000, seconds=3)
    assert 1.5 * rate < len(herd.arrivals)
    assert largest_window(herd.arrivals) <= rate


@pytest.mark.parametrize("missed", [0.05, 0.3])
def test_missed_slots_cost_rate_and_do_not_exceed_the_limit(missed: float) -> None:
    busy = fleet(World(missed=missed), workers=8, seconds=60)
    assert largest_window(busy.arrivals) <= 10
    assert (1 - missed) * 0.9 * 10 <= busy.rate(5, 55) <= (1 - missed / 2) * 10


@pytest.mark.parametrize(
    ("rate", "workers", "uploads", "seconds"),
    [(10, 8, 0.5, 600), pytest.param(200, 1000, 40, 40, marks=slow)],
)
def test_uploads_during_a_backlog_leave_within_their_look_ahead(
    rate: int, workers: int, uploads: float, seconds: float
) -> None:
    world = World(rate=rate, missed=0)
    both = fleet(world, workers, seconds, uploads)
    # One write shows the state, and one reserves the slot.
    writes = 2 * world.round_trip[1] / MICROSECONDS
    look_ahead = LIVE.look_ahead(world.spacing.interval) / MICROSECONDS
    assert both.refused(EXACT) == 0
    assert len(both.waited(EXACT)) > 100
    assert max(both.waited(EXACT)) <= look_ahead + writes + LATE / MICROSECONDS


@pytest.mark.parametrize("priority", [RETRY, BACKFILL])
def test_single_upload_waits_only_for_slots_the_backlog_reserved(priority: Priority) -> None:
    world = World(missed=0)
    crowd = Fleet(world)
    crowd.start(8, uploads=0.02, priority=priority)
    crowd.run(600)
    interval = world.spacing.interval
    taken = (priority.look_ahead(interval) + MAX_BATCH * interval) / MICROSECONDS
    own = (2 * world.round_trip[1] + LATE) / MICROSECONDS + MAX_INITIAL_SKEW
    assert crowd.waited(0)
    assert max(crowd.waited(0)) <= taken + own <= 2.3


@pytest.mark.parametrize(("missed", "most"), [(0, 1.1), (0.04, 1.6)])
def test_upload_during_a_backfill_leaves_soon(missed: float, most: float) -> None:
    """With the part of slots that a busy machine misses, there is still time for the rest of two seconds."""
    crowd = Fleet(World(missed=missed), batch=12)
    crowd.start(8, uploads=0.3, priority=BACKFILL)
    crowd.run(900)
    assert len(crowd.waited(EXACT)) > 200
    assert max(crowd.waited(EXACT)) <= most
    assert largest_window(crowd.arrivals) <= 10


def test_backlog_uses_all_that_live_traffic_leaves() -> None:
    # The clocks of new functions cost slots. With this seed no function is new after 25 s.
    both = fleet(MANY, workers=400, seconds=60, uploads=60, seed=3)
    assert both.refused(50) == 0
    assert len(both.waited(50)) > 60 * 8
    assert both.rate(50, 59) >= 0.97 * 200
    assert largest_window(both.arrivals) <= 200


def test_backfill_uses_only_slots_that_no_retry_wants() -> None:
    both = Fleet(World())
    both.start(8, priority=BACKFILL)
    both.start(8, priority=RETRY, until=100)
    both.run(200)
    retries, backfill = (both.by_priority[priority.name] for priority in (RETRY, BACKFILL))
    assert sum(20 * MICROSECONDS < at < 95 * MICROSECONDS for at in backfill) <= 0.02 * 75 * 10
    assert sum(20 * MICROSECONDS < at < 95 * MICROSECONDS for at in retries) >= 0.95 * 75 * 10
    assert sum(120 * MICROSECONDS < at < 200 * MICROSECONDS for at in backfill) >= 0.97 * 80 * 10


@pytest.mark.parametrize("until", [5, 65])
def test_pause_stops_all_once_reserved_slots_are_used(until: int) -> None:
    paused = Fleet(World())
    paused.start(8, uploads=1)
    paused.pause(at=50, until=50 + until)
    paused.run(50 + until + 30)
    look_ahead = LIVE.look_ahead(World().spacing.interval)
    used = 50 + (look_ahead + 2 * World().round_trip[1] + MARGIN) / MICROSECONDS
    assert paused.rate(40, 50) > 9.3
    assert paused.rate(used, 50 + until) == 0
    assert paused.rate(50 + until + 2, 50 + until + 28) >= 0.95 * 10
    assert largest_window(paused.arrivals) <= 10


def test_single_worker_needs_one_write_for_a_batch() -> None:
    alone = fleet(World(missed=0), workers=1, seconds=60)
    assert alone.item.refused == 0
    assert alone.item.writes <= 1.05 * len(alone.arrivals) / MAX_BATCH


@pytest.mark.parametrize("workers", [4, 8, 20])
def test_waiting_workers_all_take_their_turn(workers: int) -> None:
    few = fleet(World(), workers=workers, seconds=300)
    taken = list(few.batches.values())
    assert len(taken) == workers
    assert min(taken) >= 0.6 * max(taken)


@pytest.mark.parametrize("round_trip", [(2 * MS, 20 * MS), (10 * MS, 40 * MS)])
@pytest.mark.parametrize("latency", LATENCIES)
def test_six_workers_need_a_tenth_of_a_write_for_each_request(latency: float, round_trip: tuple[int, int]) -> None:
    few = fleet(World(latency=latency, round_trip=round_trip), workers=6, seconds=300)
    assert few.item.writes <= 0.1 * len(few.arrivals)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("workers", [2, 8, 20])
def test_clocks_50_ms_apart_do_not_exceed_the_limit(workers: int, seed: int) -> None:
    apart = Fleet(World(skew=50 * MS), seed=seed)
    apart.start(workers, uploads=0.2)
    apart.run(120)
    assert largest_window(apart.arrivals) <= 10
    assert apart.rate(EXACT, 115) >= 0.965 * 10


def test_table_without_dates_costs_gaps_and_never_the_limit() -> None:
    undated = fleet(World(skew=50 * MS, dated=False), workers=8, seconds=120)
    assert largest_window(undated.arrivals) <= 10
    assert undated.rate(20, 110) >= 0.9 * 10
