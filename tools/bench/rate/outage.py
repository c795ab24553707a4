"""Measure an outage of the Match service under a backlog."""

import time
from collections.abc import Mapping
from typing import Any

from local.stack import EmbeddedCloud
from tools.bench.rate import backlog, measurements
from tools.bench.rate.defaults import LIMIT, WORKERS

LATENCY = 0.1
# The outage begins after this many requests.
REQUESTS_BEFORE = 100
# After the outage, everything is to be settled within this time.
MAX_SETTLING_SECONDS = 300.0
# After this time every worker has noticed the outage, even by the client's timeout of 30 s.
DETECTION_SECONDS = 35.0
HTTP, NO_ANSWER = "503", "no answer"
FAILURES: Mapping[str, dict[str, Any]] = {
    HTTP: {"kind": "http", "status": 503, "forever": True},
    # A hanging request outlasts every client's timeout.
    NO_ANSWER: {"kind": "hang", "seconds": 45.0, "forever": True},
}


def measure_outage(mode: str, uploads: int, seconds: float) -> dict[str, Any]:
    """Return the figures of one outage.

    An upload is lost if it is neither settled nor in a queue. The outage's request rate counts from its detection on.
    """
    with EmbeddedCloud(rate=LIMIT, latency=LATENCY, parameters={"Workers": str(WORKERS)}) as cloud:
        backlog.enqueue(cloud, backlog.put_objects(cloud, backlog.build_keys(uploads)))
        backlog.sample_until(cloud, lambda now: now.requests >= REQUESTS_BEFORE, REQUESTS_BEFORE / LIMIT + 30)
        began, end = _cause_outage(cloud, mode, seconds)
        left = uploads - _count_settled(cloud)
        unsettled = _wait_until_settled(cloud, uploads, end + MAX_SETTLING_SECONDS)
        assert cloud.emulator
        requests = cloud.emulator.requests()
        times, dead = measurements.list_arrivals(requests), backlog.count_messages(cloud, "DeadLetterQueue")
        return {
            "mode": mode,
            "seconds": end - began,
            "uploads": uploads,
            "unsettled_at_end": left,
            "requests_during": sum(bool(request["failure"]) for request in requests),
            "outage_request_rate": measurements.compute_mean_rate(times, began + DETECTION_SECONDS, end),
            "unsettled": unsettled,
            "lost": max(0, unsettled - backlog.count_messages(cloud, backlog.RETRY) - dead),
            "dead_letters": dead,
            "max_attempts": _max_attempts(cloud),
            "recovery_seconds": measurements.compute_recovery_seconds(times, end, LIMIT),
            "settled_after_seconds": time.time() - end,
            **backlog.summarize_run(cloud, LIMIT),
        }


def _cause_outage(cloud: EmbeddedCloud, mode: str, seconds: float) -> tuple[float, float]:
    assert cloud.emulator
    cloud.emulator.settings(failures=[FAILURES[mode]])
    began = time.time()
    time.sleep(seconds)
    cloud.emulator.settings(failures=[])
    return began, time.time()


def _wait_until_settled(cloud: EmbeddedCloud, uploads: int, until: float) -> int:
    """Return the number of uploads that are not settled at the end of the wait."""
    while (left := uploads - _count_settled(cloud)) and time.time() < until:
        time.sleep(2.0)
    return left


def _count_settled(cloud: EmbeddedCloud) -> int:
    pages = _scan_results(
        cloud,
        Select="COUNT",
        FilterExpression="#status = :clean",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={":clean": {"S": "CLEAN"}},
    )
    return sum(page["Count"] for page in pages)


def _max_attempts(cloud: EmbeddedCloud) -> int:
    """Return the largest number of attempts of any upload."""
    pages = _scan_results(cloud, ProjectionExpression="attempts")
    return max((int(item["attempts"]["N"]) for page in pages for item in page["Items"] if item), default=0)


def _scan_results(cloud: EmbeddedCloud, **how: Any) -> Any:
    return cloud.client("dynamodb").get_paginator("scan").paginate(TableName=cloud.endpoints.results_table, **how)
