"""gcra.py: the arithmetic of the rate limiter."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photodna_guard.rate_limiter import gcra
from photodna_guard.rate_limiter.gcra import (
    BACKFILL,
    LIVE,
    MAX_PROBE_INTERVAL,
    MAX_WAKE_JITTER,
    MICROSECONDS,
    MIN_PROBE_INTERVAL,
    RETRY,
    LimiterState,
    Wait,
)


def largest_window(times: list[float], window: float = 1.0) -> int:
    """Return the most events in any half-open window, by a count that shares no code with gcra.py."""
    return max(sum(1 for t in times if start <= t < start + window) for start in times)


@given(st.integers(1, 50), st.floats(0, 200), st.lists(st.floats(0, 1), min_size=120, max_size=120))
def test_requests_late_by_the_margin_do_not_exceed_the_limit(rate: int, margin: float, lateness: list[float]) -> None:
    interval = gcra.slot_interval(rate, margin)
    # Rounding loses a microsecond, so each request is late by a little less than the margin.
    arrivals = [i * interval / MICROSECONDS + late * margin / 1000 * 0.999 for i, late in enumerate(lateness)]
    assert largest_window(sorted(a + 1e-9 * i for i, a in enumerate(arrivals)), 1.0 - 1e-4) <= rate


def test_default_margin_costs_less_than_three_percent() -> None:
    assert 0.97 <= MICROSECONDS / gcra.slot_interval(10, 25) / 10 <= 1


def test_slots_are_one_interval_apart_and_end_at_the_tat() -> None:
    assert gcra.slot_times(1_000, 3, 100) == [700, 800, 900]


def test_slots_are_given_up_to_the_look_ahead() -> None:
    assert gcra.wait_needed(LimiterState(tat=5), now=10, look_ahead=3 * MICROSECONDS) is None
    assert gcra.wait_needed(LimiterState(tat=3 * MICROSECONDS), now=0, look_ahead=3 * MICROSECONDS) is None
    far = gcra.wait_needed(LimiterState(tat=4 * MICROSECONDS), now=0, look_ahead=3 * MICROSECONDS)
    assert far == Wait(MICROSECONDS, "no slot")


def test_pause_applies_whatever_the_tat() -> None:
    assert gcra.wait_needed(LimiterState(paused_until=50), now=49, look_ahead=3 * MICROSECONDS) == Wait(50, "paused")
    assert gcra.wait_needed(LimiterState(paused_until=50), now=50, look_ahead=3 * MICROSECONDS) is None


def test_open_breaker_waits_for_the_probe_or_a_longer_pause() -> None:
    assert gcra.wait_needed(LimiterState(tripped_at=1, probe_at=50), now=49, look_ahead=0) == Wait(
        50, "the service is unavailable"
    )
    assert gcra.wait_needed(LimiterState(tripped_at=1, probe_at=50, paused_until=70), now=49, look_ahead=0) == Wait(
        70, "paused"
    )
    assert gcra.wait_needed(LimiterState(tripped_at=1, probe_at=50), now=50, look_ahead=0) is None


def test_next_worker_in_turn_wakes_before_the_others() -> None:
    """Three workers wait. The last one to reserve did so at turns 3 and 6, so the worker of turn 4 is next."""
    state = LimiterState(fairness_turn=6, turn_gap=2)
    passed_over, following = gcra.wake_delay(state, last_turn=2), gcra.wake_delay(state, last_turn=4)
    others = {gcra.wake_delay(state, turn) for turn in (6, 5)}
    assert passed_over[1] <= following[0] == following[1]
    assert all(following[1] < least < most <= MAX_WAKE_JITTER for least, most in others)


def test_probes_become_fewer_in_a_long_outage() -> None:
    assert gcra.probe_interval(0, 60 * MICROSECONDS) == MIN_PROBE_INTERVAL
    assert gcra.probe_interval(0, 300 * MICROSECONDS) == 10 * MICROSECONDS
    assert gcra.probe_interval(0, 86400 * MICROSECONDS) == MAX_PROBE_INTERVAL


@pytest.mark.parametrize("rate", [0.1, 1, 2, 5, 10, 200])
@pytest.mark.parametrize("lower", [RETRY, BACKFILL])
def test_queues_leave_slots_for_uploads(rate: float, lower: gcra.Priority) -> None:
    """An upload finds a slot within its look-ahead, with the TAT as far ahead as a queue may put it."""
    interval = gcra.slot_interval(rate, 25)
    furthest = lower.look_ahead(interval) + lower.batch_size(interval) * interval
    assert furthest < LIVE.look_ahead(interval)


@pytest.mark.parametrize(
    ("rate", "retries", "backfill"),
    [(0.1, 1, 1), (0.5, 1, 1), (1, 3, 1), (2, 7, 1), (5, 13, 2), (10, 13, 4), (200, 13, 13)],
)
def test_batch_is_bounded_by_its_seconds(rate: float, retries: int, backfill: int) -> None:
    interval = gcra.slot_interval(rate, 25)
    assert [priority.batch_size(interval) for priority in (RETRY, BACKFILL)] == [retries, backfill]


@pytest.mark.parametrize(
    ("first", "last", "count"), [(0, -1, 0), (0, 0, 1), (0, 9, 1), (0, 10, 2), (5, 34, 3), (50, 10, 0)]
)
def test_slot_fits_that_begins_by_the_last_moment(first: int, last: int, count: int) -> None:
    assert gcra.count_fitting(first, last, 10) == count


def test_last_waiting_retry_wakes_before_the_first_backfill() -> None:
    assert RETRY.look_ahead_seconds - MAX_WAKE_JITTER >= BACKFILL.look_ahead_seconds - 1e-9


def test_last_waiting_backfill_wakes_before_the_slots_run_out() -> None:
    assert BACKFILL.look_ahead_seconds - MAX_WAKE_JITTER == pytest.approx(0.05)
