"""outcome_handler.py: what follows once a record is settled, its tag and its event."""

import pytest

from photodna_guard.domain.errors import DeferrableError, RetryableError
from photodna_guard.domain.events import parse_event
from photodna_guard.domain.models import Status
from photodna_guard.domain.verdicts import Verdict
from tests.support.scanner_world import AWAY, JPEG, MATCH, NO_MATCH, UNRECOGNISED, ScannerWorld

ENDS: dict[Status, tuple[Verdict, dict[str, bytes]]] = {
    Status.SKIPPED: (NO_MATCH, {"a.jpg": b"words"}),
    Status.UNSCANNABLE: (NO_MATCH, {"a.jpg": UNRECOGNISED}),
    Status.GONE: (NO_MATCH, {}),
    Status.QUARANTINED: (MATCH, {"a.jpg": JPEG}),
    Status.FAILED: (AWAY, {"a.jpg": JPEG}),
}


def ending(status: Status) -> ScannerWorld:
    verdict, objects = ENDS[status]
    world = ScannerWorld(objects=dict(objects), retry_for=0 if status is Status.FAILED else 1000)
    world.match_api.truth = verdict
    return world


def test_every_final_status_but_clean_is_tried() -> None:
    assert {status for status in Status if status.settled} - {Status.CLEAN} == ENDS.keys()


@pytest.mark.parametrize("status", ENDS)
def test_settled_upload_is_published(status: Status) -> None:
    world = ending(status)
    world.scan()
    assert world.event_bus.published == [("a.jpg", status)]
    assert world.results.records["v1a.jpg"].published


def test_clean_upload_is_not_published() -> None:
    world = ScannerWorld()
    world.scan()
    assert world.event_bus.calls == []
    assert "mark_published" not in world.results.calls


@pytest.mark.parametrize("status", ENDS)
def test_event_is_not_published_twice_on_redelivery(status: Status) -> None:
    world = ending(status)
    world.scan()
    world.scan()
    assert world.event_bus.published == [("a.jpg", status)]


@pytest.mark.parametrize(
    "error", [RetryableError("events:PutEvents: InternalFailure"), DeferrableError("ThrottlingException")]
)
@pytest.mark.parametrize("status", [status for status in ENDS if status is not Status.FAILED])
def test_unpublished_event_brings_the_job_back(status: Status, error: Exception) -> None:
    world = ending(status)
    world.event_bus.fails = {"publish_settled": [error]}
    world.scan()
    assert world.results.status() is status
    assert world.event_bus.published == []
    for delivery, _ in [*world.retry_queue.sent]:
        world.scan(delivery)
    assert world.event_bus.published == [("a.jpg", status)]


def test_failed_upload_is_redelivered_until_it_is_published() -> None:
    world = ending(Status.FAILED)
    world.event_bus.fails = {"publish_settled": [RetryableError("events:PutEvents: InternalFailure")]}
    assert world.scan() == [False]
    assert world.results.status() is Status.FAILED
    assert world.scan() == [True]
    assert world.event_bus.published == [("a.jpg", Status.FAILED)]
    assert len(world.retry_queue.dead) == 1


def test_redelivery_publishes_what_a_dead_worker_settled() -> None:
    world = ScannerWorld(MATCH)
    world.event_bus.fails = {"publish_settled": [RuntimeError("the process is gone")]}
    assert world.scan() == [False]
    assert world.results.status() is Status.QUARANTINED
    assert world.scan() == [True]
    assert world.event_bus.published == [("a.jpg", Status.QUARANTINED)]
    assert len(world.match_api.sent) == 1


def test_event_is_published_twice_rather_than_never() -> None:
    world = ScannerWorld(MATCH)
    world.results.fails = {"mark_published": [RetryableError("away")]}
    world.scan()
    world.deliver_again()
    assert world.event_bus.published == [("a.jpg", Status.QUARANTINED)] * 2


def test_settled_upload_does_not_fail_for_its_event() -> None:
    """The dead letter says what was left undone."""
    world = ScannerWorld(MATCH, retry_for=0)
    world.event_bus.fails = {"publish_settled": [RetryableError("events:PutEvents: InternalFailure")]}
    world.scan()
    assert [reason for _, reason in world.retry_queue.dead] == ["events:PutEvents: InternalFailure"]
    assert world.results.status() is Status.QUARANTINED
    assert ("settled", "FAILED") not in world.telemetry.logged


def test_throttled_event_bus_counts_no_failed_attempt() -> None:
    world = ScannerWorld(MATCH)
    world.event_bus.fails = {"publish_settled": [DeferrableError("events:PutEvents: ThrottlingException")]}
    world.scan()
    assert world.retry_queue.sent[0][0].failed_attempts == 0


def test_tag_is_set_before_the_event_is_published() -> None:
    world = ScannerWorld(objects={"a.jpg": b"words"})
    world.event_bus.fails = {"publish_settled": [RetryableError("events:PutEvents: InternalFailure")]}
    world.scan()
    assert world.upload_bucket.tags == {"a.jpg": "skipped"}
    assert not world.results.records["v1a.jpg"].published


def test_redelivery_sets_the_missing_tag() -> None:
    world = ScannerWorld()
    world.upload_bucket.fails = {"set_status_tag": [RetryableError("s3 is away")]}
    world.scan()
    assert world.results.status() is Status.CLEAN
    assert world.upload_bucket.tags == {}
    world.deliver_again()
    assert world.upload_bucket.tags == {"a.jpg": "clean"}
    assert world.results.status() is Status.CLEAN
    assert len(world.match_api.sent) == 1


def test_changed_tags_have_the_status_set_again_without_a_slot() -> None:
    """Another scanner wrote back the tags that it had read before there was a status."""
    world = ScannerWorld()
    world.scan()
    world.upload_bucket.tags.clear()
    changed = {
        "detail-type": "Object Tags Added",
        "detail": {"bucket": {"name": "uploads"}, "object": {"key": "a.jpg", "etag": "e", "version-id": "v1"}},
    }
    assert world.scan(*parse_event(changed).jobs) == [True]
    assert world.upload_bucket.tags == {"a.jpg": "clean"}
    assert len(world.match_api.sent) == 1
    assert world.retry_queue.sent == []


def test_object_without_room_for_the_tag_is_marked() -> None:
    world = ScannerWorld()
    world.upload_bucket.full = True
    world.scan()
    assert ("untagged", "a.jpg") in world.telemetry.logged
    assert world.results.status() is Status.CLEAN
    assert world.results.records["v1a.jpg"].untagged


def test_mark_is_removed_once_the_tag_is_set() -> None:
    world = ScannerWorld()
    world.upload_bucket.full = True
    world.scan()
    world.upload_bucket.full = False
    world.scan()
    assert world.upload_bucket.tags == {"a.jpg": "clean"}
    assert not world.results.records["v1a.jpg"].untagged


def test_tag_set_at_once_costs_no_table_write() -> None:
    world = ScannerWorld()
    world.scan()
    world.scan()
    assert "mark_tagged" not in world.results.calls


def test_final_tag_never_replaces_the_others() -> None:
    world = ScannerWorld()
    world.upload_bucket.full = True
    world.scan()
    assert world.upload_bucket.replaced == []
