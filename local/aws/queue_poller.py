"""Works one SQS queue with one function, as Lambda's event source mapping does."""

from __future__ import annotations

import logging
import math
import time
from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore, Event, Thread
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from local.aws.functions import QueueSource
from local.aws.pool import Closed, EnvironmentPool

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

log = logging.getLogger(__name__)

LONG_POLL_SECONDS = 20
SQS_BATCH = 10  # the most that one ReceiveMessage or DeleteMessageBatch takes


class QueuePoller:
    """Polls while fewer than the bound of invocations run, so that no message waits in our memory.

    What a function does not report as done becomes visible again when the queue's time-out is over: neither
    Lambda nor this changes the visibility of a message.
    """

    def __init__(self, source: QueueSource, pool: EnvironmentPool, sqs: SQSClient, url: str) -> None:
        self._source, self._pool, self._sqs, self._url = source, pool, sqs, url
        bound = min(source.concurrency, pool.function.environments)
        self._slots = BoundedSemaphore(bound)
        self._workers = ThreadPoolExecutor(bound)
        self._ending = Event()
        Thread(target=self._poll, daemon=True).start()

    def close(self) -> None:
        self._ending.set()
        self._workers.shutdown(wait=False, cancel_futures=True)

    def _poll(self) -> None:
        while not self._ending.is_set():
            self._slots.acquire()
            try:
                messages = self._batch()
            except (BotoCoreError, ClientError) as error:
                messages = []
                self._report("poll", error)
                self._ending.wait(1.0)
            if messages and not self._ending.is_set():
                self._workers.submit(self._work, messages)
            else:
                self._slots.release()

    def _report(self, what: str, error: Exception) -> None:
        # At the end the queue's server may be gone before us. And what is not deleted is not lost.
        if not self._ending.is_set():
            log.error("cannot %s %s: %s", what, self._source.queue_arn, error)

    def _batch(self) -> list[MessageTypeDef]:
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

    def _work(self, messages: list[MessageTypeDef]) -> None:
        try:
            outcome = self._pool.invoke({"Records": [record(m, self._source.queue_arn) for m in messages]})
            if not outcome.failed:
                failed = failed_ids(outcome.payload, messages) if self._source.partial else set()
                self._delete([m for m in messages if m["MessageId"] not in failed])
        except Closed:
            return
        except (BotoCoreError, ClientError) as error:
            self._report("delete from", error)
        finally:
            self._slots.release()

    def _delete(self, done: list[MessageTypeDef]) -> None:
        for first in range(0, len(done), SQS_BATCH):
            self._sqs.delete_message_batch(
                QueueUrl=self._url,
                Entries=[
                    {"Id": str(i), "ReceiptHandle": m["ReceiptHandle"]}
                    for i, m in enumerate(done[first : first + SQS_BATCH])
                ],
            )


def failed_ids(response: Any, messages: list[MessageTypeDef]) -> set[str]:
    """The messages that a partial batch response keeps; all of them when the response cannot be read.

    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html: null and an empty object or
    list mean success; an identifier that is empty, null, missing or not of this batch fails the whole batch.
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


def record(message: MessageTypeDef, queue_arn: str) -> dict[str, Any]:
    """A message as the function gets it."""
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
