"""known_hash.py: quarantined bytes while the service answers nobody."""

import hashlib
from collections.abc import Callable

import pytest

from photodna_guard.domain.errors import (
    DeferrableError,
    KeyUnavailableError,
    ObjectGoneError,
    RetryableError,
    ServiceUnavailableError,
    ServiceUnreachableError,
    UnscannableError,
)
from photodna_guard.domain.models import ScanJob, Status
from photodna_guard.domain.verdicts import MatchFlag, MatchOutcome, Verdict
from tests.support.scanner_world import AWAY, BUSY, JPEG, MATCH, NOT_VERIFIED, REFUSED, UNKNOWN, ScannerWorld, upload

KNOWN = Verdict(MatchOutcome.MATCH, "known-hash", "T-0", (MatchFlag("Other"),))


THROTTLED = Verdict(MatchOutcome.THROTTLED, "http-429", retry_after=7.0)


def no_connection(world: ScannerWorld) -> None:
    world.match_api.fails = {"connect": [ServiceUnreachableError("no-connection: NewConnectionError")]}


def no_key(world: ScannerWorld) -> None:
    world.match_api.fails = {"request_by_url": [KeyUnavailableError("the secret cannot be read")]}


def paused(world: ScannerWorld) -> None:
    world.rate_limiter.fails = {"reserve": [ServiceUnavailableError("paused")]}


def pacer_away(world: ScannerWorld) -> None:
    world.rate_limiter.fails = {"reserve": [RetryableError("dynamodb:UpdateItem: InternalServerError")]}


def answering(*answers: Verdict) -> Callable[[ScannerWorld], None]:
    def give(world: ScannerWorld) -> None:
        world.match_api.answers = list(answers)

    return give


NOBODY_IS_ANSWERED = {
    "no connection": no_connection,
    "no key": no_key,
    "paused": paused,
    "the shared rate is away": pacer_away,
    "throttled": answering(THROTTLED),
    "key refused": answering(REFUSED, REFUSED),
    "5xx": answering(AWAY),
    "an unknown answer": answering(UNKNOWN),
}


def knowing(*answers: Verdict, **more: object) -> ScannerWorld:
    """Return a scanner whose quarantine has the bytes of a.jpg already."""
    world = ScannerWorld(*answers, **more)  # type: ignore[arg-type]
    world.results.quarantined = {hashlib.sha256(JPEG).hexdigest(): KNOWN}
    return world


@pytest.mark.parametrize("when", NOBODY_IS_ANSWERED)
def test_known_bytes_are_quarantined_while_the_service_is_unavailable(when: str) -> None:
    world = knowing()
    NOBODY_IS_ANSWERED[when](world)
    assert world.scan() == [True]
    assert world.results.status() is Status.QUARANTINED
    assert world.upload_bucket.objects == {}
    assert world.results.attributes["v1a.jpg"]["why"] == "known-hash"
    assert world.results.attributes["v1a.jpg"]["flags"] == KNOWN.flags
    assert world.retry_queue.sent == []


@pytest.mark.parametrize("when", NOBODY_IS_ANSWERED)
def test_unknown_bytes_wait_while_the_service_is_unavailable(when: str) -> None:
    world = ScannerWorld()
    NOBODY_IS_ANSWERED[when](world)
    world.scan()
    assert world.results.status() is Status.DEFERRED
    assert world.retry_queue.sent[0][0].hash_checked
    world.match_api.answers = [MATCH]
    world.deliver_again()
    assert world.results.status() is Status.QUARANTINED


def test_verdict_of_the_service_outweighs_the_known_hash() -> None:
    world = knowing()
    world.scan()
    assert world.results.status() is Status.CLEAN
    assert "find_quarantined_by_sha256" not in world.results.calls


