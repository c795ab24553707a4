"""move.py: a match's way into quarantine, line by line, among fakes."""

import pytest

from photodna_guard.domain.errors import DeferrableError, ObjectGoneError, RetryableError, UnscannableError
from photodna_guard.domain.models import ScanJob, Status
from tests.support.scanner_world import JPEG, MATCH, TEST_MATCH, ScannerWorld, upload

AFTER_THE_MATCH = [
    "store_copy",
    "record_copy",
    "acquire",
    "hash_object",
    "delete_version",
    "store_evidence",
    "settle",
    "publish_settled",
    "mark_published",
]


def tripped_at(world: ScannerWorld, line: str, error: Exception) -> None:
    for fake in (world.results, world.upload_bucket, world.quarantine_bucket, world.deletion_limit, world.event_bus):
        fake.fails = {line: [error]}


def trace(world: ScannerWorld) -> list[str]:
    """Gets the name of each call from now on."""
    order: list[str] = []
    for fake in (world.results, world.upload_bucket, world.quarantine_bucket, world.deletion_limit, world.event_bus):
        fake.call = order.append  # type: ignore[method-assign]
    return order


def test_a_match_is_made_unreadable_written_down_copied_and_only_then_deleted_and_settled() -> None:
    world = ScannerWorld(MATCH)
    order = trace(world)
    world.scan()
    assert order == ["claim", "read_head", "presign", "set_status_tag", "record_match", "read_object", *AFTER_THE_MATCH]
    assert world.results.status() is Status.QUARANTINED
    assert world.quarantine_bucket.copies == {"a.jpg": (JPEG, False)}
    assert world.upload_bucket.objects == {}
    assert world.retry_queue.sent == []


def test_the_result_says_where_its_evidence_record_lies() -> None:
    world = ScannerWorld(MATCH)
    world.scan()
    assert world.quarantine_bucket.evidence.keys() == {world.results.attributes["v1a.jpg"]["evidence_key"]}


def test_a_match_of_the_test_source_takes_the_same_way_as_a_test() -> None:
    world = ScannerWorld(TEST_MATCH)
    world.scan()
    assert world.quarantine_bucket.copies == {"a.jpg": (JPEG, True)}
    assert world.results.records["v1a.jpg"].is_test


def test_one_call_stands_between_the_answer_and_an_unreadable_source_where_it_has_no_tags() -> None:
    world = ScannerWorld(MATCH)
    world.scan()
    assert world.upload_bucket.blindly == ["matched"]


def test_tags_of_the_users_own_are_not_overwritten_by_that() -> None:
    world = ScannerWorld(MATCH)
    world.upload_bucket.own_tags = 2
    world.scan()
    assert world.upload_bucket.tags == {"a.jpg": "matched"}
    assert world.upload_bucket.blindly == []


@pytest.mark.parametrize(
    "error",
    [ObjectGoneError("deleted"), UnscannableError("archived"), DeferrableError("SlowDown"), RetryableError("away")],
)
def test_a_tag_that_cannot_be_set_does_not_stop_the_move(error: Exception) -> None:
    world = ScannerWorld(MATCH)
    world.upload_bucket.fails = {"set_status_tag": [error]}
    world.scan()
    assert world.results.status() is Status.QUARANTINED
    assert world.upload_bucket.objects == {}


def test_without_versions_nothing_is_tagged_since_nothing_pins_a_tag() -> None:
    world = ScannerWorld(MATCH)
    world.scan(ScanJob(upload(version=None)))
    assert "set_status_tag" not in world.upload_bucket.calls
    assert world.results.status(version="etag:etag") is Status.QUARANTINED


@pytest.mark.parametrize("error", [RetryableError("away"), DeferrableError("SlowDown")])
@pytest.mark.parametrize("line", ["read_object", *AFTER_THE_MATCH])
def test_a_move_that_stops_at_any_line_is_completed_without_asking_again(line: str, error: Exception) -> None:
    world = ScannerWorld(MATCH)
    tripped_at(world, line, error)
    world.scan()
    world.deliver_again()
    assert world.results.status() is Status.QUARANTINED
    assert world.upload_bucket.objects == {}
    assert len(world.match_api.sent) == 1
    assert len(world.quarantine_bucket.copies) == len(world.quarantine_bucket.evidence) == 1
    assert set(world.event_bus.published) == {("a.jpg", Status.QUARANTINED)}
    assert world.results.records["v1a.jpg"].published


