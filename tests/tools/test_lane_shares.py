"""What the rate benchmark makes of two lanes that want the same slots."""

import pytest

from tools.bench.rate.lane_shares import BACKFILL, RETRIES, lane, shares
from tools.bench.rate.measure import EDGE, Request, each_second

RETRIED = 4 * EDGE


def _requests(folder: str, first: float, count: int, rate: float = 10) -> list[Request]:
    name = f"backlog/{folder}/1.jpg"
    return [{"arrived_at": first + n / rate, "http_status": 200, "failure": None, "object": name} for n in range(count)]


def test_a_backfill_that_waits_for_all_retries_leaves_them_the_whole_rate() -> None:
    requests = _requests(RETRIES, 0, RETRIED) + _requests(BACKFILL, RETRIED / 10, 5 * EDGE)
    seen = shares(requests, limit=10)
    assert seen["retry_share"] == 1
    assert seen["handover"] == pytest.approx(0.1)
    assert seen["backfill_held"] == pytest.approx(1)
    assert seen["backfill_before"] == 0


def test_a_backfill_that_takes_every_other_slot_is_seen() -> None:
    requests = _requests(RETRIES, 0, RETRIED, rate=5) + _requests(BACKFILL, 0.1, RETRIED, rate=5)
    assert shares(requests, limit=10)["retry_share"] == pytest.approx(0.5, abs=0.01)


def test_what_the_backfill_gets_while_the_retries_workers_start_is_not_held_against_it() -> None:
    late = _requests(RETRIES, 5, RETRIED)
    requests = _requests(BACKFILL, 0, 50) + late + _requests(BACKFILL, late[-1]["arrived_at"] + 0.1, 5 * EDGE)
    seen = shares(requests, limit=10)
    assert seen["retry_share"] == 1
    assert seen["backfill_before"] == 50


def test_a_backfill_that_does_not_use_what_is_left_holds_less() -> None:
    requests = _requests(RETRIES, 0, RETRIED) + _requests(BACKFILL, RETRIED, 5 * EDGE, rate=8)
    assert shares(requests, limit=10)["backfill_held"] == pytest.approx(0.8)


def test_without_requests_nothing_is_said() -> None:
    assert shares([], limit=10) == {
        "retry_share": None,
        "handover": None,
        "backfill_held": None,
        "backfill_before": 0,
    }


def test_seconds_are_split_by_lane() -> None:
    requests = _requests(RETRIES, 0, 10) + _requests(BACKFILL, 0.5, 8)
    assert each_second(requests, lane, parts=2) == [[10, 5], [0, 3]]


def test_a_request_that_shows_no_object_is_no_backfill() -> None:
    assert lane({"object": None}) == 0
