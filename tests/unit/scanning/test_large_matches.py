"""source_copier.py: matches that are streamed, step by step."""

import pytest

from photodna_guard.domain.errors import ObjectGoneError, RetryableError
from photodna_guard.domain.models import ScanJob, Status
from photodna_guard.scanning.source_copier import TOO_LARGE_HOLD_SECONDS, MoveLimits
from tests.support.fakes.failing import NOW
from tests.support.scanner_world import JPEG, MATCH, ScannerWorld, upload

# Each pass over the picture takes a minute.
LARGE = MoveLimits(in_memory_bytes=50, bytes_per_second=len(JPEG) / 60, fresh_seconds=100)
STEPS = ["read_object", "find_copy", "hash_object", "update_match", "open_object", "store_stream", "record_copy"]
LAST_STEPS = ["acquire", "hash_object", "delete_version", "store_evidence", "settle"]


def large_world(*, limits: MoveLimits = LARGE) -> tuple[ScannerWorld, list[str]]:
    """Return a scanner whose match is large, and the list of its calls from now on."""
    world, order = ScannerWorld(MATCH, limits=limits), []  # type: tuple[ScannerWorld, list[str]]
    for fake in (world.results, world.upload_bucket, world.quarantine_bucket, world.deletion_limit):
        fake.order = order
    return world, order


def fail_once(world: ScannerWorld, line: str, error: Exception) -> None:
    for fake in (world.results, world.upload_bucket, world.quarantine_bucket, world.deletion_limit):
        fake.fails = {line: [error]}


def test_large_match_is_streamed_into_quarantine() -> None:
    world, order = large_world()
    world.scan()
    assert order[order.index("record_match") + 1 :] == [*STEPS, *LAST_STEPS, "mark_published"]
    assert world.quarantine_bucket.copies == {"a.jpg": (JPEG, False)}
    assert world.upload_bucket.objects == {}
    assert world.results.status() is Status.QUARANTINED


@pytest.mark.parametrize("line", [*STEPS, *LAST_STEPS])
def test_interrupted_large_match_is_resumed(line: str) -> None:
    world, _ = large_world()
    fail_once(world, line, RetryableError("away"))
    world.scan()
    assert world.results.status() is Status.MATCHED
    world.deliver_again()
    assert world.results.status() is Status.QUARANTINED
    assert world.quarantine_bucket.copies == {"a.jpg": (JPEG, False)}
    assert world.upload_bucket.objects == {}


def test_first_read_is_not_repeated_after_a_failed_copy() -> None:
    world, order = large_world()
    fail_once(world, "store_stream", RetryableError("s3:PutObject: HTTPClientError"))
    world.scan()
    world.deliver_again()
    assert order[: order.index("acquire")].count("hash_object") == 1
    assert order.count("store_stream") == 2


def test_copy_of_a_run_that_died_is_not_sent_again() -> None:
    world, order = large_world()
    fail_once(world, "record_copy", RetryableError("away"))
    world.scan()
    world.deliver_again()
    assert order.count("store_stream") == 1
    assert world.results.status() is Status.QUARANTINED


def test_wrong_first_read_is_forgotten_if_it_was_unproved() -> None:
    world, order = large_world()
    world.upload_bucket.hash_proved, world.upload_bucket.sha256 = False, "0" * 64
    world.scan()
    assert world.results.status() is Status.MATCHED
    world.upload_bucket.sha256 = ""
    world.deliver_again()
    assert world.results.status() is Status.QUARANTINED
    assert order[: order.index("acquire")].count("hash_object") == 2


def test_source_overwritten_between_the_reads_is_gone() -> None:
    world, _ = large_world()
    fail_once(world, "open_object", ObjectGoneError("overwritten"))
    world.scan(ScanJob(upload(version=None)))
    assert world.results.status(version="etag:etag") is Status.GONE
    assert world.quarantine_bucket.copies == {}


def test_step_for_which_no_time_is_left_is_the_next_runs() -> None:
    """A run of 130 s has time for two passes of a minute. What was done is not done again."""
    world, order = large_world()
    passes = ("hash_object", "store_stream")
    world.passing = lambda: 60 * sum(call in passes for call in order)
    world.scan(seconds=130)
    assert [call for call in order if call in passes] == ["hash_object", "store_stream"]
    assert world.results.status() is Status.MATCHED
    world.deliver_again(seconds=130)
    assert [call for call in order if call in passes] == ["hash_object", "store_stream", "hash_object"]
    assert world.results.status() is Status.QUARANTINED


def test_small_match_moves_whatever_time_is_left() -> None:
    world = ScannerWorld(MATCH, limits=MoveLimits(bytes_per_second=0.001))
    world.scan(seconds=70)
    assert world.results.status() is Status.QUARANTINED


def test_step_that_no_run_has_time_for_begins_in_a_fresh_one() -> None:
    world, _ = large_world(limits=MoveLimits(in_memory_bytes=50, bytes_per_second=0.001, fresh_seconds=100))
    world.scan(seconds=90)
    assert world.results.status() is Status.MATCHED
    assert "hash_object" not in world.upload_bucket.calls
    assert ("waited", "no time left to move the match") in world.telemetry.logged
    world.deliver_again(seconds=110)
    assert world.results.status() is Status.QUARANTINED


def test_match_beyond_the_limit_of_s3_waits_for_the_operator() -> None:
    world, order = large_world(limits=MoveLimits(in_memory_bytes=50, copy_bytes=100))
    assert world.scan() == [True]
    attributes = world.results.attributes["v1a.jpg"]
    assert attributes["hold_reason"] == "too large to be moved"
    assert attributes["held_until"] == NOW + TOO_LARGE_HOLD_SECONDS
    assert world.upload_bucket.tags == {"a.jpg": "matched"}
    assert world.retry_queue.sent == []
    assert "hash_object" not in order


def test_match_too_large_to_be_moved_is_held_only_once_it_has_its_tag() -> None:
    world, _ = large_world(limits=MoveLimits(in_memory_bytes=50, copy_bytes=100))
    world.upload_bucket.fails = {"set_status_tag": [RetryableError("away")] * 2}
    world.scan()
    assert "hold_for_operator" not in world.results.calls
    world.deliver_again()
    assert world.results.attributes["v1a.jpg"]["hold_reason"] == "too large to be moved"
