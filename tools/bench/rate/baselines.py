"""Measure common alternatives to the rate limiter: concurrency alone, and a counter that is read and then written."""

import contextlib
import json
import secrets
import sys
import time
from pathlib import Path
from typing import Any

from local.aws.helper_process import HelperProcess
from local.stack import EmbeddedCloud
from tools.bench.rate import backlog
from tools.bench.rate.defaults import LIMIT

LOG = Path("build/bench/baseline_worker.log")
TABLE = "baseline-counter"
START_SECONDS = 4.0
RUN_ALLOWANCE_SECONDS = 60


def measure_baseline(strategy: str, latency: float, workers: int, seconds: float) -> dict[str, Any]:
    """Return the figures of workers that send for `seconds` by a strategy: "concurrency" or "counter"."""
    key = secrets.token_hex(16)
    with (
        EmbeddedCloud(rate=LIMIT, latency=latency, subscription_key=key, run_functions=False) as cloud,
        contextlib.ExitStack() as stack,
    ):
        _create_table(cloud)
        settings = {
            "strategy": strategy,
            "endpoint": cloud.endpoints.match_endpoint,
            "key": key,
            "aws": cloud.aws_endpoint_url,
            "table": TABLE,
            "limit": LIMIT,
            # All workers are up before the first of them sends.
            "begin": time.time() + START_SECONDS,
            "seconds": seconds,
        }
        argv = [sys.executable, "-m", "tools.bench.rate.baseline_worker", json.dumps(settings)]
        helpers = [HelperProcess(f"baseline worker {number}", argv, LOG) for number in range(workers)]
        for helper in helpers:
            stack.callback(helper.stop)
        for helper in helpers:
            # A worker announces its end.
            helper.read_announcement(START_SECONDS + seconds + latency + RUN_ALLOWANCE_SECONDS)
        return {
            "strategy": strategy,
            "latency": latency,
            "workers": workers,
            **backlog.summarize_run(cloud, LIMIT),
        }


def _create_table(cloud: EmbeddedCloud) -> None:
    cloud.client("dynamodb").create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "second", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "second", "KeyType": "HASH"}],
    )
