"""A standing backlog, at each latency and with each number of workers."""

from typing import Any

from local.aws import EmbeddedCloud
from photodna_guard.rate_limiter.gcra import MICROSECONDS
from tools.bench.rate import backlog, measure
from tools.bench.rate.defaults import LIMIT, SPACING


def run(uploads: int, latency: float, workers: int, longest: float) -> dict[str, Any]:
    """One combination, for `longest` seconds at the most: too few workers for a latency would take too long."""
    # The mapping's smallest concurrency is 2; the runner has as many environments as it is given, also one.
    parameters = {"Workers": str(max(2, workers))}
    with EmbeddedCloud(rate=LIMIT, latency=latency, environments=workers, parameters=parameters) as cloud:
        backlog.enqueue(cloud, backlog.put_objects(cloud, backlog.keys(uploads)))
        samples = backlog.watch(cloud, lambda now: now.requests >= uploads, min(longest, uploads / LIMIT * 2 + 30))
        return {
            "latency": latency,
            "workers": workers,
            "uploads": uploads,
            "possible": measure.possible(workers, latency, SPACING / MICROSECONDS, LIMIT),
            **backlog.seen(cloud, LIMIT, samples),
        }