def test_bytes_are_compared_once_in_an_outage() -> None:
    world = ScannerWorld()
    world.match_api.truth = AWAY
    world.scan()
    for _ in range(5):
        world.deliver_again()
    assert (
        world.results.calls.count("find_quarantined_by_sha256") == world.upload_bucket.calls.count("hash_object") == 1
    )


def test_unproved_hash_that_is_unknown_is_taken_twice() -> None:
    world = ScannerWorld(AWAY)
    world.upload_bucket.hash_proved = False
    world.scan()
    assert world.upload_bucket.calls.count("hash_object") == 2
    assert world.retry_queue.sent[0][0].hash_checked


def test_unproved_hash_that_is_known_is_a_match() -> None:
    world = knowing(AWAY)
    world.upload_bucket.hash_proved = False
    world.scan()
    assert world.results.status() is Status.QUARANTINED


def test_missing_slot_leads_to_no_comparison() -> None:
    world = knowing()
    world.rate_limiter.fails = {"reserve": [BUSY]}
    world.scan()
    assert world.results.status() is Status.DEFERRED
    assert "find_quarantined_by_sha256" not in world.results.calls
    assert not world.retry_queue.sent[0][0].hash_checked


@pytest.mark.parametrize(
    "error",
    [ObjectGoneError("deleted"), UnscannableError("archived"), DeferrableError("SlowDown"), RetryableError("away")],
)
@pytest.mark.parametrize("call", ["hash_object", "find_quarantined_by_sha256"])
def test_failed_comparison_is_made_again_next_time(call: str, error: Exception) -> None:
    world = knowing(AWAY, AWAY)
    world.upload_bucket.fails, world.results.fails = {call: [error]}, {call: [error]}
    world.scan()
    delivery, _ = world.retry_queue.sent[0]
    assert (delivery.failed_attempts, delivery.hash_checked) == (1, False)
    assert ("failed", "http-500") in world.telemetry.logged
    assert world.results.status() is Status.DEFERRED
    world.deliver_again()
    assert world.results.status() is Status.QUARANTINED


def test_upload_without_picture_is_not_compared() -> None:
    world = knowing()
    world.upload_bucket.fails = {"read_head": [RetryableError("s3:GetObject: InternalError")]}
    world.scan()
    assert "find_quarantined_by_sha256" not in world.results.calls


def test_settled_upload_is_not_compared() -> None:
    world = knowing(NOT_VERIFIED, NOT_VERIFIED, NOT_VERIFIED)
    world.event_bus.fails = {"publish_settled": [RetryableError("events:PutEvents: InternalFailure")]}
    world.scan()
    assert world.results.status() is Status.UNSCANNABLE
    assert world.upload_bucket.objects == {"a.jpg": JPEG}
    assert "find_quarantined_by_sha256" not in world.results.calls
    assert world.upload_bucket.tags == {"a.jpg": "unscannable"}


def test_recorded_match_is_not_compared_again() -> None:
    world = knowing(AWAY)
    world.quarantine_bucket.fails = {"store_copy": [RetryableError("s3:PutObject: AccessDenied")]}
    world.scan()
    assert world.results.status() is Status.MATCHED
    world.deliver_again()
    assert world.results.status() is Status.QUARANTINED
    assert world.results.calls.count("find_quarantined_by_sha256") == 1
    assert len(world.match_api.sent) == 1


def test_known_bytes_without_version_are_quarantined() -> None:
    world = knowing(AWAY)
    world.scan(ScanJob(upload(version=None)))
    assert world.results.status(version="etag:etag") is Status.QUARANTINED


def test_batch_beside_a_probe_is_compared() -> None:
    world = knowing(objects={"a.jpg": JPEG, "b.jpg": JPEG})
    world.rate_limiter.away = True
    world.match_api.truth = AWAY
    world.scan(ScanJob(upload("a.jpg")), ScanJob(upload("b.jpg")))
    assert {record.status for record in world.results.records.values()} == {Status.QUARANTINED}
    assert len(world.match_api.sent) == 1
