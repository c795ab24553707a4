"""The retry queue and the backfill queue are both full: who gets the slots."""

import time
from typing import Any

from local.aws import EmbeddedCloud
from photodna_guard.rate_limiter.gcra import MAX_BATCH
from tools.bench.rate import backlog, lane_shares, measure
from tools.bench.rate.defaults import LIMIT, WORKERS

LATENCY = 1.0
AHEAD = 6.0  # seconds from the first message's sending until all may be received
PATIENCE = 60.0  # seconds beyond those that the rate allows


def run(retries: int, backfill: int) -> dict[str, Any]:
    """All workers of both queues are warm before the first message that counts may be received."""
    with EmbeddedCloud(
        rate=LIMIT, latency=LATENCY, environments=WORKERS, parameters={"Workers": str(WORKERS)}
    ) as cloud:
        _warm(cloud)
        keys = backlog.keys(retries, lane_shares.RETRIES) + backlog.keys(backfill, lane_shares.BACKFILL)
        messages, begin = backlog.put_objects(cloud, keys), time.time() + AHEAD
        backlog.enqueue(cloud, messages[:retries], backlog.RETRY, begin)
        backlog.enqueue(cloud, messages[retries:], backlog.BACKFILL, begin)
        samples = backlog.watch(cloud, lambda now: now.requests >= len(keys), len(keys) / LIMIT + AHEAD + PATIENCE)
        assert cloud.emulator
        requests = cloud.emulator.requests()
        return {
            "latency": LATENCY,
            "workers": WORKERS,
            "retries": retries,
            "backfill": backfill,
            **lane_shares.shares(requests, LIMIT),
            **backlog.seen(cloud, LIMIT, samples),
            "each_second_by_lane": measure.each_second(requests, lane_shares.lane, parts=2),
        }


def _warm(cloud: EmbeddedCloud) -> None:
    """A batch for each worker that costs no slot: all have started when it is done."""
    queues = (backlog.RETRY, backlog.BACKFILL)
    for queue in queues:
        backlog.enqueue(cloud, backlog.made_up(WORKERS * MAX_BATCH, f"warm-{queue}"), queue)
    end = time.time() + PATIENCE
    while any(backlog.waiting(cloud, queue) for queue in queues):
        assert time.time() < end, "the workers of the two queues do not start"
        time.sleep(0.5)
