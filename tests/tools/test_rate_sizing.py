"""The full sizing of the rate benchmark covers what its goals need."""

from tools.bench.rate.backlog import BACKFILL
from tools.bench.rate.defaults import WORKERS
from tools.bench.rate.outage import DETECTION_SECONDS, HTTP, NO_ANSWER
from tools.bench.rate.sizing import FULL, QUICK


def test_default_workers_are_measured_at_each_latency_with_600_uploads() -> None:
    assert {(latency, WORKERS) for latency in (0.1, 1.0, 5.0)} <= set(FULL.combinations)
    assert FULL.uploads >= 600


def test_both_kinds_of_outage_last_a_minute() -> None:
    assert {mode: seconds for mode, _, seconds in FULL.outages} == {HTTP: 60.0, NO_ANSWER: 60.0}


def test_each_outage_lasts_longer_than_its_detection() -> None:
    assert all(seconds > DETECTION_SECONDS for _, _, seconds in FULL.outages + QUICK.outages)


def test_limits_from_a_tenth_to_two_hundred_are_measured() -> None:
    assert {limit for limit, _, _ in FULL.limits} == {0.1, 0.5, 1, 5, 10, 200}


def test_low_limits_are_measured_with_more_uploads_than_they_allow() -> None:
    assert {limit for limit, _, uploads in FULL.limits if uploads >= 2 * limit} >= {0.1, 0.5, 1}


def test_fresh_uploads_arrive_while_ten_thousand_backfill_messages_wait() -> None:
    assert (10_000, BACKFILL, 20) in FULL.waiting
