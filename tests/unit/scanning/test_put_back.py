"""put_back.py: which messages wait untouched while the service answers nobody, and how long."""

from dataclasses import replace

import pytest

from photodna_guard.domain.errors import RetryableError
from photodna_guard.domain.events import UnreadablePart
from photodna_guard.domain.models import ScanJob, Upload
from photodna_guard.domain.queue_message import QueueMessage
from photodna_guard.rate_limiter.gcra import Standstill
from photodna_guard.scanning.put_back import MAX_AGE_SECONDS, MAX_RECEIVES, PutBack
from tests.support.fakes.failing import NOW
from tests.support.fakes.messages import FakeRetryQueue, FakeTelemetry
from tests.support.fakes.results import FakeResultLookup
from tests.support.fakes.service import FakeRateLimiter

RATE = 10.0
PAUSE = Standstill(30.0)


def message(name: str, **changes: object) -> QueueMessage:
    """Return a message whose upload only waits for the service."""
    job = ScanJob(Upload("uploads", f"{name}.jpg", "etag", "v1"), hash_checked=True)
    return replace(QueueMessage(name, (job,), receipt_handle=f"receipt of {name}", sent=NOW - 60), **changes)  # type: ignore[arg-type]


def unchecked(name: str) -> QueueMessage:
    """Return a message whose upload was not compared with the known hashes."""
    waiting = message(name)
    return replace(waiting, jobs=tuple(replace(job, hash_checked=False) for job in waiting.jobs))


class World:
    """PutBack among fakes. Its dice show the most."""

    def __init__(self, standstill: Standstill | None = PAUSE) -> None:
        self.limiter, self.queue = FakeRateLimiter(standing=standstill), FakeRetryQueue()
        self.results, self.telemetry = FakeResultLookup(), FakeTelemetry()
        self.drawn: list[tuple[float, float]] = []
        self.put_back = PutBack(
            self.results, self.limiter, self.queue, self.telemetry, RATE, lambda: NOW, self.draw_longest
        )

    def draw_longest(self, least: float, most: float) -> float:
        self.drawn.append((least, most))
        return most

    def apply(self, *messages: QueueMessage) -> set[str]:
        return set(self.put_back.apply(messages))


def test_whole_batch_goes_back_untouched_during_a_pause() -> None:
    world = World()
    assert world.apply(*map(message, "abc")) == set("abc")
    assert set(world.queue.hidden) == {f"receipt of {name}" for name in "abc"}
    assert world.queue.sent == []
    assert world.telemetry.logged == [("put back", "3")]


def test_nothing_goes_back_while_the_service_answers() -> None:
    world = World(standstill=None)
    assert world.apply(message("a")) == set()
    assert (world.queue.calls, world.results.calls) == ([], [])


def test_upload_whose_hash_was_not_compared_is_not_put_back() -> None:
    world = World()
    assert world.apply(message("a"), unchecked("b")) == {"a"}


def test_match_in_the_middle_of_its_move_is_not_put_back() -> None:
    world = World()
    world.results.matches = {("uploads/b.jpg", "v1")}
    assert world.apply(message("a"), message("b")) == {"a"}


def test_message_with_an_unreadable_part_is_not_put_back() -> None:
    assert World().apply(message("a", unreadable=(UnreadablePart({}, "no key"),))) == set()


def test_due_probe_is_the_one_message_that_goes_on() -> None:
    assert World(Standstill(3.0, needs_probe=True)).apply(*map(message, "abc")) == set("bc")


def test_used_quota_puts_the_unchecked_uploads_of_the_backfill_back_too() -> None:
    world = World(Standstill(30.0, is_for_quota=True))
    assert world.apply(unchecked("a"), message("b"), message("c", jobs=())) == {"a", "b"}


@pytest.mark.parametrize(
    "changes", [{"receives": MAX_RECEIVES}, {"sent": NOW - MAX_AGE_SECONDS - 1}], ids=["many receipts", "old"]
)
def test_message_near_its_end_in_sqs_goes_the_usual_way(changes: dict[str, object]) -> None:
    """It is then deferred by a new message, so that no pause leads to the dead-letter queue or beyond 14 days."""
    assert World().apply(message("a", **changes)) == set()


@pytest.mark.parametrize(
    ("backlog", "longest"),
    [(1, 30), (300, 30), (18_000, 1800), (100_000, 10_000), (6_000_000, 10_000)],
)
def test_backlog_comes_back_as_fast_as_the_rate_works_it_off(backlog: int, longest: float) -> None:
    """No more than SQS hides. A small backlog looks again soon."""
    world = World()
    world.queue.backlog = backlog
    world.apply(message("a"), message("b"))
    assert world.drawn == [(1.0, longest)] * 2, "each message has its own time"


def test_no_message_is_hidden_for_longer_than_sqs_allows() -> None:
    world = World()
    world.queue.backlog = 100_000
    PutBack(world.results, world.limiter, world.queue, world.telemetry, 0.1, lambda: NOW, world.draw_longest).apply(
        [message("a")]
    )
    assert max(world.queue.hidden.values()) <= 12 * 3600 - 900


@pytest.mark.parametrize("name", ["standstill", "find_without_service", "count_messages", "put_back"])
def test_failing_call_sends_every_message_the_usual_way(name: str) -> None:
    world = World()
    for fake in (world.limiter, world.results, world.queue):
        fake.fails = {name: [RetryableError("failed")]}
    assert world.apply(message("a")) == set()
