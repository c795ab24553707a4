"""guardctl redrive: messages of the dead-letter queue."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ops.errors import CannotProceedError
from ops.guardctl.dead_letters import DeadLetter, DeadLetterQueue
from ops.guardctl.target import Target
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


def interrupt_after(count: int, messages: Iterator[DeadLetter]) -> None:
    for _ in range(count):
        next(messages)
    raise KeyboardInterrupt


def test_interrupted_reading_shows_every_message_again(target: Target) -> None:
    for n in range(12):
        send(f"{n}.jpg", "http-500")
    with pytest.raises(KeyboardInterrupt), DeadLetterQueue(target).reading() as messages:
        interrupt_after(11, messages)
    assert len(bodies("dead")) == 12


class FakeSqs:
    """Lists these newest tasks, one at each call, and the last one from then on."""

    class exceptions:  # noqa: N801 - boto3's name
        UnsupportedOperation = ClientError

    def __init__(self, *tasks: dict[str, Any] | None, refusal: ClientError | None = None) -> None:
        self.tasks, self.refusal = list(tasks), refusal

    def list_message_move_tasks(self, **_: Any) -> dict[str, Any]:
        newest = self.tasks.pop(0) if len(self.tasks) > 1 else self.tasks[0]
        return {"Results": [newest]} if newest else {}

    def start_message_move_task(self, **_: Any) -> None:
        if self.refusal:
            raise self.refusal


def task(started: int, status: str, moved: int, **more: Any) -> dict[str, Any]:
    return {"StartedTimestamp": started, "Status": status, "ApproximateNumberOfMessagesMoved": moved, **more}


def move_all(target: Target, sqs: FakeSqs) -> tuple[int, list[int]]:
    shown: list[int] = []
    queue = DeadLetterQueue(replace(target, client=lambda _: sqs))
    return queue.move_all("source", "destination", shown.append, target.sleep), shown


@pytest.mark.parametrize("before", [None, task(1, "COMPLETED", 99), task(1, "FAILED", 0)])
def test_redrive_waits_for_its_own_task(target: Target, before: dict[str, Any] | None) -> None:
    sqs = FakeSqs(before, before, task(2, "RUNNING", 3), task(2, "COMPLETED", 7))
    assert move_all(target, sqs) == (7, [3, 7])


def test_failed_task_and_running_task_are_told(target: Target) -> None:
    with pytest.raises(CannotProceedError, match="moved 3 messages and stopped: AccessDenied"):
        move_all(target, FakeSqs(None, task(2, "FAILED", 3, FailureReason="AccessDenied")))
    refusal = ClientError({"Error": {"Code": "Unsupported", "Message": "one is running"}}, "StartMessageMoveTask")
    with pytest.raises(CannotProceedError, match="one is running"):
        move_all(target, FakeSqs(None, refusal=refusal))


def test_empty_queue_is_no_error(console: Console) -> None:
    assert console.json("redrive", *WHY) == {"moved": 0}
    assert console.run("redrive", "--preview") == 0
    assert "No message" in console.out


def test_redrive_needs_a_reason_and_a_proper_prefix(console: Console) -> None:
    assert console.run("redrive", "--yes") == 2
    assert console.run("redrive", "--only-prefix", "uploads/a", *WHY) == 2
