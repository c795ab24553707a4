"""An upload while thousands wait: how long until its verdict."""

import statistics
import time
from typing import Any

from local.aws import EmbeddedCloud
from photodna_guard.rate_limiter.gcra import MAX_BATCH, MICROSECONDS, RETRY
from tools.bench.rate import backlog
from tools.bench.rate.defaults import LIMIT, SPACING, WORKERS

LATENCY = 1.0
SHORTEST, SPREAD = 0.5, 2.5  # seconds between a verdict and the next upload, and how much longer it may be
GOLDEN = 0.618034  # multiples of it, modulo 1, are spread evenly, however many: every phase of a batch is met
BEFORE = 60  # requests of the backlog before the first: by then its workers are warm
SENT = 180.0  # messages a second; the first is received when all are there
REAL = 1500  # messages about objects that exist; what comes behind them is never reached
OWN = 0.5  # seconds for the event, the function and the look at the picture
# The retries' workers leave the clock at most their look ahead and a batch away from now.
BOUND = (RETRY.horizon(SPACING) + MAX_BATCH * SPACING) / MICROSECONDS + OWN


def run(messages: int, queue: str, uploads: int) -> dict[str, Any]:
    """Seconds beyond the service's latency, for each upload; the first, whose function starts cold, is apart."""
    with EmbeddedCloud(
        rate=LIMIT, latency=LATENCY, environments=WORKERS, parameters={"Workers": str(WORKERS)}
    ) as cloud:
        real = backlog.put_objects(cloud, backlog.keys(min(REAL, messages)))
        all_messages = real + backlog.made_up(messages - len(real), "later")
        backlog.enqueue(cloud, all_messages, queue, begin=time.time() + messages / SENT)
        samples = backlog.watch(cloud, lambda now: now.requests >= BEFORE, BEFORE / LIMIT + messages / SENT + 60)
        beyond = [_beyond(cloud, number) for number in range(1 + uploads)]
        return {
            "messages": messages,
            "queue": queue,
            "latency": LATENCY,
            "bound": BOUND,
            "cold": beyond[0],
            "warm": beyond[1:],
            "median": statistics.median(beyond[1:]),
            "still_waiting": backlog.sample(cloud).requests < len(real),
            **backlog.seen(cloud, LIMIT, samples),
        }


def _beyond(cloud: EmbeddedCloud, number: int) -> float:
    time.sleep(SHORTEST + SPREAD * (number * GOLDEN % 1))
    bucket, key, began = cloud.endpoints.upload_bucket, f"fresh/{number}.jpg", time.monotonic()
    version = cloud.client("s3").put_object(Bucket=bucket, Key=key, Body=backlog.picture())["VersionId"]
    upload = {"upload": {"S": f"{bucket}/{key}"}, "version": {"S": version}}
    while time.monotonic() < began + 60:
        item = cloud.client("dynamodb").get_item(TableName=cloud.endpoints.results_table, Key=upload).get("Item", {})
        if item.get("status", {}).get("S") == "CLEAN":
            break
        time.sleep(0.03)
    return time.monotonic() - began - LATENCY