@pytest.mark.parametrize("line", ["acquire", "delete_version", "store_evidence", "settle"])
def test_what_was_written_down_as_copied_is_neither_read_nor_copied_again(line: str) -> None:
    world = ScannerWorld(MATCH)
    tripped_at(world, line, RetryableError("away"))
    world.scan()
    assert world.results.status() is Status.MATCHED
    world.deliver_again()
    assert world.upload_bucket.calls.count("read_object") == world.quarantine_bucket.calls.count("store_copy") == 1


@pytest.mark.parametrize("line", ["record_match", "read_object", "store_copy", "record_copy", "acquire"])
def test_nothing_is_deleted_before_its_copy_is_written_down_and_the_bound_has_admitted_it(line: str) -> None:
    world = ScannerWorld(MATCH)
    tripped_at(world, line, RetryableError("away"))
    world.scan()
    assert world.upload_bucket.objects == {"a.jpg": JPEG}
    assert "delete_version" not in world.upload_bucket.calls


def test_a_source_that_its_owner_deleted_after_the_copy_was_made_is_quarantined_with_that_copy() -> None:
    world = ScannerWorld(MATCH)
    tripped_at(world, "record_copy", RetryableError("away"))
    world.scan()
    world.upload_bucket.objects.clear()
    world.deliver_again()
    assert world.results.status() is Status.QUARANTINED
    assert world.quarantine_bucket.calls.count("store_copy") == 1
    assert len(world.quarantine_bucket.evidence) == 1


def test_a_source_that_its_owner_deleted_before_there_was_a_copy_is_gone_and_keeps_what_was_found() -> None:
    world = ScannerWorld(MATCH)
    world.upload_bucket.fails = {"read_object": [ObjectGoneError("deleted")]}
    world.scan()
    assert world.results.status() is Status.GONE
    assert world.results.attributes["v1a.jpg"]["flags"] == MATCH.flags
    assert world.quarantine_bucket.evidence == {}
    assert world.event_bus.published == [("a.jpg", Status.GONE)]


def test_a_source_that_is_gone_after_its_copy_was_written_down_is_quarantined() -> None:
    world = ScannerWorld(MATCH)
    world.upload_bucket.fails = {"delete_version": [ObjectGoneError("overwritten")]}
    world.scan()
    assert world.results.status() is Status.QUARANTINED
    assert len(world.quarantine_bucket.evidence) == 1


def test_a_match_whose_source_can_no_longer_be_read_stays_a_match() -> None:
    world = ScannerWorld(MATCH)
    world.upload_bucket.fails = {"read_object": [UnscannableError("archived")]}
    world.scan()
    assert world.results.status() is Status.MATCHED
    assert world.upload_bucket.tags == {"a.jpg": "matched"}
    world.deliver_again()
    assert world.results.status() is Status.QUARANTINED


def test_a_match_that_cannot_be_moved_is_never_given_up() -> None:
    world = ScannerWorld(MATCH, retry_for=100)
    world.quarantine_bucket.fails = {"store_copy": [RetryableError("AccessDenied")] * 50}
    world.scan()
    for _ in range(50):
        world.deliver_again()
    assert world.retry_queue.dead == []
    assert world.results.status() is Status.QUARANTINED
    assert ("not moved", "AccessDenied") in world.telemetry.logged


def test_a_match_is_told_of_before_it_is_moved_and_again_when_the_move_is_resumed() -> None:
    world = ScannerWorld(MATCH)
    world.upload_bucket.fails = {"read_object": [RetryableError("away")]}
    world.scan()
    assert world.telemetry.logged[0] == ("matched", "a.jpg")
    world.deliver_again()
    assert world.telemetry.logged.count(("matched", "a.jpg")) == 2


def test_a_source_that_is_not_what_is_under_lock_is_not_deleted() -> None:
    world = ScannerWorld(MATCH)
    world.upload_bucket.sha256 = "other"
    world.scan()
    assert "delete_version" not in world.upload_bucket.calls
    assert world.upload_bucket.objects == {"a.jpg": JPEG}
    assert ("not moved", "the quarantined copy is not the source") in world.telemetry.logged
    world.upload_bucket.sha256 = "5ha256"
    world.deliver_again()
    assert world.results.status() is Status.QUARANTINED


def test_a_source_that_was_archived_after_its_copy_was_made_is_deleted_by_what_proved_the_copy() -> None:
    world = ScannerWorld(MATCH)
    world.upload_bucket.fails = {"hash_object": [UnscannableError("archived")]}
    world.scan()
    assert world.upload_bucket.objects == {}
    assert world.results.status() is Status.QUARANTINED
