"""quarantine_workflow.py: sources that vanish, change or cannot be read."""

from photodna_guard.domain.errors import ObjectGoneError, RetryableError, UnscannableError
from photodna_guard.domain.models import Status
from tests.support.scanner_world import JPEG, MATCH, ScannerWorld


def tripped_at(world: ScannerWorld, line: str, error: Exception) -> None:
    for fake in (world.results, world.upload_bucket, world.quarantine_bucket, world.deletion_limit, world.event_bus):
        fake.fails = {line: [error]}


def test_source_deleted_after_its_copy_is_quarantined() -> None:
    world = ScannerWorld(MATCH)
    tripped_at(world, "record_copy", RetryableError("away"))
    world.scan()
    world.upload_bucket.objects.clear()
    world.deliver_again()
    assert world.results.status() is Status.QUARANTINED
    assert world.quarantine_bucket.calls.count("store_copy") == 1
    assert len(world.quarantine_bucket.evidence) == 1


def test_source_deleted_before_its_copy_is_gone_with_its_verdict() -> None:
    world = ScannerWorld(MATCH)
    world.upload_bucket.fails = {"read_object": [ObjectGoneError("deleted")]}
    world.scan()
    assert world.results.status() is Status.GONE
    assert world.results.attributes["v1a.jpg"]["flags"] == MATCH.flags
    assert world.quarantine_bucket.evidence == {}
    assert world.event_bus.published == [("a.jpg", Status.GONE)]


def test_source_deleted_after_its_copy_was_recorded_is_quarantined() -> None:
    world = ScannerWorld(MATCH)
    world.upload_bucket.fails = {"delete_version": [ObjectGoneError("overwritten")]}
    world.scan()
    assert world.results.status() is Status.QUARANTINED
    assert len(world.quarantine_bucket.evidence) == 1


def test_match_whose_source_became_unreadable_stays_a_match() -> None:
    world = ScannerWorld(MATCH)
    world.upload_bucket.fails = {"read_object": [UnscannableError("archived")]}
    world.scan()
    assert world.results.status() is Status.MATCHED
    assert world.upload_bucket.tags == {"a.jpg": "matched"}
    world.deliver_again()
    assert world.results.status() is Status.QUARANTINED


def test_match_that_cannot_be_quarantined_is_never_given_up() -> None:
    world = ScannerWorld(MATCH, retry_for=100)
    world.quarantine_bucket.fails = {"store_copy": [RetryableError("AccessDenied")] * 50}
    world.scan()
    for _ in range(50):
        world.deliver_again()
    assert world.retry_queue.dead == []
    assert world.results.status() is Status.QUARANTINED
    assert ("not moved", "AccessDenied") in world.telemetry.logged


def test_match_is_logged_before_each_run_of_the_workflow() -> None:
    world = ScannerWorld(MATCH)
    world.upload_bucket.fails = {"read_object": [RetryableError("away")]}
    world.scan()
    assert world.telemetry.logged[0] == ("matched", "a.jpg")
    world.deliver_again()
    assert world.telemetry.logged.count(("matched", "a.jpg")) == 2


def test_source_that_differs_from_its_copy_is_not_deleted() -> None:
    world = ScannerWorld(MATCH)
    world.upload_bucket.sha256 = "other"
    world.scan()
    assert "delete_version" not in world.upload_bucket.calls
    assert world.upload_bucket.objects == {"a.jpg": JPEG}
    assert ("not moved", "the quarantined copy is not the source") in world.telemetry.logged
    world.upload_bucket.sha256 = ""
    world.deliver_again()
    assert world.results.status() is Status.QUARANTINED


def test_source_archived_after_its_copy_is_deleted() -> None:
    world = ScannerWorld(MATCH)
    world.upload_bucket.fails = {"hash_object": [UnscannableError("archived")]}
    world.scan()
    assert world.upload_bucket.objects == {}
    assert world.results.status() is Status.QUARANTINED
