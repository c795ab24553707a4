"""The service is down for a while, under a backlog."""

import time
from collections.abc import Mapping
from typing import Any

from local.aws import EmbeddedCloud
from tools.bench.rate import backlog, measure
from tools.bench.rate.defaults import LIMIT, WORKERS

LATENCY = 0.1
BEFORE = 100  # requests before it begins
PATIENCE = 300.0  # seconds until everything is to be settled after its end
NOTICED = 35.0  # seconds after which everybody knows, also where only the client's time-out of 30 s tells
HTTP, NO_ANSWER = "503", "no answer"
FAILURES: Mapping[str, dict[str, Any]] = {
    HTTP: {"kind": "http", "status": 503, "forever": True},
    NO_ANSWER: {"kind": "hang", "seconds": 45.0, "forever": True},  # longer than any client waits
}


def run(mode: str, uploads: int, seconds: float) -> dict[str, Any]:
    """Lost is what is neither settled nor in a queue; `trickle`: requests a second once it was noticed."""
    with EmbeddedCloud(
        rate=LIMIT, latency=LATENCY, environments=WORKERS, parameters={"Workers": str(WORKERS)}
    ) as cloud:
        backlog.enqueue(cloud, backlog.put_objects(cloud, backlog.keys(uploads)))
        backlog.watch(cloud, lambda now: now.requests >= BEFORE, BEFORE / LIMIT + 30)
        began, end = _outage(cloud, mode, seconds)
        left = uploads - _settled(cloud)
        unsettled = _settling(cloud, uploads, end + PATIENCE)
        assert cloud.emulator
        requests = cloud.emulator.requests()
        times, dead = measure.arrivals(requests), backlog.waiting(cloud, "DeadLetterQueue")
        return {
            "mode": mode,
            "seconds": end - began,
            "uploads": uploads,
            "left_at_its_end": left,
            "requests_during": sum(bool(request["failure"]) for request in requests),
            "trickle": measure.rate_within(times, began + NOTICED, end),
            "unsettled": unsettled,
            "lost": max(0, unsettled - backlog.waiting(cloud, backlog.RETRY) - dead),
            "dead_letters": dead,
            "most_attempts": _most_attempts(cloud),
            "back_after": measure.back_after(times, end, LIMIT),
            "settled_after": time.time() - end,
            **backlog.seen(cloud, LIMIT),
        }


def _outage(cloud: EmbeddedCloud, mode: str, seconds: float) -> tuple[float, float]:
    assert cloud.emulator
    cloud.emulator.settings(failures=[FAILURES[mode]])
    began = time.time()
    time.sleep(seconds)
    cloud.emulator.settings(failures=[])
    return began, time.time()


def _settling(cloud: EmbeddedCloud, uploads: int, until: float) -> int:
    """Waits; how many are not settled then."""
    while (left := uploads - _settled(cloud)) and time.time() < until:
        time.sleep(2.0)
    return left


def _settled(cloud: EmbeddedCloud) -> int:
    pages = _results(
        cloud,
        Select="COUNT",
        FilterExpression="#status = :clean",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={":clean": {"S": "CLEAN"}},
    )
    return sum(page["Count"] for page in pages)


def _most_attempts(cloud: EmbeddedCloud) -> int:
    """The largest number of attempts that any upload needed."""
    pages = _results(cloud, ProjectionExpression="attempts")
    return max((int(item["attempts"]["N"]) for page in pages for item in page["Items"] if item), default=0)


def _results(cloud: EmbeddedCloud, **how: Any) -> Any:
    return cloud.client("dynamodb").get_paginator("scan").paginate(TableName=cloud.endpoints.results_table, **how)
