"""scanner.py: while the service answers nobody, bytes that are in quarantine already are quarantined by that alone."""

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
from photodna_guard.domain.models import MatchFlag, MatchOutcome, ScanJob, Status, Verdict
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
    """A world in whose quarantine the bytes of a.jpg are already."""
    world = ScannerWorld(*answers, **more)  # type: ignore[arg-type]
    world.results.quarantined = {hashlib.sha256(JPEG).hexdigest(): KNOWN}
    return world


@pytest.mark.parametrize("when", NOBODY_IS_ANSWERED)
def test_while_nobody_is_answered_known_bytes_are_quarantined_all_the_same(when: str) -> None:
    world = knowing()
    NOBODY_IS_ANSWERED[when](world)
    assert world.scan() == [True]
    assert world.results.status() is Status.QUARANTINED
    assert world.upload_bucket.objects == {}
    assert world.results.attributes["v1a.jpg"]["why"] == "known-hash"
    assert world.results.attributes["v1a.jpg"]["flags"] == KNOWN.flags
    assert world.retry_queue.sent == []


@pytest.mark.parametrize("when", NOBODY_IS_ANSWERED)
def test_while_nobody_is_answered_bytes_that_are_not_known_wait_for_their_answer(when: str) -> None:
    world = ScannerWorld()
    NOBODY_IS_ANSWERED[when](world)
    world.scan()
    assert world.results.status() is Status.DEFERRED
    assert world.retry_queue.sent[0][0].hash_checked
    world.match_api.answers = [MATCH]
    world.deliver_again()
    assert world.results.status() is Status.QUARANTINED


def test_an_answer_counts_for_more_than_what_is_known() -> None:
    world = knowing()
    world.scan()
    assert world.results.status() is Status.CLEAN
    assert "find_quarantined_by_sha256" not in world.results.calls


def test_the_bytes_are_compared_once_however_long_nobody_is_answered() -> None:
    world = ScannerWorld()
    world.match_api.truth = AWAY
    world.scan()
    for _ in range(5):
        world.deliver_again()
    assert (
        world.results.calls.count("find_quarantined_by_sha256") == world.upload_bucket.calls.count("read_object") == 1
    )


def test_for_a_mere_lack_of_a_slot_nothing_is_compared() -> None:
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
@pytest.mark.parametrize("call", ["read_object", "find_quarantined_by_sha256"])
def test_what_cannot_be_compared_is_deferred_as_ever_and_compared_the_next_time(call: str, error: Exception) -> None:
    world = knowing(AWAY, AWAY)
    world.upload_bucket.fails, world.results.fails = {call: [error]}, {call: [error]}
    world.scan()
    delivery, _ = world.retry_queue.sent[0]
    assert (delivery.failed_attempts, delivery.hash_checked) == (1, False)
    assert ("failed", "http-500") in world.telemetry.logged
    assert world.results.status() is Status.DEFERRED
    world.deliver_again()
    assert world.results.status() is Status.QUARANTINED


def test_what_is_no_picture_or_could_not_even_be_looked_at_is_not_compared() -> None:
    world = knowing()
    world.upload_bucket.fails = {"read_head": [RetryableError("s3:GetObject: InternalError")]}
    world.scan()
    assert "find_quarantined_by_sha256" not in world.results.calls


def test_a_settled_upload_of_which_nobody_could_be_told_is_not_compared() -> None:
    world = knowing(NOT_VERIFIED, NOT_VERIFIED)
    world.event_bus.fails = {"publish_settled": [RetryableError("events:PutEvents: InternalFailure")]}
    world.scan()
    assert world.results.status() is Status.UNSCANNABLE
    assert world.upload_bucket.objects == {"a.jpg": JPEG}
    assert "find_quarantined_by_sha256" not in world.results.calls
    assert world.upload_bucket.tags == {"a.jpg": "unscannable"}


def test_a_match_that_is_known_and_cannot_be_moved_is_not_compared_again() -> None:
    world = knowing(AWAY)
    world.quarantine_bucket.fails = {"store_copy": [RetryableError("s3:PutObject: AccessDenied")]}
    world.scan()
    assert world.results.status() is Status.MATCHED
    world.deliver_again()
    assert world.results.status() is Status.QUARANTINED
    assert world.results.calls.count("find_quarantined_by_sha256") == 1
    assert len(world.match_api.sent) == 1


def test_without_versions_known_bytes_are_quarantined_too() -> None:
    world = knowing(AWAY)
    world.scan(ScanJob(upload(version=None)))
    assert world.results.status(version="etag:etag") is Status.QUARANTINED


def test_beside_a_probe_the_others_of_a_batch_are_compared() -> None:
    world = knowing(objects={"a.jpg": JPEG, "b.jpg": JPEG})
    world.rate_limiter.away = True
    world.match_api.truth = AWAY
    world.scan(ScanJob(upload("a.jpg")), ScanJob(upload("b.jpg")))
    assert {record.status for record in world.results.records.values()} == {Status.QUARANTINED}
    assert len(world.match_api.sent) == 1
