"""Measure the rate under a steady backlog, at one latency and with one number of workers."""

from typing import Any

from local.stack import EmbeddedCloud
from photodna_guard.rate_limiter.gcra import MICROSECONDS
from tools.bench.rate import backlog, measurements
from tools.bench.rate.defaults import LIMIT, SLOT_INTERVAL


def measure_steady_state(uploads: int, latency: float, workers: int, max_seconds: float) -> dict[str, Any]:
    """Return the figures of one combination. It ends after `max_seconds`, since too few workers take too long."""
    # The event source mapping's smallest concurrency is 2. The embedded AWS also runs one environment.
    parameters = {"Workers": str(max(2, workers))}
    with EmbeddedCloud(rate=LIMIT, latency=latency, parameters=parameters) as cloud:
        backlog.enqueue(cloud, backlog.put_objects(cloud, backlog.build_keys(uploads)))
        seconds = min(max_seconds, uploads / LIMIT * 2 + 30)
        samples = backlog.sample_until(cloud, lambda now: now.requests >= uploads, seconds)
        return {
            "latency": latency,
            "workers": workers,
            "uploads": uploads,
            "max_utilization": measurements.compute_max_utilization(
                workers, latency, SLOT_INTERVAL / MICROSECONDS, LIMIT
            ),
            **backlog.summarize_run(cloud, LIMIT, samples),
        }
