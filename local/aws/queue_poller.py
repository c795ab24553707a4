"""Polls one SQS queue for one function, as Lambda's event source mapping does."""

from __future__ import annotations

import logging
import math
import time
from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore, Event, Thread
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from local.aws.event_sources import QueueSource
from local.aws.pool import EnvironmentPool, PoolClosedError

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

log = logging.getLogger(__name__)

LONG_POLL_SECONDS = 20
# The limit of one ReceiveMessage or DeleteMessageBatch.
SQS_BATCH = 10


class QueuePoller:
    """Polls only while another invocation may start, so that no received message waits.

    A message that the function does not process becomes visible again after the queue's visibility timeout: like
    Lambda, the poller does not change it.
    """

    def __init__(self, source: QueueSource, pool: EnvironmentPool, sqs: SQSClient, url: str) -> None:
        self._source, self._pool, self._sqs, self._url = source, pool, sqs, url
        bound = min(source.concurrency, pool.function.environments)
        self._free_invocations = BoundedSemaphore(bound)
        self._workers = ThreadPoolExecutor(bound)
        self._ending = Event()
        Thread(target=self._poll, daemon=True).start()

    def close(self) -> None:
        """Stop polling."""
        self._ending.set()
        self._workers.shutdown(wait=False, cancel_futures=True)

    def _poll(self) -> None:
        while not self._ending.is_set():
            self._free_invocations.acquire()
            try:
                messages = self._receive_batch()
            except (BotoCoreError, ClientError) as error:
                messages = []
                self._log_error("poll", error)
                self._ending.wait(1.0)
            if messages and not self._ending.is_set():
                self._workers.submit(self._invoke, messages)
            else:
                self._free_invocations.release()

    def _log_error(self, what: str, error: Exception) -> None:
        # The server may end before the poller. A message that is not deleted is not lost.
        if not self._ending.is_set():
            log.error("cannot %s %s: %s", what, self._source.queue_arn, error)

    def _receive_batch(self) -> list[MessageTypeDef]:
        size = self._source.batch_size
        messages = self._receive(size, LONG_POLL_SECONDS)
        until = time.monotonic() + self._source.window
        while messages and len(messages) < size:
            left = until - time.monotonic()
            if left <= 0 and size <= SQS_BATCH:
                break
            more = self._receive(size - len(messages), math.ceil(max(0.0, left)))
            messages += more
            if not more and left <= 0:
                break
        return messages

    def _receive(self, count: int, wait_seconds: int) -> list[MessageTypeDef]:
        return self._sqs.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=min(count, SQS_BATCH),
            WaitTimeSeconds=wait_seconds,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        ).get("Messages", [])

    def _invoke(self, messages: list[MessageTypeDef]) -> None:
        try:
            result = self._pool.invoke({"Records": [to_lambda_record(m, self._source.queue_arn) for m in messages]})
            if not result.failed:
                failed = find_failed_ids(result.payload, messages) if self._source.partial else set()
                self._delete([m for m in messages if m["MessageId"] not in failed])
        except PoolClosedError:
            return
        except (BotoCoreError, ClientError) as error:
            self._log_error("delete from", error)
        finally:
            self._free_invocations.release()

    def _delete(self, done: list[MessageTypeDef]) -> None:
        for first in range(0, len(done), SQS_BATCH):
            self._sqs.delete_message_batch(
                QueueUrl=self._url,
                Entries=[
                    {"Id": str(i), "ReceiptHandle": m["ReceiptHandle"]}
                    for i, m in enumerate(done[first : first + SQS_BATCH])
                ],
            )


def find_failed_ids(response: Any, messages: list[MessageTypeDef]) -> set[str]:
    """Return the ids of the messages that failed by a partial batch response; all if it cannot be read.

    null and an empty object or list mean success; an identifier that is empty, null, missing or not of this batch
    fails the whole batch: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
    """
    sent = {m["MessageId"] for m in messages}
    if response is None:
        return set()
    failures = response.get("batchItemFailures") or [] if isinstance(response, dict) else None
    if not isinstance(failures, list):
        return sent
    ids = [f.get("itemIdentifier") if isinstance(f, dict) else None for f in failures]
    named = {i for i in ids if isinstance(i, str)}
    return named if len(named) == len(set(map(str, ids))) and None not in ids and named <= sent else sent


def to_lambda_record(message: MessageTypeDef, queue_arn: str) -> dict[str, Any]:
    """Convert a message to the record that Lambda sends to a function."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": {
            name: {f"{part[0].lower()}{part[1:]}": value for part, value in attribute.items()}
            for name, attribute in message.get("MessageAttributes", {}).items()
        },
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": queue_arn.split(":")[3],
    }
