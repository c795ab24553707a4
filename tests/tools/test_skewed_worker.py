"""A worker in its own process receives batches as the event source mapping does."""

from typing import Any

from photodna_guard.rate_limiter.gcra import MAX_BATCH
from tools.bench.rate.skewed_worker import delete_messages, receive_batch


class Queue:
    """The part of SQS that a worker uses. A call receives or deletes at most ten messages."""

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


def test_batch_is_full_while_a_backlog_waits() -> None:
    assert [len(receive_batch(queue, "url")) for queue in [Queue(100)] for _ in range(2)] == [MAX_BATCH, MAX_BATCH]


def test_only_the_first_receive_call_waits() -> None:
    queue = Queue(100)
    receive_batch(queue, "url")
    assert queue.waits == [20, *[0] * (len(queue.waits) - 1)]


def test_last_batch_holds_the_remaining_messages() -> None:
    assert len(receive_batch(Queue(MAX_BATCH - 1), "url")) == MAX_BATCH - 1
    assert receive_batch(Queue(0), "url") == []


def test_every_message_of_a_batch_is_deleted() -> None:
    queue = Queue(100)
    delete_messages(queue, "url", receive_batch(queue, "url"))
    assert queue.deleted == [str(n) for n in range(MAX_BATCH)]
