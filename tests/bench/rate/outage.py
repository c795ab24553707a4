"""The service is down for a while, under a backlog."""

import time
from typing import Any

from local.cloud import EmbeddedCloud
from tests.bench.rate import backlog, measure
from tests.bench.rate.standing import LIMIT

LATENCY = 0.1
BEFORE = 100  # requests before it begins
PATIENCE = 300.0  # seconds until everything is to be settled after its end


def run(uploads: int, seconds: float, workers: int) -> dict[str, Any]:
    """Lost is what is neither settled nor in a queue."""
    with EmbeddedCloud(
        rate=LIMIT, latency=LATENCY, environments=workers, parameters={"Workers": str(workers)}
    ) as cloud:
        backlog.enqueue(cloud, backlog.put_objects(cloud, uploads))
        backlog.watch(cloud, lambda now: now.requests >= BEFORE, BEFORE / LIMIT + 30)
        began, end = _outage(cloud, seconds)
        unsettled = _settling(cloud, uploads, end + PATIENCE)
        assert cloud.emulator
        requests = cloud.emulator.requests()
        waiting, dead = _waiting(cloud, "RetryQueue"), _waiting(cloud, "DeadLetterQueue")
        return {
            "seconds": end - began,
            "uploads": uploads,
            "requests_during": sum(bool(request["failure"]) for request in requests),
            "unsettled": unsettled,
            "lost": max(0, unsettled - waiting - dead),
            "dead_letters": dead,
            "back_after": measure.back_after(measure.arrivals(requests), end, LIMIT),
            "settled_after": time.time() - end,
            **backlog.seen(cloud, LIMIT),
        }


def _outage(cloud: EmbeddedCloud, seconds: float) -> tuple[float, float]:
    assert cloud.emulator
    cloud.emulator.settings(failures=[{"kind": "http", "status": 503, "forever": True}])
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
    pages = (
        cloud.client("dynamodb")
        .get_paginator("scan")
        .paginate(
            TableName=cloud.endpoints.results_table,
            Select="COUNT",
            FilterExpression="#status = :clean",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={":clean": {"S": "CLEAN"}},
        )
    )
    return sum(page["Count"] for page in pages)


def _waiting(cloud: EmbeddedCloud, queue: str) -> int:
    kinds = ("", "NotVisible", "Delayed")
    names = [f"ApproximateNumberOfMessages{kind}" for kind in kinds]
    found = cloud.client("sqs").get_queue_attributes(QueueUrl=cloud.resource(queue), AttributeNames=names)
    return sum(int(found["Attributes"][name]) for name in names)
