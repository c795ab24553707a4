"""The shares of two priorities that compete for the same slots."""

import pytest

from tools.bench.rate.measurements import EDGE, Request, count_by_second
from tools.bench.rate.priority_shares import BACKFILL, RETRIES, classify_priority, compute_shares

RETRIED = 4 * EDGE


def _requests(folder: str, first: float, count: int, rate: float = 10) -> list[Request]:
    name = f"backlog/{folder}/1.jpg"
    return [{"arrived_at": first + n / rate, "http_status": 200, "failure": None, "object": name} for n in range(count)]


def test_waiting_backfill_leaves_retries_the_whole_rate() -> None:
    requests = _requests(RETRIES, 0, RETRIED) + _requests(BACKFILL, RETRIED / 10, 5 * EDGE)
    result = compute_shares(requests, limit=10)
    assert result["retry_share"] == 1
    assert result["handover_seconds"] == pytest.approx(0.1)
    assert result["backfill_utilization"] == pytest.approx(1)
    assert result["backfill_requests_before"] == 0


def test_backfill_in_every_other_slot_halves_the_retry_share() -> None:
    requests = _requests(RETRIES, 0, RETRIED, rate=5) + _requests(BACKFILL, 0.1, RETRIED, rate=5)
    assert compute_shares(requests, limit=10)["retry_share"] == pytest.approx(0.5, abs=0.01)


def test_backfill_requests_before_retry_workers_start_do_not_count() -> None:
    late = _requests(RETRIES, 5, RETRIED)
    requests = _requests(BACKFILL, 0, 50) + late + _requests(BACKFILL, late[-1]["arrived_at"] + 0.1, 5 * EDGE)
    result = compute_shares(requests, limit=10)
    assert result["retry_share"] == 1
    assert result["backfill_requests_before"] == 50


def test_slow_backfill_lowers_its_utilization() -> None:
    requests = _requests(RETRIES, 0, RETRIED) + _requests(BACKFILL, RETRIED, 5 * EDGE, rate=8)
    assert compute_shares(requests, limit=10)["backfill_utilization"] == pytest.approx(0.8)


def test_without_requests_no_share_is_given() -> None:
    assert compute_shares([], limit=10) == {
        "retry_share": None,
        "handover_seconds": None,
        "backfill_utilization": None,
        "backfill_requests_before": 0,
    }


def test_seconds_are_split_by_priority() -> None:
    requests = _requests(RETRIES, 0, 10) + _requests(BACKFILL, 0.5, 8)
    assert count_by_second(requests, classify_priority, parts=2) == [[10, 5], [0, 3]]


def test_request_without_object_is_no_backfill() -> None:
    assert classify_priority({"object": None}) == 0
