"""Redriving a dead-letter queue of the embedded AWS, as SQS does it."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.aws import EmbeddedAws


class Queues:
    """A queue and its dead-letter queue, of names that no other test has."""

    def __init__(self, aws: EmbeddedAws) -> None:
        self.sqs = aws.client("sqs")
        name = uuid.uuid4().hex
        self.dead_url, self.dead_arn = self.create(f"{name}-dead")
        policy = json.dumps({"deadLetterTargetArn": self.dead_arn, "maxReceiveCount": 1})
        self.url, self.arn = self.create(name, RedrivePolicy=policy, VisibilityTimeout="0")

    def create(self, name: str, **attributes: str) -> tuple[str, str]:
        url = self.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        return url, self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]

    def send(self, url: str, body: str) -> None:
        self.sqs.send_message(QueueUrl=url, MessageBody=body)

    def take(self, url: str) -> list[str]:
        found = []
        while messages := self.sqs.receive_message(QueueUrl=url).get("Messages"):
            found += [message["Body"] for message in messages]
            for message in messages:
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found

    def redrive(self, **to: str) -> dict[str, Any]:
        self.sqs.start_message_move_task(SourceArn=self.dead_arn, **to)
        (task,) = self.sqs.list_message_move_tasks(SourceArn=self.dead_arn)["Results"]
        return dict(task)


@pytest.fixture
def queues(aws: EmbeddedAws) -> Queues:
    return Queues(aws)


def test_message_that_sqs_moved_returns_to_its_queue(queues: Queues) -> None:
    queues.send(queues.url, "moved")
    for _ in range(2):
        queues.sqs.receive_message(QueueUrl=queues.url)

    task = queues.redrive()

    assert (task["Status"], task["ApproximateNumberOfMessagesMoved"]) == ("COMPLETED", 1)
    assert (queues.take(queues.url), queues.take(queues.dead_url)) == (["moved"], [])


def test_message_that_was_sent_there_is_refused_without_destination(queues: Queues) -> None:
    queues.send(queues.dead_url, "sent")

    task = queues.redrive()

    assert (task["Status"], task["FailureReason"]) == ("FAILED", "CouldNotDetermineMessageSource")
    assert (queues.take(queues.url), queues.take(queues.dead_url)) == ([], ["sent"])


def test_message_that_was_sent_there_moves_to_a_destination(queues: Queues) -> None:
    queues.send(queues.dead_url, "sent")

    task = queues.redrive(DestinationArn=queues.arn)

    assert (task["Status"], task["DestinationArn"]) == ("COMPLETED", queues.arn)
    assert (queues.take(queues.url), queues.take(queues.dead_url)) == (["sent"], [])


def test_queue_that_is_no_dead_letter_queue_is_refused(queues: Queues) -> None:
    with pytest.raises(ClientError, match="must be configured as a Dead Letter Queue"):
        queues.sqs.start_message_move_task(SourceArn=queues.arn)


def test_destination_that_does_not_exist_is_refused(queues: Queues) -> None:
    with pytest.raises(ClientError) as caught:
        queues.redrive(DestinationArn=f"{queues.arn}-none")
    assert caught.value.response["Error"]["Code"] == "ResourceNotFoundException"
