"""scanner.py: batches of uploads and the function's deadline."""

from photodna_guard.domain.errors import DeferrableError
from photodna_guard.domain.models import ScanJob, Status
from photodna_guard.rate_limiter.gcra import MAX_BATCH
from tests.support.scanner_world import (
    JPEG,
    ScannerWorld,
    upload,
)


def test_event_of_many_uploads_is_scanned_in_batches() -> None:
    keys = [f"{i}.jpg" for i in range(2 * MAX_BATCH + 3)]
    world = ScannerWorld(objects=dict.fromkeys(keys, JPEG))
    assert world.scan(*[ScanJob(upload(key)) for key in keys]) == [True] * len(keys)
    assert world.rate_limiter.reserved == [MAX_BATCH, MAX_BATCH, 3]


def test_upload_beyond_the_deadline_is_deferred() -> None:
    world = ScannerWorld()
    world.scan(seconds=60)
    assert world.match_api.sent == []
    assert world.retry_queue.sent[0][0].failed_attempts == 0
    assert world.results.status() is Status.DEFERRED


def test_batch_reserves_its_slots_at_once() -> None:
    keys = [f"{i}.jpg" for i in range(10)]
    world = ScannerWorld(objects=dict.fromkeys(keys, JPEG) | {"3.jpg": b"words"})
    world.scan(*[ScanJob(upload(key)) for key in keys])
    assert world.rate_limiter.reserved == [9]
    assert {world.results.status(key) for key in keys} == {Status.CLEAN, Status.SKIPPED}


def test_batch_beyond_what_is_reserved_at_once_is_continued() -> None:
    keys = [f"{i}.jpg" for i in range(10)]
    world = ScannerWorld(objects=dict.fromkeys(keys, JPEG))
    world.rate_limiter.batch_size = 4
    assert world.scan(*[ScanJob(upload(key)) for key in keys]) == [True] * 10
    assert world.rate_limiter.reserved == [4, 4, 2]
    assert world.rate_limiter.continued == [False, True, True]
    assert len(world.match_api.sent) == 10


def test_uploads_without_a_slot_are_deferred_and_the_others_checked() -> None:
    keys = [f"{i}.jpg" for i in range(5)]
    world = ScannerWorld(objects=dict.fromkeys(keys, JPEG))
    world.rate_limiter.batch_size = 2
    world.rate_limiter.fails = {"reserve": [None, DeferrableError("no slot")]}
    assert world.scan(*[ScanJob(upload(key)) for key in keys]) == [True] * 5
    assert sorted(world.results.status(key) for key in keys) == [Status.CLEAN] * 2 + [Status.DEFERRED] * 3


def test_failed_upload_keeps_no_other_from_its_verdict() -> None:
    world = ScannerWorld(objects={"a.jpg": JPEG, "b.jpg": JPEG})
    world.upload_bucket.fails = {"read_head": [RuntimeError("X-Amz-Signature=5ec2e7")]}
    done = world.scan(ScanJob(upload("a.jpg")), ScanJob(upload("b.jpg")))
    assert sorted(done) == [False, True]
    assert sorted(record.status for record in world.results.records.values()) == [Status.CLEAN, Status.PENDING]
    assert "5ec2e7" not in str(world.telemetry.logged)
    assert "unforeseen RuntimeError" in str(world.telemetry.logged)
