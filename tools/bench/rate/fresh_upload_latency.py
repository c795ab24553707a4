"""Measure how long a fresh upload waits for its verdict while thousands of messages wait in a queue."""

import statistics
import time
from typing import Any

from local.stack import EmbeddedCloud
from photodna_guard.rate_limiter.gcra import MAX_BATCH, MICROSECONDS, RETRY
from tools.bench.rate import backlog
from tools.bench.rate.defaults import LIMIT, SLOT_INTERVAL, WORKERS

LATENCY = 1.0
# After a verdict the next upload follows within 0.5 to 3 seconds.
MIN_PAUSE_SECONDS, PAUSE_SPREAD_SECONDS = 0.5, 2.5
# The multiples of the golden ratio, modulo 1, are evenly spread. So the uploads meet every phase of a batch.
GOLDEN_RATIO = 0.618034
# After this many requests of the backlog its workers are warm.
WARM_UP_REQUESTS = 60
# The first message can be received once all are sent at this rate.
SENT_PER_SECOND = 180.0
# Only these messages name objects that exist. The run ends before the others are received.
REAL_MESSAGES = 1500
# The event, the function and the read of the object's head.
PROCESSING_SECONDS = 0.5
# The retry workers reserve at most their look-ahead and one batch.
BOUND = (RETRY.look_ahead(SLOT_INTERVAL) + MAX_BATCH * SLOT_INTERVAL) / MICROSECONDS + PROCESSING_SECONDS


def measure_fresh_uploads(messages: int, queue: str, uploads: int) -> dict[str, Any]:
    """Return the seconds beyond the service's latency of each upload. The first is apart: its function starts cold."""
    with EmbeddedCloud(rate=LIMIT, latency=LATENCY, parameters={"Workers": str(WORKERS)}) as cloud:
        real = backlog.put_objects(cloud, backlog.build_keys(min(REAL_MESSAGES, messages)))
        all_messages = real + backlog.build_missing_object_messages(messages - len(real), "later")
        backlog.enqueue(cloud, all_messages, queue, begin=time.time() + messages / SENT_PER_SECOND)
        seconds = WARM_UP_REQUESTS / LIMIT + messages / SENT_PER_SECOND + 60
        samples = backlog.sample_until(cloud, lambda now: now.requests >= WARM_UP_REQUESTS, seconds)
        delays = [_measure_delay(cloud, number) for number in range(1 + uploads)]
        return {
            "messages": messages,
            "queue": queue,
            "latency": LATENCY,
            "bound": BOUND,
            "cold": delays[0],
            "warm": delays[1:],
            "median": statistics.median(delays[1:]),
            "backlog_remained": backlog.take_sample(cloud).requests < len(real),
            **backlog.summarize_run(cloud, LIMIT, samples),
        }


def _measure_delay(cloud: EmbeddedCloud, number: int) -> float:
    time.sleep(MIN_PAUSE_SECONDS + PAUSE_SPREAD_SECONDS * (number * GOLDEN_RATIO % 1))
    bucket, key, began = cloud.endpoints.upload_bucket, f"fresh/{number}.jpg", time.monotonic()
    body = backlog.encode_small_picture()
    version = cloud.client("s3").put_object(Bucket=bucket, Key=key, Body=body)["VersionId"]
    upload = {"upload": {"S": f"{bucket}/{key}"}, "version": {"S": version}}
    while time.monotonic() < began + 60:
        item = cloud.client("dynamodb").get_item(TableName=cloud.endpoints.results_table, Key=upload).get("Item", {})
        if item.get("status", {}).get("S") == "CLEAN":
            break
        time.sleep(0.03)
    return time.monotonic() - began - LATENCY
