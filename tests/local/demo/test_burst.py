"""The sentences about the burst, and about one upload alone."""

from typing import Any

import pytest

from local.demo.burst import explain_times, last_wait_seconds
from local.demo.checked_upload import Run
from local.demo.rate import Rate
from tests.local.demo import factories
from tests.local.demo.factories import checked_upload


def _run(uploads: int, requests: int, limit: float = 10, seconds: float | None = 0.4, **changes: Any) -> Run:
    rate = Rate(limit=limit, requests=requests, largest_window=1, refused_429=0, per_second=[])
    return factories.run(*[checked_upload(seconds_to_verdict=seconds)] * uploads, rate=rate, **changes)


@pytest.mark.parametrize(
    ("requests", "limit", "seconds"), [(82, 10, 8.1), (1, 10, 0), (0, 10, 0), (11, 10, 1), (6, 0.5, 10)]
)
def test_the_last_request_waits_for_those_before_it(requests: int, limit: float, seconds: float) -> None:
    assert last_wait_seconds(requests, limit) == pytest.approx(seconds)


def test_a_burst_is_named_with_its_wait() -> None:
    first, *_ = explain_times(_run(82, 82))

    assert first == (
        "82 uploads at once is a burst. It needed 82 requests: at 10 requests a second the last one waits about 8 s."
    )


def test_the_requests_count_and_not_the_uploads() -> None:
    first, *_ = explain_times(_run(20, 41, limit=2))

    assert "20 uploads at once is a burst" in first
    assert "at 2 requests a second the last one waits about 20 s" in first


@pytest.mark.parametrize(("uploads", "requests"), [(0, 0), (1, 1), (3, 3), (10, 10), (1, 30), (90, 0)])
def test_few_requests_or_one_upload_are_no_burst(uploads: int, requests: int) -> None:
    assert "is a burst" not in next(explain_times(_run(uploads, requests)))


def test_the_time_that_the_limit_does_not_explain_is_said() -> None:
    slow, quick = (" ".join(explain_times(_run(82, 82, seconds=seconds))) for seconds in (18.9, 8.4))

    assert "The slowest took 18.9 s" in slow
    assert "does not explain" in slow
    assert "does not explain" not in quick


def test_the_upload_alone_has_its_time_or_says_why_not() -> None:
    for alone, said in (
        (checked_upload(seconds_to_verdict=0.312), "took 0.31 s"),
        (checked_upload(seconds_to_verdict=None), "got no settled result"),
        (None, "was not timed"),
    ):
        *_, last = explain_times(_run(2, 2, alone=alone))
        assert said in last


def test_a_run_without_results_has_no_slowest() -> None:
    assert "slowest" not in " ".join(explain_times(_run(2, 0, seconds=None)))
