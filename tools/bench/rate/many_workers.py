"""Twenty workers that start at once; and the same with clocks that differ."""

import contextlib
import json
import sys
from pathlib import Path
from typing import Any

from local.aws import EmbeddedCloud
from local.aws.helper_process import HelperProcess
from tools.bench.rate import backlog
from tools.bench.rate.defaults import LIMIT

WORKERS = 20
LATENCY = 1.0
LOG = Path("build/bench/shifted_worker.log")


def at_once(uploads: int) -> dict[str, Any]:
    """All cold, and all with a batch to work from the first moment on."""
    parameters = {"Workers": str(WORKERS)}
    with EmbeddedCloud(rate=LIMIT, latency=LATENCY, environments=WORKERS, parameters=parameters) as cloud:
        backlog.enqueue(cloud, backlog.put_objects(cloud, backlog.keys(uploads)))
        return _watched(cloud, uploads, 0)


def shifted(uploads: int, apart_ms: int) -> dict[str, Any]:
    """Every other worker's clock goes `apart_ms` ahead. Processes of our own: the runner has but one clock."""
    with (
        EmbeddedCloud(rate=LIMIT, latency=LATENCY, run_functions=False) as cloud,
        contextlib.ExitStack() as ending,
    ):
        messages = backlog.put_objects(cloud, backlog.keys(uploads))
        helpers = [_worker(cloud, number, apart_ms * (number % 2)) for number in range(WORKERS)]
        for helper in helpers:
            ending.callback(helper.stop)
        for helper in helpers:
            helper.announcement()
        backlog.enqueue(cloud, messages)
        return _watched(cloud, uploads, apart_ms)


def _worker(cloud: EmbeddedCloud, number: int, ahead_ms: int) -> HelperProcess:
    name = cloud.resource("OnRetryFunction")
    configuration = cloud.client("lambda").get_function_configuration(FunctionName=name)
    told = {
        "aws": cloud.aws_endpoint_url,
        "ahead": ahead_ms / 1000,
        "seconds": configuration["Timeout"],
        "variables": {k: _text(v) for k, v in configuration["Environment"]["Variables"].items()},
    }
    argv = [sys.executable, "-m", "tools.bench.rate.shifted_worker", json.dumps(told)]
    return HelperProcess(f"worker {number}", argv, LOG)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)  # moto makes numbers and booleans of some


def _watched(cloud: EmbeddedCloud, uploads: int, apart_ms: int) -> dict[str, Any]:
    samples = backlog.watch(cloud, lambda now: now.requests >= uploads, uploads / LIMIT + 60)
    return {
        "workers": WORKERS,
        "latency": LATENCY,
        "apart_ms": apart_ms,
        "uploads": uploads,
        **backlog.seen(cloud, LIMIT, samples),
    }
