"""Measure that limits from 0.1 to 200 requests a second are used and kept."""

import math
import threading
import time
from typing import Any

from local.stack import EmbeddedCloud
from photodna_guard.rate_limiter.gcra import MAX_BATCH
from tools.bench.rate import backlog, measurements
from tools.bench.rate.defaults import WORKERS

LATENCY = 1.0
# The first request arrives within this time.
START_SECONDS = 60.0
# The clocks of the workers are inexact for the first seconds, which costs slots.
WARM_UP_SECONDS = 5.0
MIN_WARM_UP_REQUESTS = 2


def measure_limit(limit: float, seconds: float, uploads_a_second: float) -> dict[str, Any]:
    """Return the figures of a standing backlog at this limit, with so many fresh uploads a second beside it."""
    with EmbeddedCloud(rate=limit, latency=LATENCY, parameters={"Workers": str(WORKERS)}) as cloud:
        # Each worker still has a batch at the end.
        count = math.ceil(limit * seconds) + WORKERS * MAX_BATCH
        backlog.enqueue(cloud, backlog.put_objects(cloud, backlog.build_keys(count)))
        backlog.sample_until(cloud, lambda now: now.requests > 0, START_SECONDS)
        end = time.time() + seconds
        uploader = threading.Thread(target=_upload_until, args=(cloud, end, uploads_a_second), daemon=True)
        uploader.start()
        samples = backlog.sample_until(cloud, lambda now: now.at >= end, seconds)
        uploader.join()
        assert cloud.emulator
        times = [at for at in measurements.list_arrivals(cloud.emulator.requests()) if at <= end]
        skipped = max(MIN_WARM_UP_REQUESTS, sum(at < times[0] + WARM_UP_SECONDS for at in times))
        return {
            "limit": limit,
            "latency": LATENCY,
            "workers": WORKERS,
            "uploads_a_second": uploads_a_second,
            **backlog.summarize_run(cloud, limit, samples),
            "utilization": measurements.compute_utilization_until(times[skipped:], end, limit),
        }


def _upload_until(cloud: EmbeddedCloud, end: float, a_second: float) -> None:
    """Upload evenly until `end` (epoch seconds)."""
    s3, body, number = cloud.client("s3"), backlog.encode_small_picture(), 0
    while a_second and time.time() < end:
        s3.put_object(Bucket=cloud.endpoints.upload_bucket, Key=f"fresh/{number}.jpg", Body=body)
        number += 1
        time.sleep(1 / a_second)
