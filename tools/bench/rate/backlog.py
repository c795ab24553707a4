"""Puts uploads straight into a queue, and watches how they are worked."""

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from local.aws import EmbeddedCloud
from local.pictures import draw, encode
from tools.bench.rate import measure
from tools.bench.rate.measure import Sample

BUCKET = "backlog"  # without notifications: nothing but the queue leads to a scan
RETRY, BACKFILL = "RetryQueue", "BackfillQueue"  # logical ids in the template
_WRITES = ("UpdateItem", "PutItem", "DeleteItem")
_READS = ("GetItem", "Query", "Scan")
Message = dict[str, Any]


def picture() -> bytes:
    """A small picture, so that the machine's time goes to the rate and not to decoding."""
    return encode(draw(1, (160, 160)), "JPEG", quality=50)


def keys(count: int, folder: str = "upload") -> list[str]:
    return [f"{folder}/{number}.jpg" for number in range(count)]


def put_objects(cloud: EmbeddedCloud, keys: Sequence[str]) -> list[Message]:
    """Stores a version of each; the messages about them."""
    s3, body = cloud.client("s3"), picture()
    s3.create_bucket(Bucket=BUCKET)
    cloud.treat_alike(BUCKET, "UploadBucket")  # whose roles have no right to a bucket that is not the stack's
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})

    def put(key: str) -> Message:
        answer = s3.put_object(Bucket=BUCKET, Key=key, Body=body)
        return message(key, answer["ETag"].strip('"'), answer["VersionId"])

    with ThreadPoolExecutor(4) as threads:
        return list(threads.map(put, keys))


def message(key: str, etag: str, version_id: str) -> Message:
    return {"upload": {"bucket": BUCKET, "key": key, "etag": etag, "version_id": version_id}}


def made_up(count: int, folder: str) -> list[Message]:
    """Messages about versions that never were: who works one looks, finds nothing, and asks the service nothing."""
    return [message(key, "0" * 32, "never") for key in keys(count, folder)]


def enqueue(cloud: EmbeddedCloud, messages: Sequence[Message], queue: str = RETRY, begin: float = 0.0) -> None:
    """Sends the messages in their order, to be received from `begin` on: all at once, however long the sending takes.

    `begin` is in epoch seconds; without it they are received as they come.
    """
    sqs, url = cloud.client("sqs"), cloud.resource(queue)
    for first in range(0, len(messages), 10):
        bodies = [json.dumps(message) for message in messages[first : first + 10]]
        delay = max(0, round(begin - time.time()))
        entries = [{"Id": str(i), "MessageBody": body, "DelaySeconds": delay} for i, body in enumerate(bodies)]
        sqs.send_message_batch(QueueUrl=url, Entries=entries)


def waiting(cloud: EmbeddedCloud, queue: str) -> int:
    """Messages that are not deleted yet, those included that somebody works."""
    kinds = ("", "NotVisible", "Delayed")
    names = [f"ApproximateNumberOfMessages{kind}" for kind in kinds]
    found = cloud.client("sqs").get_queue_attributes(QueueUrl=cloud.resource(queue), AttributeNames=names)
    return sum(int(found["Attributes"][name]) for name in names)


def watch(cloud: EmbeddedCloud, done: Callable[[Sample], bool], seconds: float) -> list[Sample]:
    """A sample each half second until `done`, at most for so many seconds."""
    samples = [sample(cloud)]
    end = time.time() + seconds
    while not done(samples[-1]) and time.time() < end:
        time.sleep(0.5)
        samples.append(sample(cloud))
    return samples


def sample(cloud: EmbeddedCloud) -> Sample:
    assert cloud.emulator
    calls = cloud.dynamodb_calls().get(cloud.resource("RateLimiterTable"), {})
    return Sample(time.time(), cloud.emulator.stats()["requests"], _sum(calls, _WRITES), _sum(calls, _READS))


def _sum(calls: Mapping[str, int], operations: Sequence[str]) -> int:
    return sum(calls.get(operation, 0) for operation in operations)


def seen(cloud: EmbeddedCloud, limit: float, samples: Sequence[Sample] = ()) -> dict[str, Any]:
    """What the emulator judged, and the machine's load (of the last minute, our own part included)."""
    assert cloud.emulator
    stats, requests = cloud.emulator.stats(), cloud.emulator.requests()
    times = measure.arrivals(requests)
    span = measure.steady(times)
    return {
        "requests": stats["requests"],
        "held": measure.held(times, limit),
        "largest_window": stats["largest_window"],
        "window_limit": stats["window_limit"],
        "refused_429": stats["refused_429"],
        "writes_for_each": measure.writes_for_each(samples, span),
        "reads_for_each": measure.reads_for_each(samples, span),
        "slots_unused": measure.unused(_pacer_item(cloud), stats["requests"]),
        "load": os.getloadavg()[0],
        "each_second": measure.each_second(requests),
    }


def _pacer_item(cloud: EmbeddedCloud) -> dict[str, str] | None:
    """Its numbers; None where no slot was ever taken."""
    items = cloud.client("dynamodb").scan(TableName=cloud.resource("RateLimiterTable"))["Items"]
    return {name: value["N"] for name, value in items[0].items() if "N" in value} if items else None
