"""What the rate benchmark makes of the arrivals."""

import pytest

from photodna_guard.rate_limiter.gcra import MAX_BATCH
from tools.bench.rate.measure import (
    EDGE,
    Sample,
    arrivals,
    back_after,
    each_second,
    held,
    possible,
    rate_within,
    reads_for_each,
    steady,
    unused,
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
    middle = _evenly(8, 2.5 * MAX_BATCH, first=EDGE)
    end = [middle[-1] + 0.125 + number for number in range(EDGE)]
    assert held(start + middle + end, limit=10) == pytest.approx(0.8)


def test_a_hole_in_the_middle_lowers_the_rate() -> None:
    times = _evenly(10, 30) + _evenly(10, 30, first=40)
    middle = 600 // MAX_BATCH * MAX_BATCH - 2 * EDGE
    assert held(times, limit=10) == pytest.approx(middle / (middle + 100))


def _batches(count: int, every: float) -> list[float]:
    return [batch * every + slot / 10 for batch in range(count) for slot in range(MAX_BATCH)]


def test_one_worker_that_waits_for_answers_between_its_batches_is_counted_with_its_pauses() -> None:
    assert held(_batches(7, every=6), limit=10) == pytest.approx(MAX_BATCH / 6 / 10)


@pytest.mark.parametrize("more", [1, MAX_BATCH // 2, MAX_BATCH - 1])
def test_a_run_that_is_broken_off_within_a_batch_is_judged_as_if_it_ended_before_it(more: int) -> None:
    times = _batches(8, every=6)
    assert held(times[: 7 * MAX_BATCH + more], limit=10) == pytest.approx(MAX_BATCH / 6 / 10)


def test_without_a_middle_there_is_no_rate() -> None:
    assert held(_evenly(10, 4), limit=10) is None
    assert steady([]) is None


def test_refused_requests_are_no_arrivals_of_the_rate_and_failed_ones_are() -> None:
    assert arrivals([_request(2.0, 503, "http"), _request(1.0), _request(1.5, 429)]) == [1.0, 2.0]


def test_one_worker_cannot_hold_a_rate_that_its_answers_are_too_slow_for() -> None:
    batch_seconds = (MAX_BATCH - 1) * 0.1 + 5.0
    assert possible(1, latency=5.0, interval=0.1, limit=10) == pytest.approx(MAX_BATCH / batch_seconds / 10)


def test_many_workers_are_bounded_by_the_interval() -> None:
    assert possible(8, latency=5.0, interval=0.1025, limit=10) == pytest.approx(0.9756, abs=1e-4)


def test_writes_and_reads_are_counted_within_the_steady_middle_only() -> None:
    samples = [Sample(0, 0, 0, 7), Sample(10, 50, 30, 8), Sample(30, 250, 50, 9), Sample(40, 260, 90, 99)]
    assert writes_for_each(samples, (5.0, 35.0)) == pytest.approx(0.1)
    assert reads_for_each(samples, (5.0, 35.0)) == pytest.approx(0.005)


@pytest.mark.parametrize("span", [None, (11.0, 12.0), (9.0, 12.0)])
def test_without_two_samples_nothing_is_said_of_writes(span: tuple[float, float] | None) -> None:
    samples = [Sample(10, 50, 30), Sample(30, 250, 50)]
    assert writes_for_each(samples, span) is reads_for_each(samples, span) is None


def test_slots_that_were_taken_and_not_used_are_counted() -> None:
    item = {"tat": "1700000000000000", "used_2026_11": "140", "used_2026_12": "15"}
    assert unused(item, requests=150) == 5


def test_who_took_no_slots_has_none_left() -> None:
    assert unused(None, requests=150) is None


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


def test_a_trickle_is_counted_within_its_time_only() -> None:
    times = [*_evenly(10, 35), *_evenly(0.5, 25, first=35), *_evenly(10, 10, first=60)]
    assert rate_within(times, 35, 60) == pytest.approx(0.5, abs=0.03)


def test_an_outage_that_ends_before_it_was_noticed_shows_no_trickle() -> None:
    assert rate_within(_evenly(10, 10), 35, 10) is None


def test_seconds_are_split_into_answered_failed_and_refused() -> None:
    requests = [_request(5.0), _request(5.9, 429), _request(7.1, 503, "http"), _request(7.2)]
    assert each_second(requests) == [[1, 0, 1], [0, 0, 0], [1, 1, 0]]


def test_without_requests_there_is_no_second() -> None:
    assert each_second([]) == []
