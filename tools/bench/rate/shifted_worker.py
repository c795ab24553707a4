"""A worker of the retry queue in a process whose clock goes ahead of the machine's."""

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, TextIO

_machine: Callable[[], float] = time.time


def main() -> None:
    """Its argument is JSON: see many_workers.py. Ends when its standard input does."""
    told = json.loads(sys.argv[1])
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.nice(5)  # as local/aws/runtime.py
    parent = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what the handler prints is for the log
    # Before anything is imported: whoever asks this process for the time, gets its time.
    time.time = lambda: _machine() + told["ahead"]
    from local.aws.embedded import CREDENTIALS, REGION

    os.environ.update(told["variables"])
    os.environ.update(AWS_ENDPOINT_URL=told["aws"], AWS_DEFAULT_REGION=REGION, AWS_LAMBDA_FUNCTION_NAME="on-retry")
    os.environ.update(AWS_ACCESS_KEY_ID=CREDENTIALS[0], AWS_SECRET_ACCESS_KEY=CREDENTIALS[1])
    _work(os.environ["RETRY_QUEUE_URL"], told["seconds"], parent)


class _Context:
    """What the handler asks Lambda's context for."""

    def __init__(self, seconds: float) -> None:
        self._end = time.time() + seconds

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self._end - time.time()) * 1000))


def _work(url: str, seconds: float, parent: TextIO) -> None:
    import boto3

    from local.aws.queue_poller import record
    from photodna_guard.handlers import on_retry

    sqs: Any = boto3.client("sqs")
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    print(json.dumps({"ready": True}), file=parent, flush=True)
    while True:
        if messages := batch(sqs, url):
            answer = on_retry.handler({"Records": [record(m, arn) for m in messages]}, _Context(seconds))
            again = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
            delete(sqs, url, [m for m in messages if m["MessageId"] not in again])


def batch(sqs: Any, url: str) -> list[Any]:
    """A batch as the event source mapping makes it: SQS gives fewer in one call."""
    from local.aws.queue_poller import LONG_POLL_SECONDS
    from photodna_guard.rate_limiter.gcra import MAX_BATCH

    messages = _receive(sqs, url, MAX_BATCH, LONG_POLL_SECONDS)
    while messages and len(messages) < MAX_BATCH and (more := _receive(sqs, url, MAX_BATCH - len(messages), 0)):
        messages += more
    return messages


def _receive(sqs: Any, url: str, count: int, wait_seconds: int) -> list[Any]:
    from local.aws.queue_poller import SQS_BATCH

    answer = sqs.receive_message(
        QueueUrl=url,
        MaxNumberOfMessages=min(count, SQS_BATCH),
        WaitTimeSeconds=wait_seconds,
        MessageSystemAttributeNames=["All"],
    )
    return list(answer.get("Messages", []))


def delete(sqs: Any, url: str, messages: list[Any]) -> None:
    from local.aws.queue_poller import SQS_BATCH

    for first in range(0, len(messages), SQS_BATCH):
        part = messages[first : first + SQS_BATCH]
        entries = [{"Id": str(i), "ReceiptHandle": m["ReceiptHandle"]} for i, m in enumerate(part)]
        sqs.delete_message_batch(QueueUrl=url, Entries=entries)


def _end_with_parent() -> None:
    while os.read(0, 4096):  # not sys.stdin, whose lock a worker that fails would wait for
        pass
    os._exit(0)


if __name__ == "__main__":
    main()
