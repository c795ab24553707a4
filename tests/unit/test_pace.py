"""pace.py: the arithmetic of the rate."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard import pace
from guard.pace import BATCH, RETRIES, SECOND, UPLOADS, Clock, Take, Wait


def largest_window(times: list[float], window: float = 1.0) -> int:
    """The most events in any half-open window: the judge, apart from what it judges."""
    return max(sum(1 for t in times if start <= t < start + window) for start in times)


@given(st.integers(1, 50), st.floats(0, 200), st.lists(st.floats(0, 1), min_size=120, max_size=120))
def test_no_second_holds_more_than_the_limit_though_each_request_is_late_by_up_to_the_margin(
    rate: int, margin: float, lateness: list[float]
) -> None:
    spacing = pace.interval(rate, margin)
    # A microsecond is lost to rounding: a margin of one more is no margin.
    arrivals = [i * spacing / SECOND + late * margin / 1000 * 0.999 for i, late in enumerate(lateness)]
    assert largest_window(sorted(a + 1e-9 * i for i, a in enumerate(arrivals)), 1.0 - 1e-4) <= rate


def test_the_default_margin_costs_less_than_three_hundredths_of_the_rate() -> None:
    assert 0.97 <= SECOND / pace.interval(10, 25) / 10 <= 1


def test_slots_are_one_spacing_apart_and_end_where_the_clock_stands() -> None:
    assert pace.slots(1_000, 3, 100) == [700, 800, 900]


def test_an_idle_clock_gives_a_slot_at_once() -> None:
    assert pace.plan(Clock(tat=5), now=10, start=12, horizon=3 * SECOND) == Take(fresh=True)


def test_behind_others_slots_are_taken_up_to_the_horizon() -> None:
    assert pace.plan(Clock(tat=2 * SECOND), now=0, start=10, horizon=3 * SECOND) == Take(fresh=False)
    far = pace.plan(Clock(tat=4 * SECOND), now=0, start=10, horizon=3 * SECOND)
    assert far == Wait(until=SECOND, paused=False)


def test_a_pause_holds_whatever_the_clock_says() -> None:
    assert pace.plan(Clock(0, paused_until=50), now=49, start=49, horizon=3 * SECOND) == Wait(50, paused=True)
    assert pace.plan(Clock(0, paused_until=50), now=50, start=50, horizon=3 * SECOND) == Take(fresh=True)


@pytest.mark.parametrize("rate", [0.1, 1, 2, 5, 10, 200])
def test_the_retry_queues_workers_leave_slots_for_uploads(rate: float) -> None:
    """With the backlog's clock as far ahead as they may put it, an upload still finds a slot within its horizon."""
    spacing = pace.interval(rate, 25)
    furthest = RETRIES.horizon(spacing) + BATCH * spacing
    assert furthest < UPLOADS.horizon(spacing)
