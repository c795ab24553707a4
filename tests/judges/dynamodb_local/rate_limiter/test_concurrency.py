"""Workers that reserve at once. moto is not atomic for threads, so its tests let one write at a time."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.aws.rate_limiter.limiters import INTERVAL, SteppedTime, a_limiter

WORKERS = 8


def test_simultaneous_workers_get_different_slots(dynamodb: Any, rate_limiter_table: str) -> None:
    time = SteppedTime()
    with ThreadPoolExecutor(WORKERS) as threads:
        batches = list(threads.map(lambda _: a_limiter(dynamodb, time).reserve(2), range(12)))
    slots = sorted(slot for batch in batches for slot in batch)
    assert len(slots) == 24
    assert all(b - a >= INTERVAL - 1e-5 for a, b in itertools.pairwise(slots))
