"""Put messages about uploads straight into a queue, and sample the progress of its workers."""

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from local.pictures import draw, encode
from local.stack import EmbeddedCloud
from tools.bench.rate import measurements
from tools.bench.rate.measurements import Sample

# The bucket has no notifications, so that only the queue leads to a scan.
BUCKET = "backlog"
# The queues' logical ids in the template.
RETRY, BACKFILL = "RetryQueue", "BackfillQueue"
_WRITES = ("UpdateItem", "PutItem", "DeleteItem")
_READS = ("GetItem", "Query", "Scan")
Message = dict[str, Any]


def encode_small_picture() -> bytes:
    """Return a small JPEG, so that decoding takes little of the machine's time."""
    return encode(draw(1, (160, 160)), "JPEG", quality=50)


def build_keys(count: int, folder: str = "upload") -> list[str]:
    """Return `count` object keys in the folder."""
    return [f"{folder}/{number}.jpg" for number in range(count)]


def put_objects(cloud: EmbeddedCloud, keys: Sequence[str], picture: bytes | None = None) -> list[Message]:
    """Store a version of each key, with a small picture or the given one. Return the messages about them."""
    s3, body = cloud.client("s3"), picture or encode_small_picture()
    s3.create_bucket(Bucket=BUCKET)
    # The functions' roles have permissions for the stack's own bucket only.
    cloud.extend_policies_to(BUCKET, "UploadBucket")
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})

    def put(key: str) -> Message:
        stored = s3.put_object(Bucket=BUCKET, Key=key, Body=body)
        return build_message(key, stored["ETag"].strip('"'), stored["VersionId"])

    with ThreadPoolExecutor(4) as threads:
        return list(threads.map(put, keys))


def build_message(key: str, etag: str, version_id: str) -> Message:
    """Return the queue's message about a version."""
    return {"upload": {"bucket": BUCKET, "key": key, "etag": etag, "version_id": version_id}}


def build_missing_object_messages(count: int, folder: str) -> list[Message]:
    """Return messages about versions that do not exist. A worker finds no object and sends no request for them."""
    return [build_message(key, "0" * 32, "never") for key in build_keys(count, folder)]


def enqueue(cloud: EmbeddedCloud, messages: Sequence[Message], queue: str = RETRY, begin: float = 0.0) -> None:
    """Send the messages in their order.

    With `begin` (epoch seconds) all can be received from then on, however long the sending takes. Without it each can
    be received at once.
    """
    sqs, url = cloud.client("sqs"), cloud.resource(queue)
    for first in range(0, len(messages), 10):
        bodies = [json.dumps(message) for message in messages[first : first + 10]]
        delay = max(0, round(begin - time.time()))
        entries = [{"Id": str(i), "MessageBody": body, "DelaySeconds": delay} for i, body in enumerate(bodies)]
        sqs.send_message_batch(QueueUrl=url, Entries=entries)


def count_messages(cloud: EmbeddedCloud, queue: str) -> int:
    """Return the number of messages that are not deleted yet. Messages in flight and delayed ones count."""
    kinds = ("", "NotVisible", "Delayed")
    names = [f"ApproximateNumberOfMessages{kind}" for kind in kinds]
    found = cloud.client("sqs").get_queue_attributes(QueueUrl=cloud.resource(queue), AttributeNames=names)
    return sum(int(found["Attributes"][name]) for name in names)


def sample_until(cloud: EmbeddedCloud, done: Callable[[Sample], bool], seconds: float) -> list[Sample]:
    """Return a sample for each half second until `done` is true of one, for `seconds` at the most."""
    samples = [take_sample(cloud)]
    end = time.time() + seconds
    while not done(samples[-1]) and time.time() < end:
        time.sleep(0.5)
        samples.append(take_sample(cloud))
    return samples


def take_sample(cloud: EmbeddedCloud) -> Sample:
    """Return the progress so far."""
    assert cloud.emulator
    calls = cloud.dynamodb_calls().get(cloud.resource("RateLimiterTable"), {})
    return Sample(
        time.time(), cloud.emulator.stats()["requests"], _sum_calls(calls, _WRITES), _sum_calls(calls, _READS)
    )


def _sum_calls(calls: Mapping[str, int], operations: Sequence[str]) -> int:
    return sum(calls.get(operation, 0) for operation in operations)


def summarize_run(cloud: EmbeddedCloud, limit: float, samples: Sequence[Sample] = ()) -> dict[str, Any]:
    """Return the emulator's figures of the run, and the machine's load in the last minute, the benchmark's included."""
    assert cloud.emulator
    stats, requests = cloud.emulator.stats(), cloud.emulator.requests()
    times = measurements.list_arrivals(requests)
    interval = measurements.find_steady_interval(times)
    return {
        "requests": stats["requests"],
        "utilization": measurements.compute_utilization(times, limit),
        "largest_window": stats["largest_window"],
        "window_limit": stats["window_limit"],
        "refused_429": stats["refused_429"],
        "writes_per_request": measurements.compute_writes_per_request(samples, interval),
        "reads_per_request": measurements.compute_reads_per_request(samples, interval),
        "unused_slots": measurements.count_unused_slots(_read_limiter_item(cloud), stats["requests"]),
        "load": os.getloadavg()[0],
        "requests_by_second": measurements.count_by_second(requests),
    }


def _read_limiter_item(cloud: EmbeddedCloud) -> dict[str, str] | None:
    """Return the numbers of the rate limiter's item, or None if no slot was ever reserved."""
    items = cloud.client("dynamodb").scan(TableName=cloud.resource("RateLimiterTable"))["Items"]
    return {name: value["N"] for name, value in items[0].items() if "N" in value} if items else None
