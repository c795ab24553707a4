"""The retry queue and its dead-letter queue: what waits for another try, and what was given up."""

import json
from typing import TYPE_CHECKING

from photodna_guard.aws.error_translation import translate_aws_errors
from photodna_guard.domain.models import ScanJob

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

MAX_DELAY_SECONDS = 900  # seconds: the most that SQS takes. Whoever has to wait longer is sent round again


class RetryQueue:
    """The two queues. Its methods raise Busy and TryAgain."""

    def __init__(self, client: "SQSClient", queue_url: str, dead_letter_queue_url: str) -> None:
        self._client, self._queue, self._dead_letters = client, queue_url, dead_letter_queue_url

    def send(self, job: ScanJob, delay: float) -> None:
        """Delivers again after `delay` seconds."""
        seconds = min(max(round(delay), 0), MAX_DELAY_SECONDS)
        with translate_aws_errors("sqs:SendMessage"):
            self._client.send_message(QueueUrl=self._queue, MessageBody=json.dumps(job.as_dict()), DelaySeconds=seconds)

    def send_to_dead_letters(self, what: object, reason: str) -> None:
        """Keeps a delivery, or a part of a payload that nobody can read, for a person, with the reason.

        Redriven to the retry queue, a delivery starts anew.
        """
        known = what.as_dict() if isinstance(what, ScanJob) else {"unreadable_event": what}
        with translate_aws_errors("sqs:SendMessage"):
            self._client.send_message(
                QueueUrl=self._dead_letters, MessageBody=json.dumps(known | {"failure_reason": reason}, default=str)
            )
