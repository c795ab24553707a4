"""The shared rate at 1,000 workers and 200 requests a second, by discrete-event simulation."""

from collections.abc import Callable
from email.utils import formatdate
from functools import cache
from random import Random
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from photodna_guard.aws.table import Table
from photodna_guard.rate_limiter import gcra
from photodna_guard.rate_limiter.gcra import BACKFILL, LIVE, MAX_BATCH, MICROSECONDS, RETRY, Priority
from photodna_guard.rate_limiter.limiter import RateLimiter
from photodna_guard.rate_limiter.server_clock import MAX_INITIAL_SKEW
from tests.unit.simulation import LATE, MARGIN, MS, Fleet, Item, SimulatedPacer, Simulation, Steps, World

LATENCIES = [0.1, 1.0, 5.0]
MANY = World(rate=200)
EXACT = 30.0  # seconds until a thousand clocks are exact: then the gaps between the slots of inexact ones are gone


def largest_window(arrivals: list[int]) -> int:
    """The most arrivals in any half-open second, counted from each arrival on."""
    times, largest = sorted(arrivals), 0
    for i, first in enumerate(times):
        while i + largest < len(times) and times[i + largest] < first + MICROSECONDS:
            largest += 1
    return largest


@cache
def fleet(
    world: World, workers: int, seconds: float, uploads: float = 0, limiter: type[SimulatedPacer] = SimulatedPacer
) -> Fleet:
    ran = Fleet(world, limiter=limiter)
    ran.start(workers, uploads)
    ran.run(seconds)
    return ran


def backlog(latency: float) -> Fleet:
    return fleet(World(rate=200, latency=latency), workers=1000, seconds=EXACT + 5)


@pytest.mark.parametrize("latency", LATENCIES)
def test_no_second_at_the_server_holds_more_than_the_limit(latency: float) -> None:
    assert largest_window(backlog(latency).arrivals) <= 200


@pytest.mark.parametrize("latency", LATENCIES)
def test_a_standing_backlog_without_live_traffic_gets_97_hundredths_of_the_limit(latency: float) -> None:
    assert backlog(latency).rate(EXACT, EXACT + 4.5) >= 0.97 * 200


@pytest.mark.parametrize("latency", LATENCIES)
def test_clocks_that_nobody_has_made_exact_yet_cost_no_more_than_half_of_that_limit(latency: float) -> None:
    assert backlog(latency).rate(1.5, 3.5) >= 0.5 * 200


@pytest.mark.parametrize("latency", LATENCIES)
def test_eight_workers_are_enough_for_ten_a_second(latency: float) -> None:
    few = fleet(World(latency=latency), workers=8, seconds=300)
    assert few.rate(10, 290) >= 0.97 * 10
    assert largest_window(few.arrivals) <= 10


@pytest.mark.parametrize("rate", [10, 200])
def test_workers_that_all_write_at_the_same_moment_never_exceed_the_limit(rate: int) -> None:
    herd = fleet(World(rate=rate, way=(10 * MS, 10 * MS), look=(0, 0)), workers=1000, seconds=3)
    assert 1.5 * rate < len(herd.arrivals)
    assert largest_window(herd.arrivals) <= rate


@pytest.mark.parametrize("missed", [0.05, 0.3])
def test_a_machine_that_misses_its_slots_loses_rate_but_never_exceeds_the_limit(missed: float) -> None:
    busy = fleet(World(missed=missed), workers=8, seconds=60)
    assert largest_window(busy.arrivals) <= 10
    assert (1 - missed) * 0.9 * 10 <= busy.rate(5, 55) <= (1 - missed / 2) * 10


@pytest.mark.parametrize(("rate", "workers", "uploads", "seconds"), [(10, 8, 0.5, 600), (200, 1000, 40, 40)])
def test_fresh_uploads_during_a_backlog_are_never_refused_and_leave_within_their_lanes_horizon(
    rate: int, workers: int, uploads: float, seconds: float
) -> None:
    world = World(rate=rate, missed=0)
    both = fleet(world, workers, seconds, uploads)
    writes = 2 * world.way[1] / MICROSECONDS  # the one that shows the clock, and the one that takes the slot
    assert both.refused(EXACT) == 0
    assert len(both.waited(EXACT)) > 100
    assert max(both.waited(EXACT)) <= LIVE.horizon(world.spacing) / MICROSECONDS + writes + LATE / MICROSECONDS


