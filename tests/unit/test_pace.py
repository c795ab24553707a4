"""pace.py: the arithmetic of the rate."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photodna_guard.rate_limiter import gcra
from photodna_guard.rate_limiter.gcra import (
    BACKFILL,
    LIVE,
    MAX_BATCH,
    MAX_PROBE_INTERVAL,
    MAX_WAKE_JITTER,
    MICROSECONDS,
    MIN_PROBE_INTERVAL,
    RETRY,
    LimiterState,
    Wait,
)


def largest_window(times: list[float], window: float = 1.0) -> int:
    """The most events in any half-open window: the judge, apart from what it judges."""
    return max(sum(1 for t in times if start <= t < start + window) for start in times)


@given(st.integers(1, 50), st.floats(0, 200), st.lists(st.floats(0, 1), min_size=120, max_size=120))
def test_no_second_holds_more_than_the_limit_though_each_request_is_late_by_up_to_the_margin(
    rate: int, margin: float, lateness: list[float]
) -> None:
    spacing = gcra.slot_interval(rate, margin)
    # A microsecond is lost to rounding: a margin of one more is no margin.
    arrivals = [i * spacing / MICROSECONDS + late * margin / 1000 * 0.999 for i, late in enumerate(lateness)]
    assert largest_window(sorted(a + 1e-9 * i for i, a in enumerate(arrivals)), 1.0 - 1e-4) <= rate


def test_the_default_margin_costs_less_than_three_hundredths_of_the_rate() -> None:
    assert 0.97 <= MICROSECONDS / gcra.slot_interval(10, 25) / 10 <= 1


def test_slots_are_one_spacing_apart_and_end_where_the_clock_stands() -> None:
    assert gcra.slot_times(1_000, 3, 100) == [700, 800, 900]


def test_slots_are_taken_up_to_the_horizon() -> None:
    assert gcra.wait_needed(LimiterState(tat=5), now=10, horizon=3 * MICROSECONDS) is None
    assert gcra.wait_needed(LimiterState(tat=3 * MICROSECONDS), now=0, horizon=3 * MICROSECONDS) is None
    far = gcra.wait_needed(LimiterState(tat=4 * MICROSECONDS), now=0, horizon=3 * MICROSECONDS)
    assert far == Wait(MICROSECONDS, "no slot")


def test_a_pause_holds_whatever_the_clock_says() -> None:
    assert gcra.wait_needed(LimiterState(paused_until=50), now=49, horizon=3 * MICROSECONDS) == Wait(50, "paused")
    assert gcra.wait_needed(LimiterState(paused_until=50), now=50, horizon=3 * MICROSECONDS) is None


def test_while_the_service_is_away_all_wait_for_the_next_probe_or_for_a_longer_pause() -> None:
    assert gcra.wait_needed(LimiterState(tripped_at=1, probe_at=50), now=49, horizon=0) == Wait(
        50, "the service is away"
    )
    assert gcra.wait_needed(LimiterState(tripped_at=1, probe_at=50, paused_until=70), now=49, horizon=0) == Wait(
        70, "paused"
    )
    assert gcra.wait_needed(LimiterState(tripped_at=1, probe_at=50), now=50, horizon=0) is None


def test_waiting_workers_take_turns() -> None:
    """Three do: the last taker, at turn 6, had his batch before at turn 3; so next is whose last was turn 4."""
    clock = LimiterState(turn=6, age=2)
    passed_over, following = gcra.wake_delay(clock, turn=2), gcra.wake_delay(clock, turn=4)
    others = {gcra.wake_delay(clock, turn) for turn in (6, 5)}
    assert passed_over[1] <= following[0] == following[1]
    assert all(following[1] < least < most <= MAX_WAKE_JITTER for least, most in others)


def test_probes_are_frequent_in_a_young_outage_and_a_trickle_in_a_long_one() -> None:
    assert gcra.probe_interval(0, 60 * MICROSECONDS) == MIN_PROBE_INTERVAL
    assert gcra.probe_interval(0, 300 * MICROSECONDS) == 10 * MICROSECONDS
    assert gcra.probe_interval(0, 86400 * MICROSECONDS) == MAX_PROBE_INTERVAL


@pytest.mark.parametrize("rate", [0.1, 1, 2, 5, 10, 200])
@pytest.mark.parametrize("lower", [RETRY, BACKFILL])
def test_the_queues_workers_leave_slots_for_uploads(rate: float, lower: gcra.Priority) -> None:
    """With the backlog's clock as far ahead as they may put it, an upload still finds a slot within its horizon."""
    spacing = gcra.slot_interval(rate, 25)
    furthest = lower.horizon(spacing) + MAX_BATCH * spacing
    assert furthest < LIVE.horizon(spacing)


def test_even_the_last_of_the_waiting_retries_wakes_before_the_first_of_the_backfill() -> None:
    assert RETRY.seconds - MAX_WAKE_JITTER >= BACKFILL.seconds - 1e-9


def test_the_last_of_the_waiting_backfill_wakes_before_the_slots_run_out() -> None:
    assert BACKFILL.seconds - MAX_WAKE_JITTER == pytest.approx(0.05)
