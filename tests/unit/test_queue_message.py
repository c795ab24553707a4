"""domain/queue_message.py: one record of Lambda's SQS event."""

import json

from photodna_guard.domain.models import ScanJob, Upload
from photodna_guard.domain.queue_message import parse_record

JOB = ScanJob(Upload("uploads", "a.jpg", "etag", "v1"), hash_checked=True)
RECORD = {
    "messageId": "m-1",
    "receiptHandle": "receipt",
    "body": json.dumps(JOB.as_dict()),
    "attributes": {"ApproximateReceiveCount": "7", "SentTimestamp": "1800000000500"},
}


def test_record_says_what_sqs_knows_of_its_message() -> None:
    message = parse_record(RECORD)
    assert (message.message_id, message.receipt_handle, message.jobs) == ("m-1", "receipt", (JOB,))
    assert (message.receives, message.sent) == (7, 1_800_000_000.5)
    assert message.waits_for_service


def test_record_without_attributes_is_a_first_delivery() -> None:
    message = parse_record({"messageId": "m-1", "body": RECORD["body"]})
    assert (message.receives, message.sent) == (1, None)


def test_event_of_s3_waits_for_more_than_the_service() -> None:
    body = json.dumps({"Records": [{"s3": {"bucket": {"name": "b"}, "object": {"key": "k", "versionId": "v"}}}]})
    message = parse_record(RECORD | {"body": body})
    assert len(message.jobs) == 1
    assert not message.waits_for_service


def test_unreadable_message_waits_for_nothing() -> None:
    message = parse_record(RECORD | {"body": "{"})
    assert message.unreadable
    assert not message.waits_for_service
