"""missing_versions.py: a young version that S3 does not find waits, and an old one is GONE."""

from dataclasses import replace

import pytest

from photodna_guard.domain.errors import ObjectNotFoundError
from photodna_guard.domain.models import ScanJob, ScanRecord, Status
from photodna_guard.domain.timestamps import to_iso
from photodna_guard.scanning.missing_versions import decide_missing
from photodna_guard.scanning.outcomes import Defer, Settle
from tests.support.fakes.failing import NOW
from tests.support.scanner_world import JPEG, MATCH, NO_MATCH, ScannerWorld, upload

MISSING = ObjectNotFoundError("deleted")


def record(received: float = NOW) -> ScanRecord:
    return ScanRecord(Status.PENDING, "lease", received=received)


@pytest.mark.parametrize(("age", "wait"), [(0, 30), (30, 30), (200, 200), (1700, 1700), (3000, 600), (3599, 1)])
def test_young_version_waits_as_long_again_as_it_is_old(age: float, wait: float) -> None:
    assert decide_missing(upload(), record(NOW - age), "deleted", NOW) == Defer("not found yet", NOW + wait)


@pytest.mark.parametrize("age", [3600, 1e6])
def test_old_version_is_gone(age: float) -> None:
    assert decide_missing(upload(), record(NOW - age), "deleted", NOW) == Settle(Status.GONE, "deleted")


def test_age_is_that_of_the_upload_and_not_of_its_claim() -> None:
    old = replace(upload(), event_time=to_iso(NOW - 3600))
    assert decide_missing(old, record(), "deleted", NOW) == Settle(Status.GONE, "deleted")


@pytest.mark.parametrize("event_time", ["", "yesterday", "1970-01-01T00:00:00", to_iso(NOW + 1e6)])
def test_time_of_an_event_that_says_nothing_is_that_of_the_claim(event_time: str) -> None:
    other = replace(upload(), event_time=event_time)
    assert decide_missing(other, record(), "deleted", NOW) == Defer("not found yet", NOW + 30)


def dated_job() -> ScanJob:
    return ScanJob(replace(upload(), event_time=to_iso(NOW)))


def test_version_that_appears_later_is_checked() -> None:
    world = ScannerWorld(NO_MATCH)
    world.upload_bucket.fails = {"read_head": [MISSING, MISSING]}
    world.scan(dated_job())
    assert world.results.status() is Status.GONE
    assert [(job.failed_attempts, job.rescan, delay) for job, delay in world.retry_queue.sent] == [(0, True, 30)]
    world.deliver_again()
    assert world.results.status() is Status.GONE
    world.deliver_again()
    assert world.results.status() is Status.CLEAN


def test_version_that_never_appears_is_looked_for_a_few_times_in_an_hour() -> None:
    world, tries = ScannerWorld(), 0
    world.upload_bucket.fails = {"read_head": [MISSING] * 100}
    world.scan(dated_job())
    while world.retry_queue.sent:
        world.time += world.retry_queue.sent[0][1]
        world.deliver_again()
        tries += 1
    assert world.results.status() is Status.GONE
    assert 3590 < world.time - NOW < 4000
    assert 6 <= tries <= 13


def test_version_of_unknown_age_waits_and_is_gone_after_an_hour() -> None:
    """Its record would begin anew each time that it is reopened, and so its age."""
    world, tries = ScannerWorld(), 0
    world.upload_bucket.fails = {"read_head": [MISSING] * 100}
    world.scan()
    assert world.results.status() is Status.DEFERRED
    while world.retry_queue.sent:
        world.time += world.retry_queue.sent[0][1]
        world.deliver_again()
        tries += 1
    assert world.results.status() is Status.GONE
    assert tries <= 13


def test_version_is_looked_for_again_even_if_its_record_cannot_be_settled() -> None:
    world = ScannerWorld()
    world.upload_bucket.fails = {"read_head": [MISSING]}
    world.results.fails = {"settle": [RuntimeError("dies")]}
    assert world.scan(dated_job()) == [False]
    assert [job.rescan for job, _ in world.retry_queue.sent] == [True]


def test_match_that_is_not_found_for_a_while_is_quarantined() -> None:
    world = ScannerWorld(MATCH)
    world.upload_bucket.fails = {"read_object": [MISSING]}
    world.scan()
    assert world.results.status() is Status.MATCHED
    world.deliver_again()
    assert world.results.status() is Status.QUARANTINED
    assert world.upload_bucket.objects == {}


def test_match_that_is_not_found_to_be_compared_is_deleted_all_the_same() -> None:
    world = ScannerWorld(MATCH)
    world.upload_bucket.fails = {"hash_object": [MISSING]}
    world.scan()
    assert world.upload_bucket.objects == {}
    assert world.results.status() is Status.QUARANTINED


def test_unversioned_match_that_is_not_found_is_not_deleted() -> None:
    """Another upload of the same name may have come since: its deletion needs the comparison."""
    world = ScannerWorld(MATCH)
    world.upload_bucket.fails = {"hash_object": [MISSING]}
    world.scan(ScanJob(upload(version=None)))
    assert world.upload_bucket.objects == {"a.jpg": JPEG}
    assert world.results.status(version="etag:etag") is Status.QUARANTINED


def test_tag_of_a_version_that_is_not_found_yet_is_set_later() -> None:
    world = ScannerWorld(NO_MATCH)
    world.upload_bucket.fails = {"set_status_tag": [MISSING]}
    world.scan()
    assert (world.results.status(), world.upload_bucket.tags) == (Status.CLEAN, {})
    world.deliver_again()
    assert world.upload_bucket.tags == {"a.jpg": "clean"}


def test_event_does_not_wait_for_the_tag_of_a_missing_version() -> None:
    world = ScannerWorld(objects={"a.jpg": b"words"})
    world.upload_bucket.fails = {"set_status_tag": [MISSING]}
    world.scan()
    assert world.event_bus.published == [("a.jpg", Status.SKIPPED)]
    assert len(world.retry_queue.sent) == 1
