"""endings.py, after the end: who listens is told, and the object has its tag; at the first try, or at a later one."""

import pytest

from photodna_guard.domain.errors import DeferrableError, RetryableError
from photodna_guard.domain.models import Status, Verdict
from tests.support.scanner_world import AWAY, JPEG, MATCH, NO_MATCH, ScannerWorld

ENDS: dict[Status, tuple[Verdict, dict[str, bytes]]] = {
    Status.SKIPPED: (NO_MATCH, {"a.jpg": b"words"}),
    Status.UNSCANNABLE: (NO_MATCH, {"a.jpg": b"\0\1\2\3" * 9}),
    Status.GONE: (NO_MATCH, {}),
    Status.QUARANTINED: (MATCH, {"a.jpg": JPEG}),
    Status.FAILED: (AWAY, {"a.jpg": JPEG}),
}


def ending(status: Status) -> ScannerWorld:
    verdict, objects = ENDS[status]
    world = ScannerWorld(objects=dict(objects), retry_for=0 if status is Status.FAILED else 1000)
    world.match_api.truth = verdict
    return world


def test_every_end_but_clean_is_one_of_these() -> None:
    assert {status for status in Status if status.settled} - {Status.CLEAN} == ENDS.keys()


@pytest.mark.parametrize("status", ENDS)
def test_who_listens_is_told_of_every_end_but_a_clean_one(status: Status) -> None:
    world = ending(status)
    world.scan()
    assert world.event_bus.published == [("a.jpg", status)]
    assert world.results.records["v1a.jpg"].published


def test_who_listens_is_not_told_of_what_is_clean() -> None:
    world = ScannerWorld()
    world.scan()
    assert world.event_bus.calls == []
    assert "mark_published" not in world.results.calls


@pytest.mark.parametrize("status", ENDS)
def test_who_was_told_is_not_told_again_by_a_repeated_delivery(status: Status) -> None:
    world = ending(status)
    world.scan()
    world.scan()
    assert world.event_bus.published == [("a.jpg", status)]


@pytest.mark.parametrize(
    "error", [RetryableError("events:PutEvents: InternalFailure"), DeferrableError("ThrottlingException")]
)
@pytest.mark.parametrize("status", [status for status in ENDS if status is not Status.FAILED])
def test_while_nobody_can_be_told_a_message_leads_here_again(status: Status, error: Exception) -> None:
    world = ending(status)
    world.event_bus.fails = {"publish_settled": [error]}
    world.scan()
    assert world.results.status() is status
    assert world.event_bus.published == []
    for delivery, _ in [*world.retry_queue.sent]:
        world.scan(delivery)
    assert world.event_bus.published == [("a.jpg", status)]


def test_what_was_given_up_and_of_which_nobody_could_be_told_is_delivered_again_for_that() -> None:
    world = ending(Status.FAILED)
    world.event_bus.fails = {"publish_settled": [RetryableError("events:PutEvents: InternalFailure")]}
    assert world.scan() == [False]
    assert world.results.status() is Status.FAILED
    assert world.scan() == [True]
    assert world.event_bus.published == [("a.jpg", Status.FAILED)]
    assert len(world.retry_queue.dead) == 1


def test_an_end_that_was_settled_by_a_worker_that_died_then_is_announced_by_the_next_delivery() -> None:
    world = ScannerWorld(MATCH)
    world.event_bus.fails = {"publish_settled": [RuntimeError("the process is gone")]}
    assert world.scan() == [False]
    assert world.results.status() is Status.QUARANTINED
    assert world.scan() == [True]
    assert world.event_bus.published == [("a.jpg", Status.QUARANTINED)]
    assert len(world.match_api.sent) == 1


def test_who_listens_is_told_twice_rather_than_never() -> None:
    world = ScannerWorld(MATCH)
    world.results.fails = {"mark_published": [RetryableError("away")]}
    world.scan()
    world.deliver_again()
    assert world.event_bus.published == [("a.jpg", Status.QUARANTINED)] * 2


def test_what_is_settled_is_not_failed_since_nobody_can_be_told() -> None:
    """The dead letter says what was left undone."""
    world = ScannerWorld(MATCH, retry_for=0)
    world.event_bus.fails = {"publish_settled": [RetryableError("events:PutEvents: InternalFailure")]}
    world.scan()
    assert [reason for _, reason in world.retry_queue.dead] == ["events:PutEvents: InternalFailure"]
    assert world.results.status() is Status.QUARANTINED
    assert ("settled", "FAILED") not in world.telemetry.logged


def test_throttled_telling_counts_no_attempt() -> None:
    world = ScannerWorld(MATCH)
    world.event_bus.fails = {"publish_settled": [DeferrableError("events:PutEvents: ThrottlingException")]}
    world.scan()
    assert world.retry_queue.sent[0][0].failed_attempts == 0


def test_readers_do_not_wait_for_those_who_listen() -> None:
    world = ScannerWorld(objects={"a.jpg": b"words"})
    world.event_bus.fails = {"publish_settled": [RetryableError("events:PutEvents: InternalFailure")]}
    world.scan()
    assert world.upload_bucket.tags == {"a.jpg": "skipped"}
    assert not world.results.records["v1a.jpg"].published


def test_a_repeated_delivery_puts_the_tag_that_the_first_did_not_get_to() -> None:
    world = ScannerWorld()
    world.upload_bucket.fails = {"set_status_tag": [RetryableError("s3 is away")]}
    world.scan()
    assert world.results.status() is Status.CLEAN
    assert world.upload_bucket.tags == {}
    world.deliver_again()
    assert world.upload_bucket.tags == {"a.jpg": "clean"}
    assert world.results.status() is Status.CLEAN
    assert len(world.match_api.sent) == 1


def test_an_object_with_no_room_for_the_tag_is_told_of_and_marked() -> None:
    world = ScannerWorld()
    world.upload_bucket.full = True
    world.scan()
    assert ("untagged", "a.jpg") in world.telemetry.logged
    assert world.results.status() is Status.CLEAN
    assert world.results.records["v1a.jpg"].untagged


def test_the_mark_is_taken_back_when_there_is_room() -> None:
    world = ScannerWorld()
    world.upload_bucket.full = True
    world.scan()
    world.upload_bucket.full = False
    world.scan()
    assert world.upload_bucket.tags == {"a.jpg": "clean"}
    assert not world.results.records["v1a.jpg"].untagged


def test_a_tag_that_is_set_at_once_costs_no_write_to_the_table() -> None:
    world = ScannerWorld()
    world.scan()
    world.scan()
    assert "mark_tagged" not in world.results.calls


def test_a_verdicts_tag_is_never_set_blindly() -> None:
    world = ScannerWorld()
    world.scan()
    assert world.upload_bucket.blindly == []
