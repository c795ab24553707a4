"""Measure which queue gets the slots while the retry queue and the backfill queue are both full."""

import time
from typing import Any

from local.stack import EmbeddedCloud
from photodna_guard.rate_limiter.gcra import MAX_BATCH
from tools.bench.rate import backlog, measurements, priority_shares
from tools.bench.rate.defaults import LIMIT, WORKERS

LATENCY = 1.0
# The messages can be received this long after the first of them is sent.
SEND_AHEAD_SECONDS = 6.0
# The run may take this much longer than the rate allows.
RUN_ALLOWANCE_SECONDS = 60.0


def measure_priorities(retries: int, backfill: int) -> dict[str, Any]:
    """Return the shares of both priorities. All workers are warm before the first counted message is received."""
    with EmbeddedCloud(rate=LIMIT, latency=LATENCY, parameters={"Workers": str(WORKERS)}) as cloud:
        _warm_up_workers(cloud)
        retry_keys = backlog.build_keys(retries, priority_shares.RETRIES)
        keys = retry_keys + backlog.build_keys(backfill, priority_shares.BACKFILL)
        messages, begin = backlog.put_objects(cloud, keys), time.time() + SEND_AHEAD_SECONDS
        backlog.enqueue(cloud, messages[:retries], backlog.RETRY, begin)
        backlog.enqueue(cloud, messages[retries:], backlog.BACKFILL, begin)
        seconds = len(keys) / LIMIT + SEND_AHEAD_SECONDS + RUN_ALLOWANCE_SECONDS
        samples = backlog.sample_until(cloud, lambda now: now.requests >= len(keys), seconds)
        assert cloud.emulator
        requests = cloud.emulator.requests()
        by_priority = measurements.count_by_second(requests, priority_shares.classify_priority, parts=2)
        return {
            "latency": LATENCY,
            "workers": WORKERS,
            "retries": retries,
            "backfill": backfill,
            **priority_shares.compute_shares(requests, LIMIT),
            **backlog.summarize_run(cloud, LIMIT, samples),
            "requests_by_second_and_priority": by_priority,
        }


def _warm_up_workers(cloud: EmbeddedCloud) -> None:
    """Process a batch for each worker that takes no slot. All workers have started once it is done."""
    queues = (backlog.RETRY, backlog.BACKFILL)
    for queue in queues:
        messages = backlog.build_missing_object_messages(WORKERS * MAX_BATCH, f"warm-{queue}")
        backlog.enqueue(cloud, messages, queue)
    end = time.time() + RUN_ALLOWANCE_SECONDS
    while any(backlog.count_messages(cloud, queue) for queue in queues):
        assert time.time() < end, "the workers of the two queues do not start"
        time.sleep(0.5)
