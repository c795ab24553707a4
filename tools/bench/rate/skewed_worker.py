"""A worker of the retry queue in a process whose clock is ahead of the machine's."""

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, TextIO

_machine: Callable[[], float] = time.time


def main() -> None:
    """Process the queue until standard input ends. The settings are JSON: see many_workers.py."""
    settings = json.loads(sys.argv[1])
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # The embedded AWS's own environments have this priority too: see local/aws/runtime.py.
    os.nice(5)
    parent = os.fdopen(os.dup(1), "w", encoding="utf-8")
    # The handler's output goes to the log.
    os.dup2(2, 1)
    # The clock is replaced before other modules are imported, so that all of them use it.
    time.time = lambda: _machine() + settings["skew_seconds"]
    from local.aws.clients import CREDENTIALS, REGION

    os.environ.update(settings["variables"])
    os.environ.update(AWS_ENDPOINT_URL=settings["aws"], AWS_DEFAULT_REGION=REGION, AWS_LAMBDA_FUNCTION_NAME="on-retry")
    os.environ.update(AWS_ACCESS_KEY_ID=CREDENTIALS[0], AWS_SECRET_ACCESS_KEY=CREDENTIALS[1])
    _process_queue(os.environ["RETRY_QUEUE_URL"], settings["timeout_seconds"], parent)


class _Context:
    """The part of Lambda's context that the handler uses."""

    def __init__(self, seconds: float) -> None:
        self._end = time.time() + seconds

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self._end - time.time()) * 1000))


def _process_queue(url: str, seconds: float, parent: TextIO) -> None:
    import boto3

    from local.aws.queue_poller import to_lambda_record
    from photodna_guard.handlers import on_retry

    sqs: Any = boto3.client("sqs")
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    print(json.dumps({"ready": True}), file=parent, flush=True)
    while True:
        if messages := receive_batch(sqs, url):
            response = on_retry.handler({"Records": [to_lambda_record(m, arn) for m in messages]}, _Context(seconds))
            failed = {failure["itemIdentifier"] for failure in response["batchItemFailures"]}
            delete_messages(sqs, url, [m for m in messages if m["MessageId"] not in failed])


def receive_batch(sqs: Any, url: str) -> list[Any]:
    """Receive a batch as the event source mapping does, in several calls, since SQS gives fewer messages in one."""
    from local.aws.queue_poller import LONG_POLL_SECONDS
    from photodna_guard.rate_limiter.gcra import MAX_BATCH

    messages = _receive(sqs, url, MAX_BATCH, LONG_POLL_SECONDS)
    while messages and len(messages) < MAX_BATCH and (more := _receive(sqs, url, MAX_BATCH - len(messages), 0)):
        messages += more
    return messages


def _receive(sqs: Any, url: str, count: int, wait_seconds: int) -> list[Any]:
    from local.aws.queue_poller import SQS_BATCH

    response = sqs.receive_message(
        QueueUrl=url,
        MaxNumberOfMessages=min(count, SQS_BATCH),
        WaitTimeSeconds=wait_seconds,
        MessageSystemAttributeNames=["All"],
    )
    return list(response.get("Messages", []))


def delete_messages(sqs: Any, url: str, messages: list[Any]) -> None:
    """Delete the messages of a batch from the queue."""
    from local.aws.queue_poller import SQS_BATCH

    for first in range(0, len(messages), SQS_BATCH):
        part = messages[first : first + SQS_BATCH]
        entries = [{"Id": str(i), "ReceiptHandle": m["ReceiptHandle"]} for i, m in enumerate(part)]
        sqs.delete_message_batch(QueueUrl=url, Entries=entries)


def _end_with_parent() -> None:
    # A failing worker would wait for the lock of sys.stdin.
    while os.read(0, 4096):
        pass
    os._exit(0)


if __name__ == "__main__":
    main()