@pytest.mark.parametrize("lane", [RETRY, BACKFILL])
def test_a_single_upload_waits_no_longer_than_for_the_slots_that_the_backlog_may_have_taken(lane: Priority) -> None:
    world = World(missed=0)
    crowd = Fleet(world)
    crowd.start(8, uploads=0.02, lane=lane)
    crowd.run(600)
    taken = (lane.horizon(world.spacing) + MAX_BATCH * world.spacing) / MICROSECONDS
    own = (2 * world.way[1] + LATE) / MICROSECONDS + MAX_INITIAL_SKEW
    assert crowd.waited(0)
    assert max(crowd.waited(0)) <= taken + own <= 2.3


def test_an_upload_during_a_backfill_leaves_within_two_seconds_unless_its_machine_misses_the_slot() -> None:
    crowd = Fleet(World(missed=0), batch=11)
    crowd.start(8, uploads=0.3, lane=BACKFILL)
    crowd.run(900)
    assert len(crowd.waited(EXACT)) > 200
    assert max(crowd.waited(EXACT)) <= 2


def test_live_traffic_takes_its_part_and_the_backlog_all_that_is_left() -> None:
    both = fleet(MANY, workers=400, seconds=60, uploads=60)  # the clocks of new functions cost slots until then
    assert both.refused(50) == 0
    assert len(both.waited(50)) > 60 * 8
    assert both.rate(50, 59) >= 0.97 * 200
    assert largest_window(both.arrivals) <= 200


def test_the_backfill_takes_only_slots_that_no_retry_wants_and_all_when_none_does() -> None:
    lanes = Fleet(World())
    lanes.start(8, lane=BACKFILL)
    lanes.start(8, lane=RETRY, until=100)
    lanes.run(200)
    retries, backfill = (lanes.by_lane[lane.name] for lane in (RETRY, BACKFILL))
    assert sum(20 * MICROSECONDS < at < 95 * MICROSECONDS for at in backfill) <= 0.02 * 75 * 10
    assert sum(20 * MICROSECONDS < at < 95 * MICROSECONDS for at in retries) >= 0.95 * 75 * 10
    assert sum(120 * MICROSECONDS < at < 200 * MICROSECONDS for at in backfill) >= 0.97 * 80 * 10


@pytest.mark.parametrize("until", [5, 65])
def test_a_pause_holds_everybody_once_the_slots_taken_before_are_used_and_ends_by_itself(until: int) -> None:
    paused = Fleet(World())
    paused.start(8, uploads=1)
    paused.pause(at=50, until=50 + until)
    paused.run(50 + until + 30)
    used = 50 + (LIVE.horizon(World().spacing) + 2 * World().way[1] + MARGIN) / MICROSECONDS
    assert paused.rate(40, 50) > 9.3
    assert paused.rate(used, 50 + until) == 0
    assert paused.rate(50 + until + 2, 50 + until + 28) >= 0.95 * 10
    assert largest_window(paused.arrivals) <= 10


def test_a_worker_alone_needs_one_write_for_a_batch() -> None:
    alone = fleet(World(missed=0), workers=1, seconds=60)
    assert alone.item.refused == 0
    assert alone.item.writes <= 1.05 * len(alone.arrivals) / MAX_BATCH


@pytest.mark.parametrize("workers", [4, 8, 20])
def test_waiting_workers_all_come_to_their_turn(workers: int) -> None:
    few = fleet(World(), workers=workers, seconds=300)
    taken = [count for limiter, count in few.batches.items()]
    assert len(taken) == workers
    assert min(taken) >= 0.6 * max(taken)


@pytest.mark.parametrize("way", [(2 * MS, 20 * MS), (10 * MS, 40 * MS)])
@pytest.mark.parametrize("latency", LATENCIES)
def test_six_workers_need_a_tenth_of_a_write_for_a_request(latency: float, way: tuple[int, int]) -> None:
    few = fleet(World(latency=latency, way=way), workers=6, seconds=300)
    assert few.item.writes <= 0.1 * len(few.arrivals)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("workers", [2, 8, 20])
def test_clocks_50_ms_apart_break_nothing(workers: int, seed: int) -> None:
    apart = Fleet(World(skew=50 * MS), seed=seed)
    apart.start(workers, uploads=0.2)
    apart.run(120)
    assert largest_window(apart.arrivals) <= 10
    assert apart.rate(EXACT, 115) >= 0.965 * 10


def test_clocks_50_ms_apart_exceed_the_limit_where_all_trust_their_own() -> None:
    apart = Fleet(World(skew=50 * MS, dated=False, gaps=False), seed=1)
    apart.start(8)
    apart.run(60)
    assert largest_window(apart.arrivals) > 10


def test_a_table_whose_answers_bear_no_date_costs_gaps_and_never_the_limit() -> None:
    undated = fleet(World(skew=50 * MS, dated=False), workers=8, seconds=120)
    assert largest_window(undated.arrivals) <= 10
    assert undated.rate(20, 110) >= 0.9 * 10


