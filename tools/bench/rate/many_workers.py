"""Measure twenty workers that start at the same time, and twenty workers whose clocks differ."""

import contextlib
import json
import sys
from pathlib import Path
from typing import Any

from local.aws.helper_process import HelperProcess
from local.stack import EmbeddedCloud
from tools.bench.rate import backlog
from tools.bench.rate.defaults import LIMIT

WORKERS = 20
LATENCY = 1.0
LOG = Path("build/bench/skewed_worker.log")


def measure_simultaneous_start(uploads: int) -> dict[str, Any]:
    """Return the figures of workers that all start cold, each with a full batch from the first moment on."""
    parameters = {"Workers": str(WORKERS)}
    with EmbeddedCloud(rate=LIMIT, latency=LATENCY, parameters=parameters) as cloud:
        backlog.enqueue(cloud, backlog.put_objects(cloud, backlog.build_keys(uploads)))
        return _work_off(cloud, uploads, 0)


def measure_clock_skew(uploads: int, skew_ms: int) -> dict[str, Any]:
    """Return the figures of workers of which every other's clock is `skew_ms` ahead.

    The workers are processes of the benchmark, since all environments of the embedded AWS share one clock.
    """
    with (
        EmbeddedCloud(rate=LIMIT, latency=LATENCY, run_functions=False) as cloud,
        contextlib.ExitStack() as stack,
    ):
        messages = backlog.put_objects(cloud, backlog.build_keys(uploads))
        helpers = [start_worker(cloud, number, skew_ms * (number % 2)) for number in range(WORKERS)]
        for helper in helpers:
            stack.callback(helper.stop)
        for helper in helpers:
            helper.read_announcement()
        backlog.enqueue(cloud, messages)
        return _work_off(cloud, uploads, skew_ms)


def start_worker(cloud: EmbeddedCloud, number: int, skew_ms: int) -> HelperProcess:
    """Start a process that works on the retry queue, with the function's variables and the cloud's endpoint."""
    name = cloud.resource("OnRetryFunction")
    configuration = cloud.client("lambda").get_function_configuration(FunctionName=name)
    variables = configuration["Environment"]["Variables"]
    settings = {
        "aws": cloud.aws_endpoint_url,
        "skew_seconds": skew_ms / 1000,
        "timeout_seconds": configuration["Timeout"],
        "variables": {key: _as_text(value) for key, value in variables.items()},
    }
    argv = [sys.executable, "-m", "tools.bench.rate.skewed_worker", json.dumps(settings)]
    return HelperProcess(f"worker {number}", argv, LOG)


def _as_text(value: Any) -> str:
    # moto turns some variables into numbers and booleans.
    return str(value).lower() if isinstance(value, bool) else str(value)


def _work_off(cloud: EmbeddedCloud, uploads: int, skew_ms: int) -> dict[str, Any]:
    samples = backlog.sample_until(cloud, lambda now: now.requests >= uploads, uploads / LIMIT + 60)
    return {
        "workers": WORKERS,
        "latency": LATENCY,
        "skew_ms": skew_ms,
        "uploads": uploads,
        **backlog.summarize_run(cloud, LIMIT, samples),
    }
