"""What the rate benchmark measures in full is what is judged."""

from tools.bench.rate.backlog import BACKFILL
from tools.bench.rate.defaults import WORKERS
from tools.bench.rate.extent import FULL, QUICK
from tools.bench.rate.outage import HTTP, NO_ANSWER, NOTICED


def test_the_templates_number_of_workers_is_measured_at_each_latency_with_600_uploads() -> None:
    assert {(latency, WORKERS) for latency in (0.1, 1.0, 5.0)} <= set(FULL.combinations)
    assert FULL.uploads >= 600


def test_outages_of_both_kinds_last_a_minute() -> None:
    assert {mode: seconds for mode, _, seconds in FULL.outages} == {HTTP: 60.0, NO_ANSWER: 60.0}


def test_an_outage_is_always_long_enough_to_be_noticed() -> None:
    assert all(seconds > NOTICED for _, _, seconds in FULL.outages + QUICK.outages)


def test_fresh_uploads_come_while_ten_thousand_of_a_backfill_wait() -> None:
    assert (10_000, BACKFILL, 20) in FULL.waiting
