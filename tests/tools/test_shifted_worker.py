"""A worker in a process of its own takes batches as the event source mapping makes them."""

from typing import Any

from photodna_guard.rate_limiter.gcra import MAX_BATCH
from tools.bench.rate.shifted_worker import batch, delete


class Queue:
    """SQS as far as a worker sees it: at most ten messages in a call, either way."""

    def __init__(self, messages: int) -> None:
        self.messages = [{"MessageId": str(n), "ReceiptHandle": str(n)} for n in range(messages)]
        self.waits: list[int] = []
        self.deleted: list[str] = []

    def receive_message(self, MaxNumberOfMessages: int, WaitTimeSeconds: int, **_: Any) -> dict[str, Any]:  # noqa: N803
        assert 1 <= MaxNumberOfMessages <= 10
        self.waits.append(WaitTimeSeconds)
        given, self.messages = self.messages[:MaxNumberOfMessages], self.messages[MaxNumberOfMessages:]
        return {"Messages": given} if given else {}

    def delete_message_batch(self, QueueUrl: str, Entries: list[dict[str, str]]) -> None:  # noqa: N803
        assert 1 <= len(Entries) <= 10
        self.deleted += [entry["ReceiptHandle"] for entry in Entries]


def test_a_batch_is_full_while_a_backlog_waits() -> None:
    assert [len(batch(queue, "url")) for queue in [Queue(100)] for _ in range(2)] == [MAX_BATCH, MAX_BATCH]


def test_only_the_first_call_waits() -> None:
    queue = Queue(100)
    batch(queue, "url")
    assert queue.waits == [20, *[0] * (len(queue.waits) - 1)]


def test_the_last_batch_is_what_is_left() -> None:
    assert len(batch(Queue(MAX_BATCH - 1), "url")) == MAX_BATCH - 1
    assert batch(Queue(0), "url") == []


def test_every_message_of_a_batch_is_deleted() -> None:
    queue = Queue(100)
    delete(queue, "url", batch(queue, "url"))
    assert queue.deleted == [str(n) for n in range(MAX_BATCH)]
