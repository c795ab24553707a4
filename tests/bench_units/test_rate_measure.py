"""What the rate benchmark makes of the arrivals."""

import pytest

from tests.bench.rate.measure import (
    EDGE,
    Sample,
    arrivals,
    back_after,
    each_second,
    held,
    possible,
    steady,
    writes_for_each,
)


def _evenly(rate: float, seconds: float, first: float = 0.0) -> list[float]:
    return [first + number / rate for number in range(round(rate * seconds))]


def _request(at: float, status: int = 200, failure: str | None = None) -> dict[str, object]:
    return {"arrived_at": at, "http_status": status, "failure": failure}


def test_an_even_stream_at_the_limit_holds_all_of_it() -> None:
    assert held(_evenly(10, 60), limit=10) == pytest.approx(1)


def test_a_slow_start_and_a_slow_end_are_left_out() -> None:
    start = [float(number) for number in range(EDGE)]
    middle = _evenly(8, 30, first=EDGE)
    end = [middle[-1] + 0.125 + number for number in range(EDGE)]
    assert held(start + middle + end, limit=10) == pytest.approx(0.8)


def test_a_hole_in_the_middle_lowers_the_rate() -> None:
    times = _evenly(10, 20) + _evenly(10, 20, first=30)
    assert held(times, limit=10) == pytest.approx(0.783, abs=0.01)


def test_one_worker_that_waits_for_answers_between_its_batches_is_counted_with_its_pauses() -> None:
    batches = [batch * 6 + slot / 10 for batch in range(7) for slot in range(10)]
    assert held(batches, limit=10) == pytest.approx(10 / 6 / 10)


def test_without_a_middle_there_is_no_rate() -> None:
    assert held(_evenly(10, 4), limit=10) is None
    assert steady([]) is None


def test_refused_requests_are_no_arrivals_of_the_rate_and_failed_ones_are() -> None:
    assert arrivals([_request(2.0, 503, "http"), _request(1.0), _request(1.5, 429)]) == [1.0, 2.0]


def test_one_worker_cannot_hold_a_rate_that_its_answers_are_too_slow_for() -> None:
    assert possible(1, latency=5.0, interval=0.1, limit=10) == pytest.approx(10 / 5.9 / 10)


def test_many_workers_are_bounded_by_the_interval() -> None:
    assert possible(8, latency=5.0, interval=0.1025, limit=10) == pytest.approx(0.9756, abs=1e-4)


def test_writes_are_counted_within_the_steady_middle_only() -> None:
    samples = [Sample(0, 0, 0), Sample(10, 50, 30), Sample(30, 250, 50), Sample(40, 260, 90)]
    assert writes_for_each(samples, (5.0, 35.0)) == pytest.approx(0.1)


@pytest.mark.parametrize("span", [None, (11.0, 12.0), (9.0, 12.0)])
def test_without_two_samples_nothing_is_said_of_writes(span: tuple[float, float] | None) -> None:
    assert writes_for_each([Sample(10, 50, 30), Sample(30, 250, 50)], span) is None


def test_a_rate_that_never_broke_is_back_at_once() -> None:
    assert back_after(_evenly(10, 60), end=20.05, limit=10) == 0


def test_a_trickle_after_an_outage_is_not_the_rate() -> None:
    trickle, full = _evenly(1, 7, first=20), _evenly(10, 30, first=27)
    after = back_after(trickle + full, end=20, limit=10)
    assert after is not None
    assert 6 <= after <= 7


def test_a_rate_below_95_percent_never_is_back() -> None:
    assert back_after(_evenly(9.4, 60), end=10, limit=10) is None


def test_a_backlog_that_ends_too_early_shows_no_recovery() -> None:
    assert back_after(_evenly(10, 9, first=20), end=20, limit=10) is None


def test_seconds_are_split_into_answered_failed_and_refused() -> None:
    requests = [_request(5.0), _request(5.9, 429), _request(7.1, 503, "http"), _request(7.2)]
    assert each_second(requests) == [[1, 0, 1], [0, 0, 0], [1, 1, 0]]


def test_without_requests_there_is_no_second() -> None:
    assert each_second([]) == []
