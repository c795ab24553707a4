"""The poller of a function's queue: batches, partial responses, concurrency, and the dead-letter queue."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from local.aws import EmbeddedAws
from local.aws.queue_poller import find_failed_ids, to_lambda_record


def send_bodies(aws: EmbeddedAws, *bodies: dict[str, Any]) -> None:
    entries = [{"Id": str(i), "MessageBody": json.dumps(body)} for i, body in enumerate(bodies)]
    aws.client("sqs").send_message_batch(QueueUrl=aws.resource("Work"), Entries=entries)


def count_messages(aws: EmbeddedAws) -> int:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    attributes = aws.client("sqs").get_queue_attributes(QueueUrl=aws.resource("Work"), AttributeNames=names)[
        "Attributes"
    ]
    return sum(int(attributes[name]) for name in names)


def test_only_reported_message_goes_to_the_dead_letter_queue(aws: EmbeddedAws, receive: Any) -> None:
    send_bodies(aws, {"fail": True, "name": "first"}, {"name": "second"})

    assert receive("GivenUp", within=10) == [{"fail": True, "name": "first"}]
    assert count_messages(aws) == 0
    assert receive("GivenUp", within=1) == []


@pytest.mark.parametrize(
    "body",
    [{"raise": "no"}, {"answer": "no object"}, {"answer": {"batchItemFailures": [{"itemIdentifier": ""}]}}],
    ids=["an error", "an unreadable answer", "an empty identifier"],
)
def test_failed_batch_is_not_deleted(aws: EmbeddedAws, receive: Any, body: dict[str, Any]) -> None:
    send_bodies(aws, body)

    assert receive("GivenUp", within=10) == [body]


def test_maximum_concurrency_is_not_exceeded(aws: EmbeddedAws, eventually: Callable[..., bool]) -> None:
    send_bodies(aws, *({"hold": 0.3} for _ in range(10)))

    assert eventually(lambda: count_messages(aws) == 0)
    assert aws.stats()["Worker"]["concurrent_peak"] == 2


def test_later_message_is_received_soon(aws: EmbeddedAws, eventually: Callable[..., bool]) -> None:
    before = aws.stats()["Worker"]["invocations"]
    sent = time.monotonic()
    send_bodies(aws, {})

    assert eventually(lambda: aws.stats()["Worker"]["invocations"] > before)
    assert time.monotonic() - sent < 5


MESSAGES: Any = [{"MessageId": "one"}, {"MessageId": "two"}]


@pytest.mark.parametrize("response", [None, {}, {"batchItemFailures": None}, {"batchItemFailures": []}])
def test_empty_response_reports_no_failure(response: Any) -> None:
    assert find_failed_ids(response, MESSAGES) == set()


def test_reported_message_is_a_failure() -> None:
    assert find_failed_ids({"batchItemFailures": [{"itemIdentifier": "two"}]}, MESSAGES) == {"two"}


@pytest.mark.parametrize(
    "failures",
    ["two", [{}], ["two"], [{"itemIdentifier": None}], [{"itemIdentifier": "three"}], [{"itemIdentifier": 2}]],
)
def test_unreadable_response_fails_the_whole_batch(failures: Any) -> None:
    assert find_failed_ids({"batchItemFailures": failures}, MESSAGES) == {"one", "two"}
    assert find_failed_ids(failures if isinstance(failures, str) else [failures], MESSAGES) == {"one", "two"}


def test_record_has_all_fields_of_lambda(aws: EmbeddedAws) -> None:
    sqs, url = aws.client("sqs"), aws.resource("Failures")
    sqs.send_message(
        QueueUrl=url,
        MessageBody="hello",
        MessageAttributes={"lane": {"DataType": "String", "StringValue": "live"}},
    )
    (message,) = sqs.receive_message(QueueUrl=url, MessageSystemAttributeNames=["All"], MessageAttributeNames=["All"])[
        "Messages"
    ]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

    made = to_lambda_record(message, "arn:aws:sqs:us-east-1:123456789012:q")

    assert (made["body"], made["eventSource"], made["awsRegion"]) == ("hello", "aws:sqs", "us-east-1")
    assert made["messageAttributes"] == {"lane": {"dataType": "String", "stringValue": "live"}}
    assert made["attributes"]["ApproximateReceiveCount"] == "1"
    assert {"SentTimestamp", "SenderId", "ApproximateFirstReceiveTimestamp"} <= made["attributes"].keys()
