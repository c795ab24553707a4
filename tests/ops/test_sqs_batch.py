"""The batches of messages: which are sent again, and up to which key every version is sent."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from ops.errors import CannotProceedError
from ops.sqs_batch import Progress, send_batch, send_batches
from ops.versions import Batch, make_batches
from photodna_guard.domain.models import Upload
from tests.ops.old_bucket import receive_uploads


class RefusingSqs:
    """A fake of SQS that refuses the messages of some keys, `times` times each."""

    def __init__(self, sqs: Any, *refused: str, times: int = 10**9) -> None:
        self._sqs, self._left, self.calls = sqs, dict.fromkeys(refused, times), list[list[str]]()
        self.get_queue_attributes = sqs.get_queue_attributes
        self._lock = threading.Lock()

    def send_message_batch(self, QueueUrl: str, Entries: list[Any]) -> Any:  # noqa: N803
        found = {entry["Id"]: json.loads(entry["MessageBody"])["upload"]["key"] for entry in Entries}
        with self._lock:
            self.calls.append(list(found.values()))
            failed = [name for name, key in found.items() if self._left.get(key, 0) > 0]
            self._left |= {found[name]: self._left[found[name]] - 1 for name in failed}
        entries = [entry for entry in Entries if entry["Id"] not in failed]
        taken = self._sqs.send_message_batch(QueueUrl=QueueUrl, Entries=entries)["Successful"] if entries else []
        refusal = {"SenderFault": False, "Code": "InternalError", "Message": "try later"}
        return {"Successful": taken, "Failed": [{"Id": name, **refusal} for name in failed]}


def make_batch(*names: str) -> Batch:
    return Batch(tuple(Upload("old", name, "e", "v") for name in names), names[-1])


def test_refused_messages_alone_are_sent_again_after_a_wait(sqs: Any, queue_url: str) -> None:
    refusing, waits = RefusingSqs(sqs, "b", "d", times=2), list[float]()
    send_batch(refusing, queue_url, make_batch("a", "b", "c", "d"), waits.append)  # type: ignore[arg-type]
    assert refusing.calls == [["a", "b", "c", "d"], ["b", "d"], ["b", "d"]]
    assert waits == [0.5, 1.0]
    assert sorted(upload.key for upload in receive_uploads(sqs, queue_url)) == ["a", "b", "c", "d"]


def test_messages_that_sqs_never_accepts_raise_their_reason(sqs: Any, queue_url: str) -> None:
    refusing, waits = RefusingSqs(sqs, "b"), list[float]()
    with pytest.raises(CannotProceedError, match="did not accept 1 messages in 5 tries: InternalError try later"):
        send_batch(refusing, queue_url, make_batch("a", "b"), waits.append)  # type: ignore[arg-type]
    assert waits == [0.5, 1.0, 2.0, 4.0]


def make_uploads(*names: str) -> list[Upload]:
    return [Upload("old", name, "e", f"v{number}") for number, name in enumerate(names)]


def test_batch_names_the_last_complete_key() -> None:
    names = ["a"] * 9 + ["b"] * 2 + ["c"] * 9 + ["d"]
    assert [(len(b.uploads), b.after) for b in make_batches(make_uploads(*names))] == [(10, "a"), (10, "c"), (1, "d")]


def test_key_is_complete_only_with_its_last_version() -> None:
    assert [b.after for b in make_batches(make_uploads(*["a"] * 25))] == [None, None, "a"]
    assert [b.after for b in make_batches(make_uploads(*["a"] * 25), after="0")] == ["0", "0", "a"]


def make_batches_of_ten(*firsts: str) -> list[Batch]:
    return [make_batch(*(f"{first}{number}" for number in range(10))) for first in firsts]


def ignore_progress() -> None:
    pass


def test_progress_does_not_pass_a_failed_batch() -> None:
    sent, progress = list[str](), Progress()

    def send_one(batch: Batch) -> None:
        if batch.after == "c9":
            raise CannotProceedError("no")
        sent.append(batch.after or "")

    with pytest.raises(CannotProceedError):
        send_batches(make_batches_of_ten(*"abcdef"), send_one, progress, ignore_progress)
    assert (progress.sent, progress.after) == (20, "b9")
    assert {"a9", "b9"} <= set(sent)


def test_slow_batch_delays_the_progress_and_no_other_batch() -> None:
    release_first, others_sent, progress = threading.Event(), threading.Semaphore(0), Progress()

    def send_one(batch: Batch) -> None:
        if batch.after == "a9":
            assert release_first.wait(10)
        else:
            others_sent.release()

    def interrupt_after_two_batches() -> Iterator[Batch]:
        yield from make_batches_of_ten(*"abc")
        assert all(others_sent.acquire(timeout=10) for _ in "bc")
        assert (progress.sent, progress.after) == (0, None)
        release_first.set()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        send_batches(interrupt_after_two_batches(), send_one, progress, ignore_progress)
    assert (progress.sent, progress.after) == (30, "c9")


def test_listing_is_read_at_most_32_batches_ahead() -> None:
    read, most, progress = list[int](), list[int](), Progress()

    def endless() -> Iterator[Batch]:
        for number in range(500):
            read.append(number)
            yield make_batch(f"{number:04}")

    send_batches(endless(), lambda _: None, progress, lambda: most.append(len(read) - progress.sent))
    assert progress.sent == 500
    assert max(most) <= 32
