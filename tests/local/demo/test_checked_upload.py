"""The checked uploads of a run, and its requests by the second."""

import json

import pytest

from local.demo.checked_upload import make_checked_upload
from local.demo.rate import Second, measure
from tests.local.demo import factories

STATS = {"requests": 4, "largest_window": 3, "refused_429": 1}


def _request(at: float, status: int | None = 200) -> dict[str, float | int | None]:
    return {"arrived_at": at, "http_status": status}


def test_requests_are_counted_by_seconds_from_the_first() -> None:
    requests = [_request(100.5), _request(101.4, 429), _request(101.6), _request(103.5, None)]

    rate = measure(10, STATS, requests)

    assert rate.per_second == [Second(1, 1), Second(1, 0), Second(0, 0), Second(1, 0)]


def test_no_request_at_all_is_a_rate_too() -> None:
    assert measure(10, STATS | {"requests": 0}, []).per_second == []


def test_limit_is_exceeded_by_a_larger_window_only() -> None:
    assert measure(2, STATS, []).is_exceeded
    assert not measure(3, STATS, []).is_exceeded


def test_the_time_to_verdict_runs_from_the_uploads_begin() -> None:
    one = make_checked_upload(factories.uploaded(), {"status": "CLEAN", "settled_at": "1970-01-01T00:16:41.500Z"}, [])

    assert one.seconds_to_verdict == 1.5


def test_an_upload_without_a_result_has_no_status_and_no_time() -> None:
    one = make_checked_upload(factories.uploaded(), None, ["no result"])

    assert (one.status, one.seconds_to_verdict, one.as_expected) == ("", None, False)


def test_the_summary_counts_by_verdict() -> None:
    run = factories.run(
        factories.checked_upload(),
        factories.checked_upload(status="", as_expected=False, seconds_to_verdict=None),
        problems=["x"],
    )

    summary = run.summary()

    assert summary["by_status"] == {"CLEAN": 1, "no verdict": 1}
    assert (summary["pictures"], summary["as_expected"]) == (2, 1)
    assert summary["median_seconds_to_verdict"] == 0.42


def test_a_run_is_json() -> None:
    written = json.loads(json.dumps(factories.run(factories.checked_upload()).as_json()))

    assert written["pictures"][0]["key"] == "a.jpg"
    assert written["rate"]["per_second"][1] == {"accepted": 2, "refused": 1}
    assert written["problems"] == []


@pytest.mark.parametrize(
    ("result", "wanted"),
    [
        ({}, ""),
        ({"frames_seen": 1, "frames_total": 1}, ""),
        ({"frames_seen": 5, "frames_total": 12}, "5 of 12 frames seen"),
        ({"frames_seen": 5, "frames_total": 12, "matched_frame": 11}, "frame 12 of 12, 5 seen"),
    ],
)
def test_frames_of_an_animation_are_described_from_1(result: dict[str, int], wanted: str) -> None:
    assert make_checked_upload(factories.uploaded(), {"status": "CLEAN"} | result, []).frames == wanted
