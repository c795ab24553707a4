"""A queue that a function works: batches, partial responses, concurrency, and the dead-letter queue."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from local.aws import EmbeddedCloud
from local.aws.queue_poller import failed_ids, record


def send(cloud: EmbeddedCloud, *bodies: dict[str, Any]) -> None:
    entries = [{"Id": str(i), "MessageBody": json.dumps(body)} for i, body in enumerate(bodies)]
    cloud.client("sqs").send_message_batch(QueueUrl=cloud.resource("Work"), Entries=entries)


def left(cloud: EmbeddedCloud) -> int:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    attributes = cloud.client("sqs").get_queue_attributes(QueueUrl=cloud.resource("Work"), AttributeNames=names)[
        "Attributes"
    ]
    return sum(int(attributes[name]) for name in names)


def test_what_succeeds_is_deleted_and_what_is_reported_goes_to_the_dead_letter_queue(
    cloud: EmbeddedCloud, receive: Any
) -> None:
    send(cloud, {"fail": True, "name": "first"}, {"name": "second"})

    assert receive("GivenUp", within=10) == [{"fail": True, "name": "first"}]
    assert left(cloud) == 0
    assert receive("GivenUp", within=1) == []


@pytest.mark.parametrize(
    "body",
    [{"raise": "no"}, {"answer": "no object"}, {"answer": {"batchItemFailures": [{"itemIdentifier": ""}]}}],
    ids=["an error", "an unreadable answer", "an empty identifier"],
)
def test_nothing_is_deleted_after(cloud: EmbeddedCloud, receive: Any, body: dict[str, Any]) -> None:
    send(cloud, body)

    assert receive("GivenUp", within=10) == [body]


def test_the_maximum_concurrency_is_honoured(cloud: EmbeddedCloud, eventually: Callable[..., bool]) -> None:
    send(cloud, *({"hold": 0.3} for _ in range(10)))

    assert eventually(lambda: left(cloud) == 0)
    assert cloud.stats()["Worker"]["concurrent_peak"] == 2


def test_a_message_that_is_sent_later_is_worked_soon(cloud: EmbeddedCloud, eventually: Callable[..., bool]) -> None:
    before = cloud.stats()["Worker"]["invocations"]
    sent = time.monotonic()
    send(cloud, {})

    assert eventually(lambda: cloud.stats()["Worker"]["invocations"] > before)
    assert time.monotonic() - sent < 5


MESSAGES: Any = [{"MessageId": "one"}, {"MessageId": "two"}]


@pytest.mark.parametrize("response", [None, {}, {"batchItemFailures": None}, {"batchItemFailures": []}])
def test_an_empty_response_means_success(response: Any) -> None:
    assert failed_ids(response, MESSAGES) == set()


def test_a_reported_message_is_kept() -> None:
    assert failed_ids({"batchItemFailures": [{"itemIdentifier": "two"}]}, MESSAGES) == {"two"}


@pytest.mark.parametrize(
    "failures",
    ["two", [{}], ["two"], [{"itemIdentifier": None}], [{"itemIdentifier": "three"}], [{"itemIdentifier": 2}]],
)
def test_a_response_that_cannot_be_read_keeps_the_whole_batch(failures: Any) -> None:
    assert failed_ids({"batchItemFailures": failures}, MESSAGES) == {"one", "two"}
    assert failed_ids(failures if isinstance(failures, str) else [failures], MESSAGES) == {"one", "two"}


def test_a_record_has_what_lambda_gives(cloud: EmbeddedCloud) -> None:
    sqs, url = cloud.client("sqs"), cloud.resource("Failures")
    sqs.send_message(
        QueueUrl=url,
        MessageBody="hello",
        MessageAttributes={"lane": {"DataType": "String", "StringValue": "live"}},
    )
    (message,) = sqs.receive_message(QueueUrl=url, MessageSystemAttributeNames=["All"], MessageAttributeNames=["All"])[
        "Messages"
    ]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

    made = record(message, "arn:aws:sqs:us-east-1:123456789012:q")

    assert (made["body"], made["eventSource"], made["awsRegion"]) == ("hello", "aws:sqs", "us-east-1")
    assert made["messageAttributes"] == {"lane": {"dataType": "String", "stringValue": "live"}}
    assert made["attributes"]["ApproximateReceiveCount"] == "1"
    assert {"SentTimestamp", "SenderId", "ApproximateFirstReceiveTimestamp"} <= made["attributes"].keys()
