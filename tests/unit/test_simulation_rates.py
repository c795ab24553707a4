"""The rate limiter at low and high limits, by discrete-event simulation: a slot that is reserved is used."""

import pytest

from photodna_guard.rate_limiter.gcra import BACKFILL, RETRY, Priority
from tests.unit.fleet import UPLOAD_SECONDS, Fleet, largest_window
from tests.unit.simulation import World

# Requests a second, and the seconds for which they are counted.
LOW_RATES = [(0.1, 3000), (0.5, 600), (1, 400), (2, 400), (5, 300), (10, 300)]
# By then all clocks are exact.
WARM = 60.0  # seconds


def run(rate: float, seconds: float, uploads: float, priority: Priority = RETRY) -> Fleet:
    """Run six workers with a standing backlog, and so many uploads a second, against a service that takes a second."""
    crowd = Fleet(World(rate=rate, latency=1.0))
    crowd.start(6, uploads, priority)
    crowd.run(WARM + seconds + 10)
    return crowd


@pytest.mark.parametrize(
    "uploads", [0.0, 0.3, 2.0], ids=["backlog alone", "few uploads", "more uploads than the limit"]
)
@pytest.mark.parametrize(("rate", "seconds"), LOW_RATES)
def test_limit_is_used_and_not_exceeded(rate: float, seconds: float, uploads: float) -> None:
    crowd = run(rate, seconds, uploads * rate)
    assert crowd.rate(WARM, WARM + seconds) >= 0.965 * rate
    assert largest_window(crowd.arrivals) <= max(1, rate)


@pytest.mark.parametrize(("rate", "seconds"), LOW_RATES)
def test_backfill_alone_uses_the_limit(rate: float, seconds: float) -> None:
    crowd = run(rate, seconds, 0.0, BACKFILL)
    assert crowd.rate(WARM, WARM + seconds) >= 0.965 * rate


@pytest.mark.parametrize(("rate", "seconds"), LOW_RATES)
def test_upload_that_has_a_slot_meets_it_in_its_run(rate: float, seconds: float) -> None:
    crowd = run(rate, seconds, 2 * rate)
    assert len(crowd.waited(WARM)) > 100
    assert max(crowd.waited(WARM)) <= UPLOAD_SECONDS
