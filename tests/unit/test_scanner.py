"""scanner.py, asking.py and endings.py: the way of an upload to its verdict, among fakes."""

import pytest

from photodna_guard.domain.errors import (
    DeferrableError,
    KeyUnavailableError,
    RetryableError,
    ServiceUnreachableError,
    UnscannableError,
)
from photodna_guard.domain.models import MatchOutcome, ScanJob, Status, Verdict
from photodna_guard.rate_limiter.gcra import MAX_BATCH
from tests.support.fakes.failing import NOW
from tests.support.scanner_world import (
    AWAY,
    BUSY,
    JPEG,
    MATCH,
    NO_MATCH,
    NOT_VERIFIED,
    REFUSED,
    UNKNOWN,
    ScannerWorld,
    upload,
)


def test_a_clean_upload_is_settled_and_tagged() -> None:
    world = ScannerWorld()
    assert world.scan() == [True]
    assert world.results.status() is Status.CLEAN
    assert world.results.attributes["v1a.jpg"]["tracking_id"] == "T-1"
    assert world.results.records["v1a.jpg"].attempts == 1
    assert world.upload_bucket.tags == {"a.jpg": "clean"}
    assert world.retry_queue.sent == []


@pytest.mark.parametrize(
    ("data", "status", "tag"),
    [
        (b"words", Status.SKIPPED, "skipped"),
        (b"", Status.SKIPPED, "skipped"),
        (b"\0\1\2\3" * 9, Status.UNSCANNABLE, "unscannable"),
    ],
)
def test_what_the_look_decides_costs_no_slot_and_no_request(data: bytes, status: Status, tag: str) -> None:
    world = ScannerWorld(objects={"a.jpg": data})
    world.scan()
    assert world.results.status() is status
    assert world.upload_bucket.tags == {"a.jpg": tag}
    assert world.rate_limiter.reserved == []
    assert world.match_api.sent == []


def test_an_object_that_is_gone_is_settled_as_gone() -> None:
    world = ScannerWorld(objects={})
    world.scan()
    assert world.results.status() is Status.GONE


def test_an_object_that_can_never_be_read_is_unscannable_with_the_reason() -> None:
    world = ScannerWorld()
    world.upload_bucket.fails = {"read_head": [UnscannableError("customer-key")]}
    world.scan()
    assert world.results.status() is Status.UNSCANNABLE
    assert world.results.attributes["v1a.jpg"]["reason"] == "customer-key"


def test_without_a_slot_the_upload_waits_in_the_queue_and_nothing_is_counted() -> None:
    world = ScannerWorld()
    world.rate_limiter.fails = {"reserve": [BUSY]}
    assert world.scan() == [True]
    delivery, delay = world.retry_queue.sent[0]
    assert (delivery.failed_attempts, delivery.backoff_seconds) == (0, 0.0)
    assert 30 <= delay <= 35
    assert world.results.status() is Status.DEFERRED
    assert world.match_api.sent == []


@pytest.mark.parametrize(
    "verdict",
    [UNKNOWN, AWAY, Verdict(MatchOutcome.UNKNOWN, "http-404"), Verdict(MatchOutcome.UNAVAILABLE, "no-answer")],
)
def test_unknown_is_tried_again_with_back_off_and_is_never_clean(verdict: Verdict) -> None:
    world = ScannerWorld(verdict)
    world.scan()
    delivery, delay = world.retry_queue.sent[0]
    assert delivery.failed_attempts == 1
    assert delivery.backoff_seconds == delay
    assert 5 <= delay <= 10
    assert world.results.status() is Status.DEFERRED
    world.deliver_again()
    assert world.results.status() is Status.CLEAN


def test_the_services_retry_after_is_kept() -> None:
    world = ScannerWorld(Verdict(MatchOutcome.UNAVAILABLE, "http-503", retry_after=77))
    world.scan()
    assert world.retry_queue.sent[0][1] == 77


@pytest.mark.parametrize(
    ("reason", "retry_after", "pause"), [("http-429", 7.0, 7.0), ("http-429", None, 1.0), ("http-403", None, 300.0)]
)
def test_throttled_pauses_everybody_and_is_no_failure(reason: str, retry_after: float | None, pause: float) -> None:
    world = ScannerWorld(Verdict(MatchOutcome.THROTTLED, reason, retry_after=retry_after))
    world.scan()
    assert world.rate_limiter.pauses == [NOW + pause]
    delivery, delay = world.retry_queue.sent[0]
    assert delivery.failed_attempts == 0
    assert delay >= pause


