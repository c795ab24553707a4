"""A wrong endpoint is told from a URL that the service cannot fetch: by a request that carries the bytes."""

import pytest

from photodna_guard.domain.models import Representation, ScanJob, Status
from photodna_guard.domain.verdicts import MatchOutcome, Verdict
from tests.support.scanner_world import JPEG, MATCH, NO_MATCH, REJECTED, ScannerWorld, upload

KEYS = [f"{number}.jpg" for number in range(30)]
RENDITION = Representation.RENDITION
BYTES = f"value image/jpeg {len(JPEG)}"


def wrong_endpoint(representation: Representation = Representation.URL) -> ScannerWorld:
    """Return a world whose endpoint answers each request with 404."""
    world = ScannerWorld(objects=dict.fromkeys(KEYS, JPEG), representation=representation)
    world.match_api.truth = REJECTED
    return world


def jobs(keys: list[str]) -> list[ScanJob]:
    return [ScanJob(upload(key)) for key in keys]


@pytest.mark.parametrize("reason", ["http-400", "http-403", "http-404", "http-405", "http-410", "no-status"])
def test_rejected_url_is_followed_by_its_bytes_at_once(reason: str) -> None:
    world = ScannerWorld(Verdict(MatchOutcome.REJECTED, reason))
    world.scan()
    assert world.match_api.sent == ["url https://s3/a.jpg", BYTES]
    assert world.results.status() is Status.CLEAN
    assert ("sent by value", "a.jpg") in world.telemetry.logged


def test_match_behind_a_rejected_url_is_found() -> None:
    world = ScannerWorld(REJECTED, MATCH)
    world.scan()
    assert world.results.status() is Status.QUARANTINED


def test_urls_that_cannot_be_fetched_open_no_breaker() -> None:
    world = ScannerWorld(objects=dict.fromkeys(KEYS, JPEG))
    world.match_api.truth_by_url = REJECTED
    world.rate_limiter.away_after = 1
    world.scan(*jobs(KEYS))
    assert not world.rate_limiter.away
    assert {name for name, _ in world.telemetry.logged}.isdisjoint({"rejected", "away"})
    assert {world.results.status(key) for key in KEYS} == {Status.CLEAN}


@pytest.mark.parametrize("representation", [Representation.URL, RENDITION])
def test_wrong_endpoint_opens_the_breaker_and_tells_the_operator(representation: Representation) -> None:
    world = wrong_endpoint(representation)
    for key in KEYS[:10]:
        world.scan(*jobs([key]))
    assert world.rate_limiter.away
    assert ("rejected", "http-404") in world.telemetry.logged
    assert ("away", "http-404") in world.telemetry.logged


def test_probe_of_a_wrong_endpoint_is_no_failed_attempt() -> None:
    world = wrong_endpoint()
    world.rate_limiter.away_after = 1
    for _ in range(500):
        world.scan(*jobs(KEYS[:1]))
        (waiting,) = (job for job, _ in world.retry_queue.sent)
        assert waiting.failed_attempts == 0
        world.retry_queue.sent.clear()
    assert world.results.status(KEYS[0]) is Status.DEFERRED


def test_uploads_survive_days_of_a_wrong_endpoint() -> None:
    world = wrong_endpoint()
    world.scan(*jobs(KEYS[:4]))
    for _ in range(1000):
        world.deliver_again()
    assert world.retry_queue.dead == []
    assert max(job.failed_attempts for job, _ in world.retry_queue.sent) <= world.rate_limiter.away_after
    world.match_api.truth = NO_MATCH
    for _ in range(2):
        world.deliver_again()
    assert not world.rate_limiter.away
    assert {world.results.status(key) for key in KEYS[:4]} == {Status.CLEAN}


def test_rejected_probe_leaves_the_breaker_open() -> None:
    world = wrong_endpoint()
    world.rate_limiter.away = True
    world.scan(*jobs(KEYS[:1]))
    assert world.rate_limiter.away


def test_single_picture_that_is_rejected_stops_nobody_and_fails() -> None:
    """A firewall before the service may take a picture's bytes for an attack: others must go on."""
    world = ScannerWorld(REJECTED, objects=dict.fromkeys(KEYS, JPEG), representation=RENDITION, retry_for=3600)
    world.scan(*jobs(KEYS[:1]))
    others = iter(KEYS[1:])
    while world.retry_queue.sent:
        world.scan(*jobs([next(others)]))
        world.match_api.answers = [REJECTED]
        world.deliver_again()
        assert not world.rate_limiter.away
    assert world.results.status(KEYS[0]) is Status.FAILED
