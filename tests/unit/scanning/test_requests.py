"""match_requester.py: by URL, by value, missed slots, the quota."""

import pytest

from photodna_guard.domain.errors import (
    RetryableError,
)
from photodna_guard.domain.models import ScanJob, Status
from photodna_guard.domain.verdicts import MatchOutcome, Verdict
from tests.support.scanner_world import (
    BUSY,
    JPEG,
    MATCH,
    NOT_VERIFIED,
    ScannerWorld,
    upload,
)


def test_used_up_quota_admits_only_new_uploads() -> None:
    world = ScannerWorld(objects={"a.jpg": JPEG, "b.jpg": JPEG})
    world.rate_limiter.quota_used = 1.0
    world.scan(ScanJob(upload("a.jpg")), ScanJob(upload("b.jpg"), failed_attempts=1))
    assert world.match_api.sent == ["url https://s3/a.jpg"]
    (waiting,) = world.retry_queue.sent
    assert (waiting[0].upload.key, waiting[0].failed_attempts) == ("b.jpg", 1)
    assert ("quota", "100%") in world.telemetry.logged


def test_match_is_quarantined_though_the_quota_is_used_up() -> None:
    world = ScannerWorld(MATCH)
    world.quarantine_bucket.fails = {"store_copy": [RetryableError("s3:PutObject: InternalError")]}
    world.scan()
    world.rate_limiter.quota_used = 2.0
    world.deliver_again()
    assert world.results.status() is Status.QUARANTINED


@pytest.mark.parametrize("first", [NOT_VERIFIED, Verdict(MatchOutcome.BAD_PARAMETER, "service-3002")])
def test_url_refused_by_the_service_is_followed_by_the_bytes(first: Verdict) -> None:
    world = ScannerWorld(first)
    world.scan()
    assert world.match_api.sent == ["url https://s3/a.jpg", f"value image/jpeg {len(JPEG)}"]
    assert world.rate_limiter.arrived == 2
    assert world.telemetry.requests == 2
    assert world.results.status() is Status.CLEAN


@pytest.mark.parametrize("verdict", [NOT_VERIFIED, Verdict(MatchOutcome.BAD_PARAMETER, "service-3002")])
def test_picture_refused_in_every_representation_is_unscannable(verdict: Verdict) -> None:
    world = ScannerWorld(verdict, verdict, verdict)
    world.scan()
    assert world.results.status() is Status.UNSCANNABLE
    assert world.results.attributes["v1a.jpg"]["reason"] == verdict.reason
    assert len(world.match_api.sent) == 3


def test_bytes_without_slot_are_sent_by_the_next_worker() -> None:
    world = ScannerWorld(NOT_VERIFIED)
    world.rate_limiter.fails = {"reserve": [None, BUSY]}
    world.scan()
    world.deliver_again()
    assert [sent.split()[0] for sent in world.match_api.sent] == ["url", "value"]


def test_missed_slot_is_replaced_by_another() -> None:
    world = ScannerWorld()
    world.rate_limiter.missed = 2
    world.scan()
    assert world.rate_limiter.reserved == [1, 1, 1]
    assert world.telemetry.requests == 1, "none was sent at the missed slots"
    assert world.results.status() is Status.CLEAN


def test_upload_that_misses_every_slot_is_deferred() -> None:
    world = ScannerWorld()
    world.rate_limiter.missed = 99
    world.scan()
    assert world.match_api.sent == []
    assert len(world.retry_queue.sent) == 1


def test_request_without_connection_reserves_another_slot() -> None:
    world = ScannerWorld()
    world.match_api.disconnected = 1
    world.scan()
    assert world.rate_limiter.reserved == [1, 1]
    assert world.match_api.calls.count("connect") == 2
    assert world.telemetry.requests == 1
    assert world.results.records["v1a.jpg"].attempts == 1
