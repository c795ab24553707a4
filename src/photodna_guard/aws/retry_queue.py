"""The retry queue or the backfill queue, with its dead-letter queue."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from photodna_guard.aws.error_translation import translate_aws_errors
from photodna_guard.domain.errors import RetryableError
from photodna_guard.domain.models import ScanJob

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

# The maximum of SQS. A job that has to wait longer is deferred again.
MAX_DELAY_SECONDS = 900
# The most entries of a batch call.
_MAX_ENTRIES = 10
_COUNTS: Final = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)
# Every queue takes a message of this size: the limit of SQS until August 2025, when it became a mebibyte.
WRAPPED_BYTES = 262_144


class RetryQueue:
    """A queue and its dead-letter queue. Methods raise DeferrableError or RetryableError."""

    def __init__(self, client: "SQSClient", queue_url: str, dead_letter_queue_url: str) -> None:
        self._client, self._queue_url, self._dead_letter_queue_url = client, queue_url, dead_letter_queue_url

    def send(self, job: ScanJob, delay: float) -> None:
        """Send a job that becomes visible after `delay` seconds, limited to MAX_DELAY_SECONDS."""
        seconds = min(max(round(delay), 0), MAX_DELAY_SECONDS)
        with translate_aws_errors("sqs:SendMessage"):
            self._client.send_message(
                QueueUrl=self._queue_url, MessageBody=json.dumps(job.as_dict()), DelaySeconds=seconds
            )

    def send_all(self, jobs: Sequence[ScanJob]) -> None:
        """Send jobs that are visible at once. After an error some may be sent, and some not."""
        for first in range(0, len(jobs), _MAX_ENTRIES):
            part = jobs[first : first + _MAX_ENTRIES]
            with translate_aws_errors("sqs:SendMessageBatch"):
                answer = self._client.send_message_batch(
                    QueueUrl=self._queue_url,
                    Entries=[{"Id": str(i), "MessageBody": json.dumps(job.as_dict())} for i, job in enumerate(part)],
                )
            if refused := answer.get("Failed"):
                raise RetryableError(f"sqs:SendMessageBatch: {refused[0]['Code']}")

    def count_messages(self) -> int:
        """Return how many messages are in the queue, those included that are hidden or in a worker's hands.

        SQS counts approximately.
        """
        with translate_aws_errors("sqs:GetQueueAttributes"):
            answer = self._client.get_queue_attributes(QueueUrl=self._queue_url, AttributeNames=_COUNTS)
        return sum(int(answer["Attributes"][name]) for name in _COUNTS)

    def put_back(self, seconds: Mapping[str, float]) -> None:
        """Have received messages, by their receipt handles, delivered again after these seconds.

        A message for which SQS refuses it is delivered again after the queue's visibility timeout.
        """
        handles = list(seconds)
        for first in range(0, len(handles), _MAX_ENTRIES):
            part = handles[first : first + _MAX_ENTRIES]
            with translate_aws_errors("sqs:ChangeMessageVisibilityBatch"):
                self._client.change_message_visibility_batch(
                    QueueUrl=self._queue_url,
                    Entries=[
                        {"Id": str(i), "ReceiptHandle": handle, "VisibilityTimeout": round(seconds[handle])}
                        for i, handle in enumerate(part)
                    ],
                )

    def send_to_dead_letters(self, what: object, reason: str) -> None:
        """Send a job or an unreadable part of a payload to the dead-letter queue, with the reason.

        A job that an operator redrives from there starts anew. A part so large that it may not fit together with its
        reason is sent as it came.
        """
        content = what.as_dict() if isinstance(what, ScanJob) else {"unreadable_event": what}
        body = json.dumps(content | {"failure_reason": reason}, default=str)
        if len(body) > WRAPPED_BYTES:
            body = _write_as_it_came(what)
        with translate_aws_errors("sqs:SendMessage"):
            self._client.send_message(QueueUrl=self._dead_letter_queue_url, MessageBody=body)


def _write_as_it_came(part: object) -> str:
    """Return a part in no more bytes than it had in its event or message, which fitted a queue or Lambda."""
    body = part if isinstance(part, str) else json.dumps(part, default=str, ensure_ascii=False, separators=(",", ":"))
    # A surrogate without its other half is no text that could be sent.
    return body.encode(errors="replace").decode()
