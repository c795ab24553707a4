"""Rates, recovery times and calls per request from the arrivals."""

import pytest

from photodna_guard.rate_limiter.gcra import MAX_BATCH
from tools.bench.rate.measurements import (
    EDGE,
    Sample,
    compute_max_utilization,
    compute_mean_rate,
    compute_reads_per_request,
    compute_recovery_seconds,
    compute_utilization,
    compute_utilization_until,
    compute_writes_per_request,
    count_by_second,
    count_unused_slots,
    find_steady_interval,
    list_arrivals,
)


def _evenly(rate: float, seconds: float, first: float = 0.0) -> list[float]:
    return [first + number / rate for number in range(round(rate * seconds))]


def _request(at: float, status: int = 200, failure: str | None = None) -> dict[str, object]:
    return {"arrived_at": at, "http_status": status, "failure": failure}


def test_even_stream_at_the_limit_uses_all_of_it() -> None:
    assert compute_utilization(_evenly(10, 60), limit=10) == pytest.approx(1)


def test_slow_start_and_slow_end_are_left_out() -> None:
    start = [float(number) for number in range(EDGE)]
    middle = _evenly(8, 2.5 * MAX_BATCH, first=EDGE)
    end = [middle[-1] + 0.125 + number for number in range(EDGE)]
    assert compute_utilization(start + middle + end, limit=10) == pytest.approx(0.8)


def test_pause_in_the_steady_interval_lowers_the_rate() -> None:
    times = _evenly(10, 30) + _evenly(10, 30, first=40)
    middle = 600 // MAX_BATCH * MAX_BATCH - 2 * EDGE
    assert compute_utilization(times, limit=10) == pytest.approx(middle / (middle + 100))


def _batches(count: int, every: float) -> list[float]:
    return [batch * every + slot / 10 for batch in range(count) for slot in range(MAX_BATCH)]


def test_pauses_between_the_batches_of_one_worker_count() -> None:
    assert compute_utilization(_batches(7, every=6), limit=10) == pytest.approx(MAX_BATCH / 6 / 10)


@pytest.mark.parametrize("more", [1, MAX_BATCH // 2, MAX_BATCH - 1])
def test_interrupted_batch_is_left_out(more: int) -> None:
    times = _batches(8, every=6)
    assert compute_utilization(times[: 7 * MAX_BATCH + more], limit=10) == pytest.approx(MAX_BATCH / 6 / 10)


def test_without_a_steady_interval_there_is_no_rate() -> None:
    assert compute_utilization(_evenly(10, 4), limit=10) is None
    assert find_steady_interval([]) is None


def test_requests_at_each_interval_until_the_end_use_all_of_the_limit() -> None:
    assert compute_utilization_until([0.0, 10.0, 20.0], end=29.9, limit=0.1) == pytest.approx(1.0)


@pytest.mark.parametrize(("times", "used"), [([0.0, 10.0, 20.0], 0.25), ([0.0, 40.0, 80.0], 0.25), ([0.0], 0.0)])
def test_requests_that_are_due_and_missing_lower_the_use(times: list[float], used: float) -> None:
    assert compute_utilization_until(times, end=90.0, limit=0.1) == pytest.approx(used)


def test_limit_without_any_request_has_no_use() -> None:
    assert compute_utilization_until([], end=90.0, limit=0.1) is None


def test_failed_requests_are_arrivals_and_refused_ones_are_not() -> None:
    assert list_arrivals([_request(2.0, 503, "http"), _request(1.0), _request(1.5, 429)]) == [1.0, 2.0]


def test_slow_responses_bound_the_utilization_of_one_worker() -> None:
    batch_seconds = (MAX_BATCH - 1) * 0.1 + 5.0
    assert compute_max_utilization(1, latency=5.0, interval=0.1, limit=10) == pytest.approx(
        MAX_BATCH / batch_seconds / 10
    )


def test_slot_interval_bounds_the_utilization_of_many_workers() -> None:
    assert compute_max_utilization(8, latency=5.0, interval=0.1025, limit=10) == pytest.approx(0.9756, abs=1e-4)


def test_writes_and_reads_count_within_the_steady_interval_only() -> None:
    samples = [Sample(0, 0, 0, 7), Sample(10, 50, 30, 8), Sample(30, 250, 50, 9), Sample(40, 260, 90, 99)]
    assert compute_writes_per_request(samples, (5.0, 35.0)) == pytest.approx(0.1)
    assert compute_reads_per_request(samples, (5.0, 35.0)) == pytest.approx(0.005)


@pytest.mark.parametrize("interval", [None, (11.0, 12.0), (9.0, 12.0)])
def test_without_two_samples_there_are_no_calls_per_request(interval: tuple[float, float] | None) -> None:
    samples = [Sample(10, 50, 30), Sample(30, 250, 50)]
    assert compute_writes_per_request(samples, interval) is compute_reads_per_request(samples, interval) is None


def test_reserved_slots_without_a_request_are_counted() -> None:
    item = {"tat": "1700000000000000", "used_2026_11": "140", "used_2026_12": "15"}
    assert count_unused_slots(item, requests=150) == 5


def test_without_the_limiters_item_no_count_is_given() -> None:
    assert count_unused_slots(None, requests=150) is None


def test_uninterrupted_rate_recovers_at_once() -> None:
    assert compute_recovery_seconds(_evenly(10, 60), end=20.05, limit=10) == 0


def test_few_requests_after_an_outage_are_no_recovery() -> None:
    trickle, full = _evenly(1, 7, first=20), _evenly(10, 30, first=27)
    after = compute_recovery_seconds(trickle + full, end=20, limit=10)
    assert after is not None
    assert 6 <= after <= 7


def test_rate_below_95_percent_never_recovers() -> None:
    assert compute_recovery_seconds(_evenly(9.4, 60), end=10, limit=10) is None


def test_backlog_that_ends_too_early_shows_no_recovery() -> None:
    assert compute_recovery_seconds(_evenly(10, 9, first=20), end=20, limit=10) is None


def test_mean_rate_counts_arrivals_within_its_time_only() -> None:
    times = [*_evenly(10, 35), *_evenly(0.5, 25, first=35), *_evenly(10, 10, first=60)]
    assert compute_mean_rate(times, 35, 60) == pytest.approx(0.5, abs=0.03)


def test_outage_shorter_than_its_detection_has_no_mean_rate() -> None:
    assert compute_mean_rate(_evenly(10, 10), 35, 10) is None


def test_seconds_are_split_into_answered_failed_and_refused() -> None:
    requests = [_request(5.0), _request(5.9, 429), _request(7.1, 503, "http"), _request(7.2)]
    assert count_by_second(requests) == [[1, 0, 1], [0, 0, 0], [1, 1, 0]]


def test_without_requests_there_is_no_second() -> None:
    assert count_by_second([]) == []