def test_throttling_for_ever_leads_to_no_dead_letter() -> None:
    world = ScannerWorld(*[Verdict(MatchOutcome.THROTTLED, "http-429", retry_after=900.0)] * 500, retry_for=3600)
    world.scan()
    for _ in range(499):
        world.deliver_again()
    assert world.retry_queue.dead == []
    assert world.results.status() is Status.DEFERRED
    world.deliver_again()
    assert world.results.status() is Status.CLEAN


def test_trying_in_vain_ends_as_failed_with_a_dead_letter_that_says_why() -> None:
    world = ScannerWorld(*[UNKNOWN] * 1000, retry_for=3600)
    world.scan()
    tries = 1
    while world.retry_queue.sent:
        world.deliver_again()
        tries += 1
    assert world.results.status() is Status.FAILED
    assert [reason for _, reason in world.retry_queue.dead] == ["service-3004"]
    assert 8 <= tries <= 16  # 5-10 s, 10-20 s, … up to 15 min: what fits into an hour


def test_the_dead_letter_is_written_before_the_record_says_failed() -> None:
    world = ScannerWorld(UNKNOWN, retry_for=0)
    world.retry_queue.fails = {"send_to_dead_letters": [RetryableError("sqs is away")]}
    assert world.scan() == [False]
    assert world.results.status() is Status.PENDING


def test_a_refused_key_is_fetched_afresh_once_and_each_request_has_its_slot() -> None:
    world = ScannerWorld(Verdict(MatchOutcome.UNAUTHORIZED, "http-401"))
    world.scan()
    assert world.match_api.sent == ["url https://s3/a.jpg", "fresh url https://s3/a.jpg"]
    assert world.rate_limiter.arrived == 2
    assert world.results.status() is Status.CLEAN
    assert world.rate_limiter.pauses == []


def test_a_key_that_stays_refused_pauses_everybody_and_costs_the_upload_nothing() -> None:
    world = ScannerWorld(REFUSED, REFUSED)
    world.scan()
    assert world.rate_limiter.away
    assert world.retry_queue.sent[0][0].failed_attempts == 0
    assert ("key refused", "") in world.telemetry.logged


def test_a_key_that_is_fetched_afresh_and_the_same_is_not_tried_again() -> None:
    world = ScannerWorld(REFUSED)
    world.match_api.same_key = True
    world.scan()
    assert len(world.match_api.sent) == 1
    assert world.rate_limiter.away


def test_all_go_on_when_a_probe_is_answered() -> None:
    world = ScannerWorld(REFUSED, REFUSED)
    world.scan()
    world.deliver_again()
    assert not world.rate_limiter.away
    assert world.results.status() is Status.CLEAN


def test_a_service_that_is_away_gets_one_request_at_a_time_and_the_others_wait_uncounted() -> None:
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


def test_an_outage_costs_only_the_probes_an_attempt() -> None:
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


def test_a_probe_waits_for_its_answer_no_longer_than_the_pacer_says() -> None:
    world = ScannerWorld()
    world.rate_limiter.answer_timeout = 9.0
    world.scan()
    assert world.match_api.timeouts == [9.0]


def test_what_the_service_says_of_a_picture_is_an_answer_and_a_refusal_of_all_is_none() -> None:
    world = ScannerWorld(NOT_VERIFIED)
    world.rate_limiter.failures = 5
    world.scan()
    assert world.rate_limiter.failures == 0
    world = ScannerWorld(Verdict(MatchOutcome.THROTTLED, "http-429", retry_after=1))
    world.rate_limiter.failures = 5
    world.scan()
    assert world.rate_limiter.failures == 5


def test_with_the_quota_used_up_only_new_uploads_go_on() -> None:
    world = ScannerWorld(objects={"a.jpg": JPEG, "b.jpg": JPEG})
    world.rate_limiter.quota_used = 1.0
    world.scan(ScanJob(upload("a.jpg")), ScanJob(upload("b.jpg"), failed_attempts=1))
    assert world.match_api.sent == ["url https://s3/a.jpg"]
    (waiting,) = world.retry_queue.sent
    assert (waiting[0].upload.key, waiting[0].failed_attempts) == ("b.jpg", 1)
    assert ("quota", "100%") in world.telemetry.logged


