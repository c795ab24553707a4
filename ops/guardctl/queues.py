"""The stack's queues: how many messages wait in each."""

from dataclasses import dataclass
from typing import Any

from ops.guardctl.target import Target

RETRY, BACKFILL, DEAD_LETTERS = "retry", "backfill", "dead letters"
URL_OUTPUTS = {RETRY: "RetryQueueUrl", BACKFILL: "BackfillQueueUrl", DEAD_LETTERS: "DeadLetterQueueUrl"}
_PREFIX = "ApproximateNumberOfMessages"
_ATTRIBUTES = (_PREFIX, f"{_PREFIX}NotVisible", f"{_PREFIX}Delayed")


@dataclass(frozen=True, slots=True)
class QueueDepth:
    """Messages of a queue, as SQS counts them approximately: to be received, being worked on, and delayed."""

    visible: int
    in_flight: int
    delayed: int

    @property
    def total(self) -> int:
        """All messages."""
        return self.visible + self.in_flight + self.delayed


def read_depth(target: Target, queue: str) -> QueueDepth:
    """Read the depth of a queue, a key of URL_OUTPUTS. Raises botocore's errors."""
    url = target.stack.output(URL_OUTPUTS[queue])
    sqs: Any = target.client("sqs")
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(_ATTRIBUTES))["Attributes"]
    return QueueDepth(*[int(found.get(name, 0)) for name in _ATTRIBUTES])
