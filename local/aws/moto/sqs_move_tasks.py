"""SQS: redriving a dead-letter queue (StartMessageMoveTask, ListMessageMoveTasks), which moto does not have.

Amazon SQS Developer Guide, "Troubleshoot dead-letter queue and DLQ redrive issues": without a destination, SQS returns
each message to the queue that it moved the message from. A message that was sent to the dead-letter queue has none, and
the task fails with CouldNotDetermineMessageSource.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.sqs.exceptions import SQSException
from moto.sqs.models import Message, Queue, SQSBackend
from moto.sqs.responses import SQSResponse

from local.aws.moto.replacement import replace
from local.aws.moto.sqs import lock_queues

_MAX_TASKS_LISTED = 10


def apply() -> None:
    """Add the calls to moto. Raises SystemExit if moto lacks a replaced part."""
    if hasattr(SQSResponse, "start_message_move_task"):
        raise SystemExit(f"moto has StartMessageMoveTask now: remove {__name__}")
    replace(Queue, "add_message", _remember_source)
    SQSResponse.start_message_move_task = _start  # type: ignore[attr-defined]
    SQSResponse.list_message_move_tasks = _list  # type: ignore[attr-defined]


def _remember_source(original: Callable[..., Any]) -> Callable[..., Any]:
    """Note in each message its queue, and the queue that SQS moved it from."""

    def add(self: Queue, message: Any) -> None:
        message.moved_from, message.queue_arn = getattr(message, "queue_arn", None), self.queue_arn
        original(self, message)

    return add


def _start(self: SQSResponse) -> ActionResult:
    source_arn, destination_arn = self._get_param("SourceArn"), self._get_param("DestinationArn")
    backend = self.sqs_backend
    source = _find_queue(backend, source_arn, "SourceArn")
    if not backend.list_dead_letter_source_queues(source.name):
        raise SQSException("InvalidParameterValue", "Source queue must be configured as a Dead Letter Queue.")
    destination = _find_queue(backend, destination_arn, "DestinationArn") if destination_arn else None
    task = {
        "SourceArn": source_arn,
        **({"DestinationArn": destination_arn} if destination_arn else {}),
        "StartedTimestamp": int(time.time() * 1000),
        **_move_all(backend, source, destination),
    }
    _tasks(source).insert(0, task)
    return ActionResult({"TaskHandle": str(uuid.uuid4())})


def _list(self: SQSResponse) -> ActionResult:
    source = _find_queue(self.sqs_backend, self._get_param("SourceArn"), "SourceArn")
    count = min(self._get_param("MaxResults") or 1, _MAX_TASKS_LISTED)
    return ActionResult({"Results": _tasks(source)[:count]})


def _find_queue(backend: SQSBackend, arn: str, parameter: str) -> Queue:
    queue = next((queue for queue in backend.queues.values() if queue.queue_arn == arn), None)
    if queue is None:
        message = f"The resource that you specified for the {parameter} parameter doesn't exist."
        raise SQSException("ResourceNotFoundException", message)
    return queue


def _tasks(source: Queue) -> list[dict[str, Any]]:
    tasks: list[dict[str, Any]] = source.__dict__.setdefault("message_move_tasks", [])
    return tasks


@lock_queues
def _move_all(backend: SQSBackend, source: Queue, destination: Queue | None) -> dict[str, Any]:
    """Move what is visible now, until a message has no destination. Return the state of the task."""
    waiting = [message for message in source._messages if message.visible]
    moved, failure = 0, None
    for message in waiting:
        to = destination or next((q for q in backend.queues.values() if q.queue_arn == _source_of(message)), None)
        if to is None:
            failure = {"FailureReason": "CouldNotDetermineMessageSource"}
            break
        source._messages.remove(message)
        backend.send_message(to.name, message.body, message_attributes=message.message_attributes)
        moved += 1
    return {
        "Status": "FAILED" if failure else "COMPLETED",
        "ApproximateNumberOfMessagesMoved": moved,
        "ApproximateNumberOfMessagesToMove": len(waiting),
        **(failure or {}),
    }


def _source_of(message: Message) -> str | None:
    source: str | None = getattr(message, "moved_from", None)
    return source
