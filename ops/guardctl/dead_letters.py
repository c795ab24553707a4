"""The dead-letter queue: reads its messages, and moves chosen ones back to the retry queue."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ops.errors import CannotProceedError
from ops.guardctl.target import Target

_BATCH = 10
# Long enough to move a message, and short enough that an interrupted redrive can be repeated soon.
_HIDDEN_SECONDS = 60
_WAIT_SECONDS = 1


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One message: an upload whose attempts failed, or an event that names none (`uri` is empty)."""

    message_id: str
    receipt: str
    body: str
    reason: str
    uri: str


class DeadLetterQueue:
    """The dead-letter queue of a stack. Methods raise botocore's errors."""

    def __init__(self, target: Target) -> None:
        self._sqs: Any = target.client("sqs")
        self._url = target.stack.output("DeadLetterQueueUrl")
        self._retry_url = target.stack.output("RetryQueueUrl")

    def receive_each_once(self) -> Iterator[DeadLetter]:
        """Yield each message that can be received, once. It is hidden from others for a minute."""
        seen: set[str] = set()
        while found := self._receive():
            fresh = [one for one in found if one.message_id not in seen]
            if not fresh:
                return
            seen.update(one.message_id for one in fresh)
            yield from fresh

    def show_again(self, messages: list[DeadLetter]) -> None:
        """Let messages be received at once again."""
        for start in range(0, len(messages), _BATCH):
            entries = [
                {"Id": str(n), "ReceiptHandle": one.receipt, "VisibilityTimeout": 0}
                for n, one in enumerate(messages[start : start + _BATCH])
            ]
            self._sqs.change_message_visibility_batch(QueueUrl=self._url, Entries=entries)

    def move(self, message: DeadLetter) -> None:
        """Send a message to the retry queue, and then delete it. After a crash in between it is there twice.

        Twice does no harm: the functions take repeated messages.
        """
        self._sqs.send_message(QueueUrl=self._retry_url, MessageBody=message.body)
        self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message.receipt)

    def start_move_task(self, source_arn: str, destination_arn: str) -> str:
        """Have SQS move all messages. Return the task's handle. Raises CannotProceedError where a task is running."""
        try:
            started = self._sqs.start_message_move_task(SourceArn=source_arn, DestinationArn=destination_arn)
        except self._sqs.exceptions.UnsupportedOperation as error:
            raise CannotProceedError(f"SQS starts no redrive: {error.response['Error'].get('Message', '')}") from None
        return str(started["TaskHandle"])

    def wait_for_move(self, source_arn: str, on_progress: Callable[[int], None], sleep: Callable[[float], None]) -> int:
        """Wait until the newest task has ended, and return how many messages it moved.

        Raises CannotProceedError where SQS gave up.
        """
        while True:
            newest = self._sqs.list_message_move_tasks(SourceArn=source_arn, MaxResults=1)["Results"][0]
            moved = int(newest.get("ApproximateNumberOfMessagesMoved", 0))
            on_progress(moved)
            if newest["Status"] == "COMPLETED":
                return moved
            if newest["Status"] not in ("RUNNING", "CANCELLING"):
                why = newest.get("FailureReason", newest["Status"])
                raise CannotProceedError(f"SQS moved {moved} messages and stopped: {why}. Give the command again")
            sleep(_WAIT_SECONDS)

    def _receive(self) -> list[DeadLetter]:
        answer = self._sqs.receive_message(
            QueueUrl=self._url, MaxNumberOfMessages=_BATCH, VisibilityTimeout=_HIDDEN_SECONDS, WaitTimeSeconds=1
        )
        return [parse_dead_letter(one) for one in answer.get("Messages", [])]


def parse_dead_letter(message: dict[str, Any]) -> DeadLetter:
    """Parse a message of the queue: an upload with its reason, or whatever else SQS or Lambda put there."""
    try:
        body = _object(json.loads(message["Body"]))
    except ValueError:
        body = {}
    upload = _object(body.get("upload"))
    uri = f"s3://{upload['bucket']}/{upload['key']}" if {"bucket", "key"} <= upload.keys() else ""
    reason = str(body.get("failure_reason", "moved by SQS"))
    return DeadLetter(message["MessageId"], message["ReceiptHandle"], message["Body"], reason, uri)


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
