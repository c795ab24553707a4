"""The sliding-window limit and the largest window, compared with a count of every window."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.match.rate_window import LargestWindow, SlidingWindowLimit, read_rate

# Multiples of 1/64 s are exact in binary, so that the test and the limit compare the same numbers.
arrivals = st.lists(st.integers(0, 640), max_size=120).map(lambda ticks: [tick / 64 for tick in sorted(ticks)])
whole_rates = st.integers(1, 12).map(float)
fractional_rates = st.sampled_from([(0.3, 1, 1 / 0.3), (0.5, 1, 2.0), (1.6, 2, 2 / 1.6), (2.5, 3, 3 / 2.5)])
windows = st.one_of(whole_rates.map(lambda rate: (rate, int(rate), 1.0)), fractional_rates)


def count_window_ending(at: float, times: list[float], seconds: float = 1.0) -> int:
    return sum(1 for time in times if 0 <= at - time < seconds)


@given(arrivals, windows)
def test_no_window_holds_more_accepted_requests_than_it_allows(
    times: list[float], window: tuple[float, int, float]
) -> None:
    rate, allowed, seconds = window
    limit = SlidingWindowLimit(rate)

    accepted = [time for time in times if limit.admit(time)]

    assert all(count_window_ending(time, accepted, seconds) <= allowed for time in accepted)


@given(arrivals, windows)
def test_request_is_refused_only_if_its_window_is_full(times: list[float], window: tuple[float, int, float]) -> None:
    rate, allowed, seconds = window
    limit = SlidingWindowLimit(rate)
    accepted: list[float] = []

    for time in times:
        has_room = count_window_ending(time, accepted, seconds) < allowed
        assert limit.admit(time) == has_room
        if has_room:
            accepted.append(time)


@given(arrivals, st.sampled_from([1.0, 1.25, 8.0]))
def test_largest_window_is_found(times: list[float], seconds: float) -> None:
    window = LargestWindow()

    for time in times:
        window.record(time, seconds)

    assert window.largest == max((count_window_ending(time, times, seconds) for time in times), default=0)


@pytest.mark.parametrize(
    ("rate", "allowed", "seconds"), [(10, 10, 1.0), (2.5, 3, 1.2), (0.5, 1, 2.0), (0.1, 1, 10.0), (1000, 1000, 1.0)]
)
def test_window_length_allows_a_whole_number_of_requests(rate: float, allowed: int, seconds: float) -> None:
    limit = SlidingWindowLimit(rate)

    assert limit.window_limit == allowed
    assert limit.window_seconds == pytest.approx(seconds)


@given(st.floats(0.1, 50))
def test_accepted_requests_do_not_exceed_the_rate_in_the_long_run(rate: float) -> None:
    limit = SlidingWindowLimit(rate)

    accepted = sum(limit.admit(step / 128) for step in range(128 * 40))

    assert accepted <= 40 * rate + limit.window_limit


@given(st.floats(0.1, 50))
def test_evenly_spaced_requests_at_the_rate_are_accepted(rate: float) -> None:
    limit = SlidingWindowLimit(rate)
    apart = 1 / rate + 1e-9

    assert all(limit.admit(number * apart) for number in range(200))


def test_requests_a_whole_second_apart_are_in_different_windows() -> None:
    limit = SlidingWindowLimit(1)

    assert [limit.admit(5.0), limit.admit(5.984375), limit.admit(6.0)] == [True, False, True]


def test_refused_request_does_not_extend_the_wait() -> None:
    limit = SlidingWindowLimit(1)
    limit.admit(0.0)

    refused = [limit.admit(0.1 * step) for step in range(1, 10)]

    assert not any(refused)
    assert limit.admit(1.0)


def test_lower_rate_applies_at_once() -> None:
    limit = SlidingWindowLimit(5)
    for _ in range(3):
        limit.admit(0.0)

    limit.rate = 2

    assert not limit.admit(0.5)
    assert limit.admit(1.0)


def test_slower_rate_counts_requests_accepted_before_it() -> None:
    limit = SlidingWindowLimit(1)
    limit.admit(0.0)
    limit.admit(1.5)

    limit.rate = 0.25

    assert not limit.admit(5.4)
    assert limit.admit(5.5)


def test_longer_window_counts_requests_beyond_the_shorter_one() -> None:
    window = LargestWindow()
    window.record(0.0, 1.0)
    window.record(1.5, 1.0)

    window.record(1.75, 2.0)

    assert window.largest == 3


@pytest.mark.parametrize("value", [1, 10, 10.0, 2.5, 0.1, 1000])
def test_number_of_at_least_the_slowest_rate_is_a_rate(value: float) -> None:
    assert read_rate(value) == value


@pytest.mark.parametrize("value", [0, -1, 0.09, True, "3", None, float("nan"), float("inf")])
def test_value_that_is_no_number_or_too_slow_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"rate must be a number of requests a second, 0\.1 or more"):
        read_rate(value)  # type: ignore[arg-type]
