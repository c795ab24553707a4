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
from tests.ops.old_bucket import on_queue


class Refusing:
    """SQS that does not take the messages of some keys, `times` times each; takes all others."""

    def __init__(self, sqs: Any, *refused: str, times: int = 10**9) -> None:
        self._sqs, self._left, self.calls = sqs, dict.fromkeys(refused, times), list[list[str]]()
        self.get_queue_attributes = sqs.get_queue_attributes
        self._lock = threading.Lock()

    def send_message_batch(self, QueueUrl: str, Entries: list[Any]) -> Any:  # noqa: N803 - boto3's name
        found = {entry["Id"]: json.loads(entry["MessageBody"])["upload"]["key"] for entry in Entries}
        with self._lock:
            self.calls.append(list(found.values()))
            failed = [name for name, key in found.items() if self._left.get(key, 0) > 0]
            self._left |= {found[name]: self._left[found[name]] - 1 for name in failed}
        entries = [entry for entry in Entries if entry["Id"] not in failed]
        taken = self._sqs.send_message_batch(QueueUrl=QueueUrl, Entries=entries)["Successful"] if entries else []
        refusal = {"SenderFault": False, "Code": "InternalError", "Message": "try later"}
        return {"Successful": taken, "Failed": [{"Id": name, **refusal} for name in failed]}


def batch_of(*names: str) -> Batch:
    return Batch(tuple(Upload("old", name, "e", "v") for name in names), names[-1])


def test_what_sqs_did_not_take_is_sent_again_alone_and_after_a_wait(sqs: Any, queue_url: str) -> None:
    refusing, waits = Refusing(sqs, "b", "d", times=2), list[float]()
    send_batch(refusing, queue_url, batch_of("a", "b", "c", "d"), waits.append)  # type: ignore[arg-type]
    assert refusing.calls == [["a", "b", "c", "d"], ["b", "d"], ["b", "d"]]
    assert waits == [0.5, 1.0]
    assert sorted(upload.key for upload in on_queue(sqs, queue_url)) == ["a", "b", "c", "d"]


def test_what_is_never_taken_ends_the_trying_and_says_why(sqs: Any, queue_url: str) -> None:
    refusing, waits = Refusing(sqs, "b"), list[float]()
    with pytest.raises(CannotProceedError, match="did not accept 1 messages in 5 tries: InternalError try later"):
        send_batch(refusing, queue_url, batch_of("a", "b"), waits.append)  # type: ignore[arg-type]
    assert waits == [0.5, 1.0, 2.0, 4.0]


def uploads_of(*names: str) -> list[Upload]:
    return [Upload("old", name, "e", f"v{number}") for number, name in enumerate(names)]


def test_a_batch_names_the_last_key_that_is_whole() -> None:
    names = ["a"] * 9 + ["b"] * 2 + ["c"] * 9 + ["d"]
    assert [(len(b.uploads), b.after) for b in make_batches(uploads_of(*names))] == [(10, "a"), (10, "c"), (1, "d")]


def test_a_key_of_many_versions_does_not_count_until_its_last() -> None:
    assert [b.after for b in make_batches(uploads_of(*["a"] * 25))] == [None, None, "a"]
    assert [b.after for b in make_batches(uploads_of(*["a"] * 25), after="0")] == ["0", "0", "a"]


def ten_each(*firsts: str) -> list[Batch]:
    return [batch_of(*(f"{first}{number}" for number in range(10))) for first in firsts]


def nothing() -> None:
    pass


def test_a_batch_that_fails_leaves_those_behind_it_out_of_what_is_sure() -> None:
    sent, progress = list[str](), Progress()

    def send_one(batch: Batch) -> None:
        if batch.after == "c9":
            raise CannotProceedError("no")
        sent.append(batch.after or "")

    with pytest.raises(CannotProceedError):
        send_batches(ten_each(*"abcdef"), send_one, progress, nothing)
    assert (progress.sent, progress.after) == (20, "b9")
    assert {"a9", "b9"} <= set(sent)


def test_a_slow_batch_holds_back_what_is_sure_and_not_the_others() -> None:
    late, others_sent, progress = threading.Event(), threading.Semaphore(0), Progress()

    def send_one(batch: Batch) -> None:
        if batch.after == "a9":
            assert late.wait(10)
        else:
            others_sent.release()

    def two_are_sent_and_then_it_stops() -> Iterator[Batch]:
        yield from ten_each(*"abc")
        assert all(others_sent.acquire(timeout=10) for _ in "bc")
        assert (progress.sent, progress.after) == (0, None)
        late.set()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        send_batches(two_are_sent_and_then_it_stops(), send_one, progress, nothing)
    assert (progress.sent, progress.after) == (30, "c9")


def test_the_listing_is_read_no_further_ahead_than_a_few_batches() -> None:
    read, most, progress = list[int](), list[int](), Progress()

    def endless() -> Iterator[Batch]:
        for number in range(500):
            read.append(number)
            yield batch_of(f"{number:04}")

    send_batches(endless(), lambda _: None, progress, lambda: most.append(len(read) - progress.sent))
    assert progress.sent == 500
    assert max(most) <= 32