class ReadThenWrite(SimulatedPacer):
    """What was read is moved and put back, whoever has written meanwhile."""

    def _take(self, count: int) -> Steps[list[int]]:
        read, now = self._item.tat, self.now()
        yield self._sim.random.randint(*self._world.way)
        self._item.tat = max(read, now) + count * self._world.spacing
        return gcra.slot_times(self._item.tat, count, self._world.spacing)


def test_a_clock_that_is_read_and_then_written_exceeds_the_limit() -> None:
    assert largest_window(fleet(MANY, workers=100, seconds=2, limiter=ReadThenWrite).arrivals) > 1.5 * 200


@pytest.mark.parametrize("world", [World(margin=0), World(missed=0.3, tolerance=MICROSECONDS, late=40 * MS)])
def test_slots_without_a_margin_or_used_late_exceed_the_limit(world: World) -> None:
    assert largest_window(fleet(world, workers=8, seconds=60).arrivals) > 10


OTHERS = 700 * MS + 1  # how often others take slots


class Client:
    """The simulated item behind a DynamoDB client, moved by others too, on a clock of its own."""

    def __init__(self, item: Item, world: World, seed: int) -> None:
        self.now, self._item, self._world, self.random = 0.0, item, world, Random(seed)
        self._others = 0

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def get_item(self, **call: Any) -> dict[str, Any]:
        return self._answer(lambda: True, "Item")

    def update_item(self, **call: Any) -> dict[str, Any]:
        expression, values = call["UpdateExpression"], _numbers(call["ExpressionAttributeValues"])
        return self._answer(lambda: self._update(expression, values), "Attributes")

    def _answer(self, act: Callable[[], bool], part: str) -> dict[str, Any]:
        self._travel()
        done, date = act(), formatdate(int(self.now + 1e-6), usegmt=True)
        seen = self._item.seen(RETRY)
        stands = {"tat": seen.tat, "turn_retry": seen.turn, "age_retry": seen.age}
        item = {name: {"N": str(value)} for name, value in stands.items()}
        answer: Any = {part: item, "ResponseMetadata": {"HTTPHeaders": {"date": date}}}
        self._travel()
        if not done:
            error = {"Code": "ConditionalCheckFailedException"}
            raise ClientError(answer | {"Error": error, "Item": answer[part]}, "UpdateItem")
        return cast(dict[str, Any], answer)

    def _update(self, expression: str, values: dict[str, int]) -> bool:
        start, now, fresh = values[":start"], values[":now"], expression.startswith("SET tat = :end")
        ahead = values[":end"] - start if fresh else values[":ahead"]
        taken = self._item.update(fresh, now, start, values.get(":latest", now), ahead)
        if taken and ":age" in values:
            self._item.take_turn(RETRY, values[":age"])
        return taken

    def _travel(self) -> None:
        fastest, slowest = self._world.way
        self.now += round(self.random.triangular(fastest, slowest, fastest) / 2) / MICROSECONDS
        while self._others * OTHERS <= self.now * MICROSECONDS:
            others_take(self._item, self._others * OTHERS, self._world)
            self._others += 1


def _numbers(values: dict[str, dict[str, str]]) -> dict[str, int]:
    return {name: int(value["N"]) for name, value in values.items()}


def others_take(item: Item, now: int, world: World) -> None:
    item.tat = max(item.tat, now) + 5 * world.spacing if now // MICROSECONDS % 20 < 10 else item.tat


def test_the_simulated_pacer_takes_the_very_slots_of_the_real_one() -> None:
    world, seed, real, simulated = World(), 7, list[float](), list[int]()
    client = Client(Item(), world, seed)
    table = Table(cast(Any, client), "limiter", now=lambda: client.now)
    limiter = RateLimiter(table, 10, 25, RETRY, sleep=client.sleep, dice=client.random.uniform)
    for _ in range(100):
        real += limiter.reserve(3)
        client.sleep(0.4)

    sim, item = Simulation(seed), Item()
    model = SimulatedPacer(sim, item, world, RETRY)
    sim.random = Random(seed)

    def others() -> Steps[None]:
        while True:
            others_take(item, sim.now, world)
            yield OTHERS

    def reserve() -> Steps[None]:
        for _ in range(100):
            simulated.extend((yield from model.reserve(3)))
            yield 400 * MS

    sim.spawn(others())
    sim.spawn(reserve())
    sim.run(120 * MICROSECONDS)
    assert len(real) == 300
    assert simulated == pytest.approx([at * MICROSECONDS for at in real], abs=MS / 10)
