"""Upload 300 pictures at once to a running `make up`, and wait for every verdict."""

import json
import os
import signal
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from local.aws.helper_process import HelperProcess
from tools.bench.burst import judge
from tools.bench.rate.backlog import encode_small_picture
from tools.bench.rate.measurements import compute_utilization

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "build/bench/burst"
UPLOADS, LIMIT, GOAL = 300, 10, 0.97
LATENCIES = (0.1, 1.0, 5.0)
# An account whose quota was never raised has this concurrency.
SMALL_CONCURRENCY = 10
SMALL_PARAMETERS = "Workers=4 FreshUploads=queue"
MAX_SECONDS = 150.0

Result = dict[str, Any]


def measure_bursts(quick: bool) -> Result:
    """Return the figures of a burst at each latency, and in an account with a small concurrency."""
    runs = [measure_burst(latency) for latency in (LATENCIES[1:2] if quick else LATENCIES)]
    small = [measure_burst(1.0, SMALL_CONCURRENCY, parameters) for parameters in ("", SMALL_PARAMETERS)]
    return {"runs": [*runs, *small], "goal": GOAL, "reached": all(run["reached"] for run in runs)}


def measure_burst(latency: float, concurrency: int | None = None, parameters: str = "") -> Result:
    """Return the figures of one burst, as the Match server and the uploader see it."""
    with run_match_server(latency) as server, run_up(server, concurrency, parameters) as endpoints:
        session = boto3.session.Session("judge", "any", region_name=endpoints["region"])
        where: Any = {"endpoint_url": endpoints["aws_endpoint_url"], "config": Config(max_pool_connections=50)}
        uploaded = upload_burst(session.client("s3", **where), endpoints["upload_bucket"])
        verdicts = wait_for_verdicts(server, session.client("dynamodb", **where), endpoints["results_table"])
        figures = summarize(concurrency, uploaded, verdicts, read_arrivals(server))
        return {"latency": latency, "concurrency": concurrency or "default", "parameters": parameters, **figures}


@contextmanager
def run_match_server(latency: float) -> Iterator[str]:
    """Run the Match server, and yield its address."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    argv = [sys.executable, "-m", "tools.bench.burst.match_server", str(latency), str(LIMIT)]
    helper = HelperProcess("match server", argv, FOLDER / "match_server.log")
    try:
        yield f"http://127.0.0.1:{helper.read_announcement()['port']}"
    finally:
        helper.stop()


@contextmanager
def run_up(server: str, concurrency: int | None, parameters: str) -> Iterator[dict[str, str]]:
    """Run what `make up` runs, in a folder of its own, and yield the endpoints."""
    file = FOLDER / "build/local/endpoints.json"
    file.unlink(missing_ok=True)
    variables = {"MATCH_ENDPOINT": f"{server}/photodna/v1.0/Match", "RATE": str(LIMIT), "PARAMETERS": parameters}
    variables |= {"PORT": "0"} | ({"CONCURRENCY": str(concurrency)} if concurrency else {})
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}", **variables}
    with (FOLDER / "up.log").open("w") as log:
        up = subprocess.Popen([sys.executable, "-m", "local.up"], cwd=FOLDER, env=environment, stdout=log, stderr=log)
    try:
        end = time.monotonic() + 60
        while not file.exists() and up.poll() is None and time.monotonic() < end:
            time.sleep(0.1)
        yield json.loads(file.read_text(encoding="utf-8"))
    finally:
        up.send_signal(signal.SIGTERM)
        up.wait(30)


def upload_burst(s3: Any, bucket: str) -> dict[str, float]:
    """Upload all pictures at once. Return the time (epoch seconds) at which each was stored."""
    body = encode_small_picture()

    def put(number: int) -> tuple[str, float]:
        key = f"burst/{number}.jpg"
        s3.put_object(Bucket=bucket, Key=key, Body=body)
        return f"{bucket}/{key}", time.time()

    with ThreadPoolExecutor(50) as threads:
        return dict(threads.map(put, range(UPLOADS)))


def wait_for_verdicts(server: str, dynamodb: Any, table: str) -> dict[str, Mapping[str, Any]]:
    """Return the results by upload, once all are settled or MAX_SECONDS have passed."""
    end = time.monotonic() + MAX_SECONDS
    # A scan takes the embedded cloud's time: there is none before the last answer.
    while len(read_arrivals(server)["arrivals"]) < UPLOADS and time.monotonic() < end:
        time.sleep(0.5)
    while True:
        time.sleep(3.0)
        pages = dynamodb.get_paginator("scan").paginate(TableName=table)
        found = {item["upload"]["S"]: item for page in pages for item in page["Items"]}
        settled = {upload: item for upload, item in found.items() if "settled_at" in item}
        if len(settled) >= UPLOADS or time.monotonic() > end:
            return settled


def read_arrivals(server: str) -> Result:
    """Return what the Match server saw."""
    # The address is that of the server which this benchmark started.
    with urllib.request.urlopen(server) as answer:  # noqa: S310
        return dict(json.load(answer))


def summarize(
    concurrency: int | None,
    uploaded: Mapping[str, float],
    verdicts: Mapping[str, Mapping[str, Any]],
    seen: Mapping[str, Any],
) -> Result:
    """Return the figures of a run, and whether it reached the goal."""
    arrivals = seen["arrivals"]
    clean = [upload for upload in uploaded if verdicts.get(upload, {}).get("status") == {"S": "CLEAN"}]
    waits = [_epoch(verdicts[upload]["settled_at"]["S"]) - uploaded[upload] for upload in clean]
    used, largest = judge.compute_utilization(arrivals, LIMIT), judge.compute_largest_window(arrivals)
    return {
        "requests": len(arrivals),
        "utilization": round(used, 4),
        # As make bench BENCH=rate counts: without the first 26 requests, and as many at the end.
        "utilization_without_edges": compute_utilization(sorted(arrivals), LIMIT),
        "largest_window": largest,
        "refused_429": seen["refused"],
        "verdicts": len(clean),
        "first_request_seconds": round(min(arrivals) - min(uploaded.values()), 2) if arrivals else None,
        "first_verdict_seconds": round(min(waits), 2) if waits else None,
        "median_verdict_seconds": round(statistics.median(waits), 1) if waits else None,
        "last_verdict_seconds": round(max(waits), 1) if waits else None,
        "gaps": judge.list_gaps(arrivals),
        # A small concurrency bounds the rate itself: nothing may be lost or refused in it.
        "reached": (used >= GOAL or concurrency is not None)
        and largest <= LIMIT
        and not seen["refused"]
        and len(clean) == len(uploaded),
    }


def _epoch(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
