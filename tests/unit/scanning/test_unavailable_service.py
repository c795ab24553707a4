"""match_requester.py: pauses, a refused key, and the circuit breaker."""

import pytest

from photodna_guard.domain.errors import (
    KeyUnavailableError,
    RetryableError,
    ServiceUnreachableError,
)
from photodna_guard.domain.models import ScanJob, Status
from photodna_guard.domain.verdicts import MatchOutcome, Verdict
from photodna_guard.scanning.backoff import MIN_DELAY_SECONDS
from photodna_guard.scanning.decisions import STANDSTILL_DELAY_SECONDS
from tests.support.fakes.failing import NOW
from tests.support.scanner_world import (
    AWAY,
    JPEG,
    NO_MATCH,
    NOT_VERIFIED,
    REFUSED,
    ScannerWorld,
    upload,
)


@pytest.mark.parametrize(
    ("reason", "retry_after", "pause"), [("http-429", 7.0, 7.0), ("http-429", None, 1.0), ("http-403", 300.0, 300.0)]
)
def test_throttled_request_pauses_all_and_is_no_failure(reason: str, retry_after: float | None, pause: float) -> None:
    world = ScannerWorld(Verdict(MatchOutcome.THROTTLED, reason, retry_after=retry_after))
    world.scan()
    assert world.rate_limiter.pauses == [NOW + pause]
    delivery, delay = world.retry_queue.sent[0]
    assert delivery.failed_attempts == 0
    # SQS would keep a message back for longer, whatever an operator does.
    least = min(max(pause, MIN_DELAY_SECONDS), STANDSTILL_DELAY_SECONDS)
    assert least <= delay <= least + MIN_DELAY_SECONDS


def test_endless_throttling_leads_to_no_dead_letter() -> None:
    world = ScannerWorld(*[Verdict(MatchOutcome.THROTTLED, "http-429", retry_after=900.0)] * 500, retry_for=3600)
    world.scan()
    for _ in range(499):
        world.deliver_again()
    assert world.retry_queue.dead == []
    assert world.results.status() is Status.DEFERRED
    world.deliver_again()
    assert world.results.status() is Status.CLEAN


def test_refused_key_is_fetched_afresh_once() -> None:
    world = ScannerWorld(Verdict(MatchOutcome.UNAUTHORIZED, "http-401"))
    world.scan()
    assert world.match_api.sent == ["url https://s3/a.jpg", "fresh url https://s3/a.jpg"]
    assert world.rate_limiter.arrived == 2
    assert world.results.status() is Status.CLEAN
    assert world.rate_limiter.pauses == []


def test_key_that_stays_refused_pauses_all_requests() -> None:
    world = ScannerWorld(REFUSED, REFUSED)
    world.scan()
    assert world.rate_limiter.away
    assert world.retry_queue.sent[0][0].failed_attempts == 0
    assert ("key refused", "") in world.telemetry.logged


def test_unchanged_fresh_key_is_not_sent_again() -> None:
    world = ScannerWorld(REFUSED)
    world.match_api.same_key = True
    world.scan()
    assert len(world.match_api.sent) == 1
    assert world.rate_limiter.away


def test_answered_probe_closes_the_circuit_breaker() -> None:
    world = ScannerWorld(REFUSED, REFUSED)
    world.scan()
    world.deliver_again()
    assert not world.rate_limiter.away
    assert world.results.status() is Status.CLEAN


def test_open_circuit_breaker_lets_one_probe_through() -> None:
    keys = [f"{i}.jpg" for i in range(5)]
    world = ScannerWorld(AWAY, objects=dict.fromkeys(keys, JPEG))
    world.rate_limiter.away_after = 1
    world.scan(ScanJob(upload("0.jpg")))
    world.retry_queue.sent.clear()
    world.match_api.answers = [AWAY]
    world.scan(*[ScanJob(upload(key)) for key in keys[1:]])
    assert len(world.match_api.sent) == 2
    assert sorted(delivery.failed_attempts for delivery, _ in world.retry_queue.sent) == [0, 0, 0, 1]
    assert ("away", "http-500") in world.telemetry.logged


def test_outage_costs_only_probes_a_failed_attempt() -> None:
    keys = [f"{i}.jpg" for i in range(12)]
    world = ScannerWorld(objects=dict.fromkeys(keys, JPEG))
    world.match_api.truth = AWAY
    world.scan(*[ScanJob(upload(key)) for key in keys])
    for _ in range(100):
        world.deliver_again()
    assert (
        sum(delivery.failed_attempts for delivery, _ in world.retry_queue.sent) == len(world.match_api.sent) == 12 + 100
    )
    assert world.retry_queue.dead == []
    world.match_api.truth = NO_MATCH
    for _ in range(2):
        world.deliver_again()
    assert {world.results.status(key) for key in keys} == {Status.CLEAN}


def test_probe_waits_no_longer_than_the_rate_limiter_says() -> None:
    world = ScannerWorld()
    world.rate_limiter.answer_timeout = 9.0
    world.scan()
    assert world.match_api.timeouts == [9.0]


def test_only_a_response_about_the_picture_closes_the_breaker() -> None:
    world = ScannerWorld(NOT_VERIFIED)
    world.rate_limiter.failures = 5
    world.scan()
    assert world.rate_limiter.failures == 0
    world = ScannerWorld(Verdict(MatchOutcome.THROTTLED, "http-429", retry_after=1))
    world.rate_limiter.failures = 5
    world.scan()
    assert world.rate_limiter.failures == 5


def test_unreachable_service_costs_no_slot_and_no_attempt() -> None:
    world = ScannerWorld()
    world.match_api.fails = {"connect": [ServiceUnreachableError("no-connection: NewConnectionError")]}
    world.scan()
    assert world.rate_limiter.reserved == []
    assert world.rate_limiter.failures == 1
    delivery, _ = world.retry_queue.sent[0]
    assert delivery.failed_attempts == 0
    assert ("waited", "no-connection: NewConnectionError") in world.telemetry.logged


def test_upload_waits_while_no_key_can_be_read() -> None:
    world = ScannerWorld()
    world.match_api.fails = {"request_by_url": [KeyUnavailableError("the secret cannot be read")]}
    world.scan()
    assert ("key refused", "") in world.telemetry.logged
    assert world.retry_queue.sent[0][0].failed_attempts == 0


def test_failing_rate_limiter_leads_to_a_retry() -> None:
    world = ScannerWorld()
    world.rate_limiter.fails = {"reserve": [RetryableError("dynamodb: away")]}
    world.scan()
    assert world.results.status() is Status.DEFERRED
    assert world.match_api.sent == []
