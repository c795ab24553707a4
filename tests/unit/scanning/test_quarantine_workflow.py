"""quarantine_workflow.py: from the match to the evidence record, line by line."""

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
    """Return a list to which the name of each call from now on is added."""
    order: list[str] = []
    for fake in (world.results, world.upload_bucket, world.quarantine_bucket, world.deletion_limit, world.event_bus):
        fake.order = order
    return order


def test_match_is_copied_before_its_source_is_deleted() -> None:
    world = ScannerWorld(MATCH)
    order = trace(world)
    world.scan()
    assert order == ["claim", "read_head", "presign", "set_status_tag", "record_match", "read_object", *AFTER_THE_MATCH]
    assert world.results.status() is Status.QUARANTINED
    assert world.quarantine_bucket.copies == {"a.jpg": (JPEG, False)}
    assert world.upload_bucket.objects == {}
    assert world.retry_queue.sent == []


def test_result_names_its_evidence_record() -> None:
    world = ScannerWorld(MATCH)
    world.scan()
    assert world.quarantine_bucket.evidence.keys() == {world.results.attributes["v1a.jpg"]["evidence_key"]}


def test_match_of_the_test_source_is_quarantined_as_a_test() -> None:
    world = ScannerWorld(TEST_MATCH)
    world.scan()
    assert world.quarantine_bucket.copies == {"a.jpg": (JPEG, True)}
    assert world.results.records["v1a.jpg"].is_test


@pytest.mark.parametrize(
    "error",
    [ObjectGoneError("deleted"), UnscannableError("archived"), DeferrableError("SlowDown"), RetryableError("away")],
)
def test_failing_tag_does_not_stop_the_workflow(error: Exception) -> None:
    world = ScannerWorld(MATCH)
    world.upload_bucket.fails = {"set_status_tag": [error]}
    world.scan()
    assert world.results.status() is Status.QUARANTINED
    assert world.upload_bucket.objects == {}


def test_match_without_version_gets_no_tag() -> None:
    world = ScannerWorld(MATCH)
    world.scan(ScanJob(upload(version=None)))
    assert "set_status_tag" not in world.upload_bucket.calls
    assert world.results.status(version="etag:etag") is Status.QUARANTINED


@pytest.mark.parametrize("error", [RetryableError("away"), DeferrableError("SlowDown")])
@pytest.mark.parametrize("line", ["read_object", *AFTER_THE_MATCH])
def test_interrupted_workflow_is_resumed_without_another_request(line: str, error: Exception) -> None:
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
def test_recorded_copy_is_not_made_again(line: str) -> None:
    world = ScannerWorld(MATCH)
    tripped_at(world, line, RetryableError("away"))
    world.scan()
    assert world.results.status() is Status.MATCHED
    world.deliver_again()
    assert world.upload_bucket.calls.count("read_object") == world.quarantine_bucket.calls.count("store_copy") == 1


@pytest.mark.parametrize("line", ["record_match", "read_object", "store_copy", "record_copy", "acquire"])
def test_source_stays_until_its_copy_is_recorded_and_admitted(line: str) -> None:
    world = ScannerWorld(MATCH)
    tripped_at(world, line, RetryableError("away"))
    world.scan()
    assert world.upload_bucket.objects == {"a.jpg": JPEG}
    assert "delete_version" not in world.upload_bucket.calls
