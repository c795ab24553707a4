"""outcome_handler.py: deferring, retrying with back-off, and giving up."""

import pytest

from photodna_guard.domain.errors import (
    DecryptionRefusedError,
    DeferrableError,
    RetryableError,
    SlotUnavailableError,
)
from photodna_guard.domain.models import ScanJob, Status
from photodna_guard.domain.verdicts import MatchOutcome, Verdict
from tests.support.fakes.failing import NOW
from tests.support.scanner_world import (
    AWAY,
    BUSY,
    MATCH,
    NO_MATCH,
    UNKNOWN,
    ScannerWorld,
    upload,
)


# A worker of the queue waits for a slot itself, if it comes soon.
@pytest.mark.parametrize(("seconds_to_slot", "expected_delay"), [(1, 0), (30, 0), (100, 70), (7200, 900)])
def test_upload_without_slot_is_queued_for_a_worker_that_waits(seconds_to_slot: int, expected_delay: int) -> None:
    world = ScannerWorld()
    world.rate_limiter.fails = {"reserve": [SlotUnavailableError("no slot", until=NOW + seconds_to_slot)]}
    world.scan()
    assert world.retry_queue.sent[0][1] == pytest.approx(expected_delay, abs=0.5)


def test_upload_that_waits_counts_no_failed_attempt() -> None:
    world = ScannerWorld()
    world.rate_limiter.fails = {"reserve": [BUSY]}
    assert world.scan() == [True]
    delivery, delay = world.retry_queue.sent[0]
    assert (delivery.failed_attempts, delivery.backoff_seconds) == (0, 0.0)
    assert delay == 0
    assert world.results.status() is Status.DEFERRED
    assert world.match_api.sent == []


@pytest.mark.parametrize(
    "verdict",
    [UNKNOWN, AWAY, Verdict(MatchOutcome.UNAVAILABLE, "no-answer")],
)
def test_unknown_verdict_is_retried_and_never_clean(verdict: Verdict) -> None:
    world = ScannerWorld(verdict)
    world.scan()
    delivery, delay = world.retry_queue.sent[0]
    assert delivery.failed_attempts == 1
    assert delivery.backoff_seconds == delay
    assert 5 <= delay <= 10
    assert world.results.status() is Status.DEFERRED
    world.deliver_again()
    assert world.results.status() is Status.CLEAN


def test_retry_after_of_the_service_is_respected() -> None:
    world = ScannerWorld(Verdict(MatchOutcome.UNAVAILABLE, "http-503", retry_after=77))
    world.scan()
    assert world.retry_queue.sent[0][1] == 77


def test_upload_retried_too_long_fails_with_a_dead_letter() -> None:
    world = ScannerWorld(*[UNKNOWN] * 1000, retry_for=3600)
    world.scan()
    tries = 1
    while world.retry_queue.sent:
        world.deliver_again()
        tries += 1
    assert world.results.status() is Status.FAILED
    assert [reason for _, reason in world.retry_queue.dead] == ["service-3004"]
    assert 8 <= tries <= 16  # 5-10 s, 10-20 s, … up to 15 min: what fits into an hour


def test_dead_letter_is_sent_before_the_record_is_failed() -> None:
    world = ScannerWorld(UNKNOWN, retry_for=0)
    world.retry_queue.fails = {"send_to_dead_letters": [RetryableError("sqs is away")]}
    assert world.scan() == [False]
    assert world.results.status() is Status.PENDING


def test_upload_waits_while_the_results_table_fails() -> None:
    world = ScannerWorld()
    world.results.fails = {"claim": [RetryableError("dynamodb: away")]}
    assert world.scan() == [True]
    world.deliver_again()
    assert world.results.status() is Status.CLEAN


def test_job_is_redelivered_where_table_and_queue_fail() -> None:
    world = ScannerWorld()
    world.results.fails = {"claim": [DeferrableError("throttled")]}
    world.retry_queue.fails = {"send": [RetryableError("sqs: away")]}
    assert world.scan() == [False]


def test_message_is_sent_though_its_deferral_cannot_be_recorded() -> None:
    world = ScannerWorld(UNKNOWN)
    world.results.fails = {"defer": [RetryableError("away")]}
    assert world.scan() == [True]
    assert len(world.retry_queue.sent) == 1


def test_rescan_is_asked_for_once() -> None:
    """The job comes back after its record was settled, where only its tag or its event is missing."""
    world = ScannerWorld(NO_MATCH)
    world.upload_bucket.fails = {"set_status_tag": [RetryableError("away")]}
    world.scan(ScanJob(upload(), rescan=True))
    assert [job.rescan for job, _ in world.retry_queue.sent] == [False]


def test_upload_under_a_refused_key_is_unscannable_after_a_few_tries() -> None:
    world = ScannerWorld()
    world.upload_bucket.fails = {"read_head": [DecryptionRefusedError("kms-key")] * 7}
    world.scan()
    waits = []
    while world.retry_queue.sent:
        waits.append(world.retry_queue.sent[0][1])
        world.deliver_again()
    assert world.results.status() is Status.UNSCANNABLE
    assert world.results.attributes["v1a.jpg"]["reason"] == "kms-key"
    assert (len(waits), world.retry_queue.dead) == (6, [])
    assert sum(waits) > 300, "KMS needs up to five minutes for a changed policy"


def test_upload_whose_key_is_granted_soon_is_checked() -> None:
    world = ScannerWorld(NO_MATCH)
    world.upload_bucket.fails = {"read_head": [DecryptionRefusedError("kms-key")] * 6}
    world.scan()
    while world.retry_queue.sent:
        world.deliver_again()
    assert world.results.status() is Status.CLEAN


def test_match_under_a_refused_key_stays_a_match() -> None:
    world = ScannerWorld(MATCH)
    world.upload_bucket.fails = {"read_object": [DecryptionRefusedError("kms-key")] * 20}
    world.scan()
    for _ in range(20):
        world.deliver_again()
    assert world.results.status() is Status.QUARANTINED
