"""Puts uploads straight into the retry queue, and watches how they are worked."""

import json
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from local.cloud import EmbeddedCloud
from local.pictures import draw, encode
from tests.bench.rate import measure
from tests.bench.rate.measure import Sample

BUCKET = "backlog"  # without notifications: nothing but the queue leads to a scan
Message = dict[str, Any]


def picture() -> bytes:
    """A small picture, so that the machine's time goes to the rate and not to decoding."""
    return encode(draw(1, (160, 160)), "JPEG", quality=50)


def put_objects(cloud: EmbeddedCloud, count: int) -> list[Message]:
    """Stores so many versions; the retry messages about them."""
    s3, body = cloud.client("s3"), picture()
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})

    def put(number: int) -> Message:
        key = f"{number}.jpg"
        answer = s3.put_object(Bucket=BUCKET, Key=key, Body=body)
        return message(key, answer["ETag"].strip('"'), answer["VersionId"])

    with ThreadPoolExecutor(4) as threads:
        return list(threads.map(put, range(count)))


def message(key: str, etag: str, version_id: str) -> Message:
    return {"upload": {"bucket": BUCKET, "key": key, "etag": etag, "version_id": version_id}}


def enqueue(cloud: EmbeddedCloud, messages: Sequence[Message], after: float = 0.0) -> None:
    """Sends the messages in their order, to be received after so many seconds: all at once, however long this takes."""
    sqs, url, begin = cloud.client("sqs"), cloud.endpoints.retry_queue_url, time.time() + after
    for first in range(0, len(messages), 10):
        bodies = [json.dumps(message) for message in messages[first : first + 10]]
        delay = max(0, round(begin - time.time()))
        entries = [{"Id": str(i), "MessageBody": body, "DelaySeconds": delay} for i, body in enumerate(bodies)]
        sqs.send_message_batch(QueueUrl=url, Entries=entries)


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
    writes = cloud.dynamodb_calls().get(cloud.resource("PacerTable"), {}).get("UpdateItem", 0)
    return Sample(time.time(), cloud.emulator.stats()["requests"], writes)


def seen(cloud: EmbeddedCloud, limit: float, samples: Sequence[Sample] = ()) -> dict[str, Any]:
    """What the emulator judged, and the machine's load (of the last minute, our own part included)."""
    assert cloud.emulator
    stats, requests = cloud.emulator.stats(), cloud.emulator.requests()
    times = measure.arrivals(requests)
    return {
        "requests": stats["requests"],
        "held": measure.held(times, limit),
        "largest_window": stats["largest_window"],
        "window_limit": stats["window_limit"],
        "refused_429": stats["refused_429"],
        "writes_for_each": measure.writes_for_each(samples, measure.steady(times)),
        "load": os.getloadavg()[0],
        "each_second": measure.each_second(requests),
    }
