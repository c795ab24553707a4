"""Workers that write one item at once. moto is not atomic for threads, so its tests let one write at a time."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from photodna_guard.domain.errors import DeferrableError
from tests.aws.test_deletion_limit import acquire_all, deletion_limit
from tests.support.clock import ManualClock

WORKERS = 8


def test_simultaneous_workers_acquire_exactly_the_deletion_limit(
    dynamodb: Any, rate_limiter_table: str, clock: ManualClock
) -> None:
    def acquire_with_retries(name: int) -> int:
        worker = deletion_limit(dynamodb, clock, most=5)
        while True:
            try:
                return acquire_all(worker, name)
            except DeferrableError:
                continue

    with ThreadPoolExecutor(WORKERS) as threads:
        assert sum(threads.map(acquire_with_retries, range(24))) == 5