def test_a_match_is_moved_though_the_quota_is_used_up() -> None:
    world = ScannerWorld(MATCH)
    world.quarantine_bucket.fails = {"store_copy": [RetryableError("s3:PutObject: InternalError")]}
    world.scan()
    world.rate_limiter.quota_used = 2.0
    world.deliver_again()
    assert world.results.status() is Status.QUARANTINED


@pytest.mark.parametrize("first", [NOT_VERIFIED, Verdict(MatchOutcome.BAD_PARAMETER, "service-3002")])
def test_what_the_service_could_not_use_by_url_is_sent_by_value_once(first: Verdict) -> None:
    world = ScannerWorld(first)
    world.scan()
    assert world.match_api.sent == ["url https://s3/a.jpg", f"value image/jpeg {len(JPEG)}"]
    assert world.rate_limiter.arrived == 2
    assert world.results.status() is Status.CLEAN


@pytest.mark.parametrize("verdict", [NOT_VERIFIED, Verdict(MatchOutcome.BAD_PARAMETER, "service-3002")])
def test_what_it_cannot_use_by_value_either_is_unscannable_and_not_clean(verdict: Verdict) -> None:
    world = ScannerWorld(verdict, verdict)
    world.scan()
    assert world.results.status() is Status.UNSCANNABLE
    assert world.results.attributes["v1a.jpg"]["reason"] == verdict.reason
    assert len(world.match_api.sent) == 2


def test_without_a_slot_for_it_the_bytes_are_sent_by_the_next_worker_without_asking_by_url_again() -> None:
    world = ScannerWorld(NOT_VERIFIED)
    world.rate_limiter.fails = {"reserve": [None, BUSY]}
    world.scan()
    world.deliver_again()
    assert [sent.split()[0] for sent in world.match_api.sent] == ["url", "value"]


def test_a_picture_of_the_wrong_size_is_left_for_a_rendition() -> None:
    world = ScannerWorld(Verdict(MatchOutcome.WRONG_SIZE, "service-3208", "T-3"))
    world.scan()
    assert world.results.status() is Status.UNSCANNABLE
    assert world.results.attributes["v1a.jpg"] == {"reason": "service-3208", "tracking_id": "T-3"}


def test_a_missed_slot_is_given_up_and_another_taken() -> None:
    world = ScannerWorld()
    world.rate_limiter.missed = 2
    world.scan()
    assert world.rate_limiter.reserved == [1, 1, 1]
    assert world.results.status() is Status.CLEAN


def test_a_machine_that_misses_every_slot_leaves_the_upload_to_another() -> None:
    world = ScannerWorld()
    world.rate_limiter.missed = 99
    world.scan()
    assert world.match_api.sent == []
    assert len(world.retry_queue.sent) == 1


def test_a_request_that_finds_no_connection_was_not_sent_and_takes_another_slot() -> None:
    world = ScannerWorld()
    world.match_api.disconnected = 1
    world.scan()
    assert world.rate_limiter.reserved == [1, 1]
    assert world.match_api.calls.count("connect") == 2
    assert world.results.records["v1a.jpg"].attempts == 1


def test_a_service_that_cannot_be_reached_costs_neither_a_slot_nor_an_attempt() -> None:
    world = ScannerWorld()
    world.match_api.fails = {"connect": [ServiceUnreachableError("no-connection: NewConnectionError")]}
    world.scan()
    assert world.rate_limiter.reserved == []
    assert world.rate_limiter.failures == 1
    delivery, _ = world.retry_queue.sent[0]
    assert delivery.failed_attempts == 0
    assert ("waited", "no-connection: NewConnectionError") in world.telemetry.logged


def test_an_event_of_many_uploads_is_worked_in_batches() -> None:
    keys = [f"{i}.jpg" for i in range(2 * MAX_BATCH + 3)]
    world = ScannerWorld(objects=dict.fromkeys(keys, JPEG))
    assert world.scan(*[ScanJob(upload(key)) for key in keys]) == [True] * len(keys)
    assert world.rate_limiter.reserved == [MAX_BATCH, MAX_BATCH, 3]


