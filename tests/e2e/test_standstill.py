"""While the service answers nobody, what waits for it is put back into its queue, and goes on at once after it."""

import json
import os
import time
import uuid
from typing import Any

from local.aws.queue_poller import to_lambda_record
from ops.costs import BATCH, PUT_BACK
from photodna_guard import bootstrap, settings
from photodna_guard.domain.events import parse_event
from photodna_guard.domain.models import ScanJob
from photodna_guard.handlers import on_retry
from photodna_guard.rate_limiter.gcra import RETRY
from tests.e2e.embedded import Bench, Pictures, read_results, recording_session
from tests.support.waiting import wait_until

SECOND = 1_000_000


def waiting_message(bench: Bench, key: str, picture: bytes) -> str:
    """Upload, and return the message of a job that only waits for the service."""
    (job,) = parse_event({"Records": [bench.put(key, picture)]}).jobs
    return json.dumps(ScanJob(job.upload, hash_checked=True).as_dict())


def set_limiter(bench: Bench, **times: int) -> None:
    item = {"limiter": {"S": "match"}} | {name: {"N": str(value)} for name, value in times.items()}
    bench.cloud.client("dynamodb").put_item(TableName=bench.cloud.resource("RateLimiterTable"), Item=item)


def statuses(bench: Bench, keys: list[str]) -> list[str]:
    return [item["status"] for key in keys for item in read_results(bench.cloud, f"{bench.bucket}/{key}")]


def test_queue_is_left_untouched_until_the_breaker_closes(bench: Bench, pictures: Pictures) -> None:
    keys = [f"{n}.jpg" for n in range(20)]
    now = round(time.time() * SECOND)
    set_limiter(bench, tripped_at=now, probe_at=now + 3600 * SECOND)
    sqs, queue = bench.cloud.client("sqs"), bench.cloud.endpoints.retry_queue_url
    for key in keys:
        sqs.send_message(QueueUrl=queue, MessageBody=waiting_message(bench, key, pictures["clean"]))
    time.sleep(8)
    # Each was received some times by then, and has no record yet.
    assert statuses(bench, keys) == []
    counts = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    # An earlier test may have left some: a deleted version is looked for again for an hour.
    assert sum(int(counts[f"ApproximateNumberOfMessages{kind}"]) for kind in ("", "NotVisible", "Delayed")) >= len(keys)
    set_limiter(bench)
    wait_until(lambda: statuses(bench, keys) == ["CLEAN"] * len(keys), seconds=15)


def test_batch_that_is_put_back_costs_the_counted_calls(bench: Bench, pictures: Pictures) -> None:
    sqs = bench.cloud.client("sqs")
    queue = sqs.create_queue(QueueName=f"bench-{uuid.uuid4().hex[:12]}")["QueueUrl"]
    set_limiter(bench, paused_until=round((time.time() + 3600) * SECOND))
    for n in range(BATCH):
        sqs.send_message(QueueUrl=queue, MessageBody=waiting_message(bench, f"{n}.jpg", pictures["clean"]))
    received: list[Any] = []
    while len(received) < BATCH:
        received += sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"])[
            "Messages"
        ]
    calls: list[str] = []
    bench.monkeypatch.setenv("AWS_ACCESS_KEY_ID", "judge")
    bench.monkeypatch.setenv("RETRY_QUEUE_URL", queue)
    application = bootstrap.build(settings.from_environment(os.environ), RETRY, recording_session(calls))
    records = [to_lambda_record(message, "arn:aws:sqs:us-east-1:123456789012:bench") for message in received]
    answer = on_retry.process(application, {"Records": records}, 100)
    assert len(answer["batchItemFailures"]) == BATCH
    # Once a minute a worker reports how old the queue's messages are.
    assert calls.pop(0) == "dynamodb.UpdateItem"
    assert calls == [
        "dynamodb.GetItem",
        "dynamodb.BatchGetItem",
        "sqs.GetQueueAttributes",
        "sqs.ChangeMessageVisibilityBatch",
        "sqs.ChangeMessageVisibilityBatch",
    ]
    # ops/costs.py counts the two calls that receive a batch as well.
    assert PUT_BACK["sqs_request"] == sum(call.startswith("sqs.") for call in calls) + 2
