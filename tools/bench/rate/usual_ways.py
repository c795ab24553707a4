"""What is usually done instead: concurrency alone, and a counter that is read and then written."""

import contextlib
import json
import secrets
import sys
import time
from pathlib import Path
from typing import Any

from local.aws import EmbeddedCloud
from local.aws.helper_process import HelperProcess
from tools.bench.rate import backlog
from tools.bench.rate.defaults import LIMIT

LOG = Path("build/bench/usual_worker.log")
TABLE = "usual-counter"
START = 4.0  # seconds in which all workers are up


def run(way: str, latency: float, workers: int, seconds: float) -> dict[str, Any]:
    """`way` is "concurrency" or "counter"; the workers send for so many seconds."""
    key = secrets.token_hex(16)
    with (
        EmbeddedCloud(rate=LIMIT, latency=latency, subscription_key=key, run_functions=False) as cloud,
        contextlib.ExitStack() as ending,
    ):
        _create_table(cloud)
        told = {
            "way": way,
            "endpoint": cloud.endpoints.match_endpoint,
            "key": key,
            "aws": cloud.aws_endpoint_url,
            "table": TABLE,
            "limit": LIMIT,
            "begin": time.time() + START,
            "seconds": seconds,
        }
        argv = [sys.executable, "-m", "tools.bench.rate.usual_worker", json.dumps(told)]
        helpers = [HelperProcess(f"usual worker {number}", argv, LOG) for number in range(workers)]
        for helper in helpers:
            ending.callback(helper.stop)
        for helper in helpers:
            helper.announcement(START + seconds + latency + 60)  # it says so when it has ended
        return {"way": way, "latency": latency, "workers": workers, **backlog.seen(cloud, LIMIT)}


def _create_table(cloud: EmbeddedCloud) -> None:
    cloud.client("dynamodb").create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "second", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "second", "KeyType": "HASH"}],
    )
