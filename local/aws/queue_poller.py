"""Polls one SQS queue for one function, as Lambda's event source mapping does.

It starts with five batches at a time, and adds up to 300 a minute, up to its maximum concurrency:
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
"""

from __future__ import annotations

import logging
import math
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Semaphore, Thread
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from local.aws.concurrency import ThrottledError
from local.aws.event_sources import QueueSource
from local.aws.invocation import InvocationResult
from local.aws.pool import EnvironmentPool, PoolClosedError

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

log = logging.getLogger(__name__)

LONG_POLL_SECONDS = 20
# The limit of one ReceiveMessage or DeleteMessageBatch.
SQS_BATCH = 10
FIRST_CONCURRENCY, SECONDS_PER_FURTHER = 5, 60 / 300
# Lambda retries a throttled batch, gradually backing off, "until the message's timestamp exceeds your queue's
# visibility timeout" (services-sqs-errorhandling.html). It publishes no delays.
MIN_THROTTLE_DELAY_SECONDS, MAX_THROTTLE_DELAY_SECONDS = 1.0, 60.0


class QueuePoller:
    """Polls only while another invocation may start, so that no received message waits.

    A message that the function does not process becomes visible again after the queue's visibility timeout: like
    Lambda, the poller does not change it. A throttled batch keeps its place among the concurrent ones while it is
    retried, so that a throttled function's queue is polled less.
    """

    def __init__(self, source: QueueSource, pool: EnvironmentPool, sqs: SQSClient, url: str) -> None:
        self._source, self._pool, self._sqs, self._url = source, pool, sqs, url
        self._concurrency = min(source.concurrency, FIRST_CONCURRENCY)
        self._free_invocations = Semaphore(self._concurrency)
        self._workers = ThreadPoolExecutor(source.concurrency)
        self._ending = Event()
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])["Attributes"]
        self._visibility_timeout = float(attributes["VisibilityTimeout"])
        Thread(target=self._poll, daemon=True).start()

    def close(self) -> None:
        """Stop polling."""
        self._ending.set()
        self._workers.shutdown(wait=False, cancel_futures=True)

    def _poll(self) -> None:
        while not self._ending.is_set():
            while not self._free_invocations.acquire(timeout=SECONDS_PER_FURTHER):
                self._grow()
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

    def _grow(self) -> None:
        """Permit another batch at a time, since all that are permitted are busy."""
        if self._concurrency < self._source.concurrency:
            self._concurrency += 1
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
            result = self._invoke_unless_throttled(messages)
            if result and not result.failed:
                failed = find_failed_ids(result.payload, messages) if self._source.partial else set()
                self._delete([m for m in messages if m["MessageId"] not in failed])
        except PoolClosedError:
            return
        except (BotoCoreError, ClientError) as error:
            self._log_error("delete from", error)
        finally:
            self._free_invocations.release()

    def _invoke_unless_throttled(self, messages: list[MessageTypeDef]) -> InvocationResult | None:
        """Return the result; None where the function was throttled until the messages were visible again."""
        event = {"Records": [to_lambda_record(message, self._source.queue_arn) for message in messages]}
        give_up, delay = time.monotonic() + self._visibility_timeout, MIN_THROTTLE_DELAY_SECONDS
        while True:
            try:
                return self._pool.invoke(event)
            except ThrottledError:
                if time.monotonic() + delay > give_up or self._ending.wait(delay):
                    return None
                delay = min(2 * delay, MAX_THROTTLE_DELAY_SECONDS)

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
