"""guardctl redrive: messages of the dead-letter queue."""

import json
from typing import Any

from photodna_guard.domain.models import ScanJob, Upload
from tests.ops.guardctl.conftest import Console
from tests.support.moto_aws import SESSION

WHY = ("--reason", "mended", "--yes")


def send(key: str, reason: str) -> None:
    body = ScanJob(Upload("uploads", key, "etag", "v1")).as_dict() | {"failure_reason": reason}
    send_body(json.dumps(body))


def send_body(body: str) -> None:
    sqs = SESSION.client("sqs")
    sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName="dead")["QueueUrl"], MessageBody=body)


def bodies(queue: str) -> list[str]:
    sqs: Any = SESSION.client("sqs")
    url, found = sqs.get_queue_url(QueueName=queue)["QueueUrl"], []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
        found += [message["Body"] for message in messages]
    return found


def test_preview_counts_by_reason_and_leaves_every_message(console: Console) -> None:
    for n in range(12):
        send(f"{n}.jpg", "http-500")
    send("x.jpg", "http-404")
    send_body('{"unreadable_event": {}, "failure_reason": "no key"}')
    send_body("no JSON")
    send_body('{"upload": 7}')
    found = console.json("redrive", "--preview")
    assert found["by_reason"] == {"http-500": 12, "moved by SQS": 2, "http-404": 1, "no key": 1}
    assert console.json("redrive", "--preview") == found
    assert len(bodies("dead")) == 16


def test_filter_moves_only_what_it_names(console: Console) -> None:
    send("a/1.jpg", "http-500")
    send("a/2.jpg", "http-404")
    send("b/3.jpg", "http-500")
    assert console.json("redrive", "--only-reason", "http-500", "--only-prefix", "s3://uploads/a", *WHY) == {"moved": 1}
    assert [json.loads(body)["upload"]["key"] for body in bodies("retry")] == ["a/1.jpg"]
    assert len(bodies("dead")) == 2
    (entry,) = console.json("journal")
    assert (entry["action"], entry["moved"], entry["only_reason"]) == ("redrive", 1, "http-500")


def test_empty_queue_is_no_error(console: Console) -> None:
    assert console.json("redrive", *WHY) == {"moved": 0}
    assert console.run("redrive", "--preview") == 0
    assert "No message" in console.out


def test_redrive_needs_a_reason_and_a_proper_prefix(console: Console) -> None:
    assert console.run("redrive", "--yes") == 2
    assert console.run("redrive", "--only-prefix", "uploads/a", *WHY) == 2
