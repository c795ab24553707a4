"""The sliding-window limit and its judge, against brute force."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.match.rate_window import LargestWindow, SlidingWindowLimit, read_rate

# Multiples of 1/64 s are exact in binary: the oracle and the limit see the same numbers.
arrivals = st.lists(st.integers(0, 640), max_size=120).map(lambda ticks: [tick / 64 for tick in sorted(ticks)])
whole_rates = st.integers(1, 12).map(float)
fractional_rates = st.sampled_from([(0.3, 1, 1 / 0.3), (0.5, 1, 2.0), (1.6, 2, 2 / 1.6), (2.5, 3, 3 / 2.5)])
windows = st.one_of(whole_rates.map(lambda rate: (rate, int(rate), 1.0)), fractional_rates)


def in_window_that_ends(at: float, times: list[float], seconds: float = 1.0) -> int:
    return sum(1 for time in times if 0 <= at - time < seconds)


@given(arrivals, windows)
def test_no_window_holds_more_accepted_requests_than_it_lets_in(
    times: list[float], window: tuple[float, int, float]
) -> None:
    rate, lets_in, seconds = window
    limit = SlidingWindowLimit(rate)

    accepted = [time for time in times if limit.admit(time)]

    assert all(in_window_that_ends(time, accepted, seconds) <= lets_in for time in accepted)


@given(arrivals, windows)
def test_a_request_is_refused_only_if_its_window_is_full(times: list[float], window: tuple[float, int, float]) -> None:
    rate, lets_in, seconds = window
    limit = SlidingWindowLimit(rate)
    accepted: list[float] = []

    for time in times:
        has_room = in_window_that_ends(time, accepted, seconds) < lets_in
        assert limit.admit(time) == has_room
        if has_room:
            accepted.append(time)


@given(arrivals, st.sampled_from([1.0, 1.25, 8.0]))
def test_the_judge_finds_the_largest_window(times: list[float], seconds: float) -> None:
    judge = LargestWindow()

    for time in times:
        judge.record(time, seconds)

    assert judge.largest == max((in_window_that_ends(time, times, seconds) for time in times), default=0)


@pytest.mark.parametrize(
    ("rate", "lets_in", "seconds"), [(10, 10, 1.0), (2.5, 3, 1.2), (0.5, 1, 2.0), (0.1, 1, 10.0), (1000, 1000, 1.0)]
)
def test_a_window_is_as_long_as_the_rate_takes_for_a_whole_number(rate: float, lets_in: int, seconds: float) -> None:
    limit = SlidingWindowLimit(rate)

    assert (limit.window_limit, limit.window_seconds) == (lets_in, pytest.approx(seconds))


@given(st.floats(0.1, 50))
def test_no_more_than_the_rate_is_accepted_in_the_long_run(rate: float) -> None:
    limit = SlidingWindowLimit(rate)

    accepted = sum(limit.admit(step / 128) for step in range(128 * 40))

    assert accepted <= 40 * rate + limit.window_limit


@given(st.floats(0.1, 50))
def test_requests_that_come_evenly_at_the_rate_are_accepted(rate: float) -> None:
    limit = SlidingWindowLimit(rate)
    apart = 1 / rate + 1e-9

    assert all(limit.admit(number * apart) for number in range(200))


def test_requests_a_whole_second_apart_are_not_in_one_window() -> None:
    limit = SlidingWindowLimit(1)

    assert [limit.admit(5.0), limit.admit(5.984375), limit.admit(6.0)] == [True, False, True]


def test_a_refused_request_does_not_extend_the_wait() -> None:
    limit = SlidingWindowLimit(1)
    limit.admit(0.0)

    refused = [limit.admit(0.1 * step) for step in range(1, 10)]

    assert not any(refused)
    assert limit.admit(1.0)


def test_a_lower_rate_holds_at_once() -> None:
    limit = SlidingWindowLimit(5)
    for _ in range(3):
        limit.admit(0.0)

    limit.rate = 2

    assert not limit.admit(0.5)
    assert limit.admit(1.0)


def test_a_slower_rate_looks_back_further_than_the_one_before() -> None:
    limit = SlidingWindowLimit(1)
    limit.admit(0.0)
    limit.admit(1.5)

    limit.rate = 0.25

    assert not limit.admit(5.4)
    assert limit.admit(5.5)


def test_a_longer_window_counts_what_a_shorter_one_had_passed() -> None:
    judge = LargestWindow()
    judge.record(0.0, 1.0)
    judge.record(1.5, 1.0)

    judge.record(1.75, 2.0)

    assert judge.largest == 3


@pytest.mark.parametrize("value", [1, 10, 10.0, 2.5, 0.1, 1000])
def test_a_rate_is_a_number_whole_or_not(value: float) -> None:
    assert read_rate(value) == value


@pytest.mark.parametrize("value", [0, -1, 0.09, True, "3", None, float("nan"), float("inf")])
def test_what_is_no_number_or_too_slow_is_no_rate(value: object) -> None:
    with pytest.raises(ValueError, match=r"rate must be a number of requests a second, 0\.1 or more"):
        read_rate(value)  # type: ignore[arg-type]
