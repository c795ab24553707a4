"""The judge of a burst: a strict sliding window, and the part of the limit from the first arrival to the last."""

import pytest

from tools.bench.burst import judge


def test_evenly_spaced_arrivals_use_the_whole_limit() -> None:
    arrivals = [number * 0.1 for number in range(301)]

    assert judge.compute_utilization(arrivals, 10) == pytest.approx(1.0)
    assert judge.compute_largest_window([number * 0.1001 for number in range(301)]) == 10


def test_window_that_begins_between_seconds_is_seen() -> None:
    arrivals = [0.9 + number * 0.01 for number in range(6)] + [1.8 + number * 0.01 for number in range(6)]

    assert judge.compute_largest_window(arrivals) == 12


def test_arrivals_exactly_a_second_apart_are_in_no_common_window() -> None:
    assert judge.compute_largest_window([0.0, 1.0, 2.0]) == 1


def test_gap_lowers_the_utilization_and_is_listed() -> None:
    arrivals = [0.0, 0.1, 5.1, 5.2]

    assert judge.compute_utilization(arrivals, 10) == pytest.approx(3 / 52)
    assert judge.list_gaps(arrivals) == [(0.1, 5.0)]


def test_fewer_than_two_arrivals_use_nothing() -> None:
    assert judge.compute_utilization([], 10) == judge.compute_utilization([1.0], 10) == 0.0
