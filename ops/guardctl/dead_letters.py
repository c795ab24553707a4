"""The dead-letter queue: reads its messages, and moves chosen ones back to the retry queue."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ops.errors import CannotProceedError
from ops.guardctl.target import Target

_BATCH = 10
# A message that came back while the others are still being read would be taken for the end of the queue.
_HIDDEN_SECONDS = 900
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
        # Received here, and neither moved nor shown again.
        self._hidden: dict[str, DeadLetter] = {}

    @contextmanager
    def reading(self) -> Iterator[Iterator[DeadLetter]]:
        """Provide each message that can be received, once. What was not moved can be received again after the block.

        A standard queue hides 120,000 messages at most, and so provides no more.
        """
        try:
            yield self._receive_each_once()
        finally:
            self._show_again(list(self._hidden.values()))
            self._hidden.clear()

    def move(self, message: DeadLetter) -> None:
        """Send a message to the retry queue, and then delete it. After a crash in between it is there twice.

        Twice does no harm: the functions take repeated messages.
        """
        self._sqs.send_message(QueueUrl=self._retry_url, MessageBody=message.body)
        self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message.receipt)
        self._hidden.pop(message.message_id, None)

    def move_all(
        self, source_arn: str, destination_arn: str, on_progress: Callable[[int], None], sleep: Callable[[float], None]
    ) -> int:
        """Have SQS move all messages, wait until it is done, and return how many it moved.

        Raises CannotProceedError where a task is running already, and where SQS gave up.
        """
        began = self._find_newest_task(source_arn).get("StartedTimestamp", 0)
        try:
            self._sqs.start_message_move_task(SourceArn=source_arn, DestinationArn=destination_arn)
        except self._sqs.exceptions.UnsupportedOperation as error:
            raise CannotProceedError(f"SQS starts no redrive: {error.response['Error'].get('Message', '')}") from None
        while True:
            task = self._find_newest_task(source_arn)
            # An ended task shows no handle, and so its start tells it from the one before.
            if task.get("StartedTimestamp", 0) > began and (moved := _read_progress(task, on_progress)) is not None:
                return moved
            sleep(_WAIT_SECONDS)

    def _find_newest_task(self, source_arn: str) -> dict[str, Any]:
        tasks = self._sqs.list_message_move_tasks(SourceArn=source_arn, MaxResults=1).get("Results", [])
        return dict(tasks[0]) if tasks else {}

    def _receive_each_once(self) -> Iterator[DeadLetter]:
        seen: set[str] = set()
        while found := self._receive():
            self._hidden |= {one.message_id: one for one in found}
            fresh = [one for one in found if one.message_id not in seen]
            if not fresh:
                return
            seen.update(one.message_id for one in fresh)
            yield from fresh

    def _show_again(self, messages: list[DeadLetter]) -> None:
        for start in range(0, len(messages), _BATCH):
            entries = [
                {"Id": str(n), "ReceiptHandle": one.receipt, "VisibilityTimeout": 0}
                for n, one in enumerate(messages[start : start + _BATCH])
            ]
            self._sqs.change_message_visibility_batch(QueueUrl=self._url, Entries=entries)

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


def _read_progress(task: dict[str, Any], on_progress: Callable[[int], None]) -> int | None:
    """Return how many messages an ended task moved; None while it runs. Raises CannotProceedError where it failed."""
    moved = int(task.get("ApproximateNumberOfMessagesMoved", 0))
    on_progress(moved)
    if task["Status"] in ("RUNNING", "CANCELLING"):
        return None
    if task["Status"] != "COMPLETED":
        why = task.get("FailureReason", task["Status"])
        raise CannotProceedError(f"SQS moved {moved} messages and stopped: {why}. Give the command again")
    return moved


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