def test_what_the_function_has_no_time_for_is_deferred_and_not_cut_off() -> None:
    world = ScannerWorld()
    world.scan(seconds=60)
    assert world.match_api.sent == []
    assert world.retry_queue.sent[0][0].failed_attempts == 0
    assert world.results.status() is Status.DEFERRED


def test_without_a_key_everybody_waits_and_somebody_is_told() -> None:
    world = ScannerWorld()
    world.match_api.fails = {"request_by_url": [KeyUnavailableError("the secret cannot be read")]}
    world.scan()
    assert ("key refused", "") in world.telemetry.logged
    assert world.retry_queue.sent[0][0].failed_attempts == 0


def test_without_versions_the_bytes_are_sent_since_a_url_would_show_whatever_is_there_by_then() -> None:
    world = ScannerWorld()
    plain = upload(version=None)
    world.scan(ScanJob(plain))
    assert world.match_api.sent == [f"value image/jpeg {len(JPEG)}"]
    assert world.results.status(version="etag:etag") is Status.CLEAN
    assert world.upload_bucket.tags == {}


def test_a_batch_takes_its_slots_in_one_reservation() -> None:
    keys = [f"{i}.jpg" for i in range(10)]
    world = ScannerWorld(objects=dict.fromkeys(keys, JPEG) | {"3.jpg": b"words"})
    world.scan(*[ScanJob(upload(key)) for key in keys])
    assert world.rate_limiter.reserved == [9]
    assert {world.results.status(key) for key in keys} == {Status.CLEAN, Status.SKIPPED}


def test_what_fails_in_a_batch_keeps_nobody_else_from_his_verdict() -> None:
    world = ScannerWorld(objects={"a.jpg": JPEG, "b.jpg": JPEG})
    world.upload_bucket.fails = {"read_head": [RuntimeError("X-Amz-Signature=5ec2e7")]}
    done = world.scan(ScanJob(upload("a.jpg")), ScanJob(upload("b.jpg")))
    assert sorted(done) == [False, True]
    assert sorted(record.status for record in world.results.records.values()) == [Status.CLEAN, Status.PENDING]
    assert "5ec2e7" not in str(world.telemetry.logged)
    assert "unforeseen RuntimeError" in str(world.telemetry.logged)


def test_a_settled_upload_ends_at_begin_and_costs_no_request() -> None:
    world = ScannerWorld()
    world.scan()
    world.scan()
    assert len(world.match_api.sent) == 1


def test_what_another_worker_holds_is_looked_at_again_later() -> None:
    world = ScannerWorld()
    world.results.leases["v1a.jpg"] = "another's"
    assert world.scan() == [True]
    assert len(world.retry_queue.sent) == 1
    assert world.match_api.sent == []
    assert "defer" not in world.results.calls


def test_with_the_ledger_away_the_upload_waits_in_the_queue() -> None:
    world = ScannerWorld()
    world.results.fails = {"claim": [RetryableError("dynamodb: away")]}
    assert world.scan() == [True]
    world.deliver_again()
    assert world.results.status() is Status.CLEAN


def test_with_ledger_and_queue_away_the_delivery_is_handed_back() -> None:
    world = ScannerWorld()
    world.results.fails = {"claim": [DeferrableError("throttled")]}
    world.retry_queue.fails = {"send": [RetryableError("sqs: away")]}
    assert world.scan() == [False]


def test_when_only_the_record_of_a_deferral_fails_the_message_is_sent_all_the_same() -> None:
    world = ScannerWorld(UNKNOWN)
    world.results.fails = {"defer": [RetryableError("away")]}
    assert world.scan() == [True]
    assert len(world.retry_queue.sent) == 1


def test_a_worker_that_was_overtaken_changes_nothing() -> None:
    world = ScannerWorld()
    world.results.fails = {}
    original = world.match_api.send

    def slow_send(request: object, within: float) -> Verdict:
        world.results.leases["v1a.jpg"] = "another's"
        return original(request, within)  # type: ignore[arg-type]

    world.match_api.send = slow_send  # type: ignore[method-assign]
    world.scan()
    assert world.results.status() is Status.PENDING
    assert len(world.retry_queue.sent) == 1


def test_a_pacer_that_is_away_leads_to_a_deferral() -> None:
    world = ScannerWorld()
    world.rate_limiter.fails = {"reserve": [RetryableError("dynamodb: away")]}
    world.scan()
    assert world.results.status() is Status.DEFERRED
    assert world.match_api.sent == []
