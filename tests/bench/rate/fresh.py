"""An upload while thousands wait: how long until its verdict."""

import time
from typing import Any

from local.cloud import EmbeddedCloud
from tests.bench.rate import backlog
from tests.bench.rate.standing import LIMIT

LATENCY = 1.0
UPLOADS = 5
APART = 3.0  # seconds between two of them
BEFORE = 60  # requests of the backlog before the first: by then its workers are warm
SENT = 150.0  # messages a second; the first is received when all are there
REAL = 1000  # messages about objects that exist; what comes behind them is never reached


def run(messages: int, workers: int) -> dict[str, Any]:
    """Seconds beyond the service's latency, for each upload; the first, whose function starts cold, is apart."""
    with EmbeddedCloud(
        rate=LIMIT, latency=LATENCY, environments=workers, parameters={"Workers": str(workers)}
    ) as cloud:
        real = backlog.put_objects(cloud, min(REAL, messages))
        made_up = [backlog.message(f"later/{i}", "0" * 32, "later") for i in range(messages - len(real))]
        backlog.enqueue(cloud, real + made_up, after=messages / SENT)
        samples = backlog.watch(cloud, lambda now: now.requests >= BEFORE, BEFORE / LIMIT + 60)
        beyond = [_beyond(cloud, f"fresh/{number}.jpg") for number in range(1 + UPLOADS)]
        return {
            "messages": messages,
            "latency": LATENCY,
            "cold": beyond[0],
            "warm": beyond[1:],
            "still_waiting": backlog.sample(cloud).requests < len(real),
            **backlog.seen(cloud, LIMIT, samples),
        }


def _beyond(cloud: EmbeddedCloud, key: str) -> float:
    time.sleep(APART)
    bucket, began = cloud.endpoints.upload_bucket, time.monotonic()
    version = cloud.client("s3").put_object(Bucket=bucket, Key=key, Body=backlog.picture())["VersionId"]
    upload = {"upload": {"S": f"{bucket}/{key}"}, "version": {"S": version}}
    while time.monotonic() < began + 60:
        item = cloud.client("dynamodb").get_item(TableName=cloud.endpoints.results_table, Key=upload).get("Item", {})
        if item.get("status", {}).get("S") == "CLEAN":
            break
        time.sleep(0.03)
    return time.monotonic() - began - LATENCY
