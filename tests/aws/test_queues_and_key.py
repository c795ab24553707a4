"""aws/retry_queue.py, aws/subscription_key.py and aws/telemetry.py against moto."""

import json
from typing import Any, cast

import boto3
import pytest
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import EphemeralMetrics

from photodna_guard.aws.retry_queue import RetryQueue
from photodna_guard.aws.subscription_key import SubscriptionKey
from photodna_guard.aws.telemetry import Telemetry
from photodna_guard.domain.errors import DeferrableError, RetryableError
from photodna_guard.domain.events import parse_message
from photodna_guard.domain.models import Representation, ScanJob, Status, Upload
from tests.support.metrics import RecordingMetrics

UPLOAD = Upload("uploads", "ü" * 512, "etag", "v1", 7, "0A", "2026-11-22T10:00:00Z", "AWS:AIDA", "192.0.2.1")


@pytest.fixture
def queues(sqs: Any) -> tuple[str, str]:
    return sqs.create_queue(QueueName="retry")["QueueUrl"], sqs.create_queue(QueueName="dead")["QueueUrl"]


def unshared_metrics(namespace: str, service: str) -> Metrics:
    """Return metrics that no other test shares. They have every method of `Metrics`, and another base class."""
    return cast(Metrics, EphemeralMetrics(namespace=namespace, service=service))


def bodies(sqs: Any, url: str) -> list[str]:
    return [message["Body"] for message in sqs.receive_message(QueueUrl=url).get("Messages", [])]


def test_sent_job_is_received_unchanged(sqs: Any, queues: tuple[str, str]) -> None:
    delivery = ScanJob(
        UPLOAD, 3, 70.0, representation=Representation.BYTES, checked_renditions=("5ha",), hash_checked=True
    )
    RetryQueue(sqs, *queues).send(delivery, 0)
    assert parse_message(bodies(sqs, queues[0])[0]).jobs == (delivery,)


@pytest.mark.parametrize(("delay", "seconds"), [(-5, 0), (0.4, 0), (7.6, 8), (1e6, 900)])
def test_delay_is_whole_seconds_within_the_limits_of_sqs(
    sqs: Any, queues: tuple[str, str], delay: float, seconds: int
) -> None:
    asked: list[dict[str, Any]] = []
    sqs.meta.events.register("provide-client-params.sqs.SendMessage", lambda params, **_: asked.append(dict(params)))
    RetryQueue(sqs, *queues).send(ScanJob(UPLOAD), delay)
    assert asked[0]["DelaySeconds"] == seconds


def test_messages_put_back_are_hidden_for_their_own_seconds(sqs: Any, queues: tuple[str, str]) -> None:
    queue = RetryQueue(sqs, *queues)
    for _ in range(13):
        queue.send(ScanJob(UPLOAD), 0)
    received = [
        m for _ in range(2) for m in sqs.receive_message(QueueUrl=queues[0], MaxNumberOfMessages=10)["Messages"]
    ]
    assert queue.count_messages() == 13
    hidden = [3600.0] * 12 + [0.2]
    queue.put_back({m["ReceiptHandle"]: seconds for m, seconds in zip(received, hidden, strict=True)})
    again = sqs.receive_message(QueueUrl=queues[0], MaxNumberOfMessages=10)["Messages"]
    assert [m["MessageId"] for m in again] == [received[-1]["MessageId"]]
    assert queue.count_messages() == 13


def test_dead_letter_has_a_reason_and_starts_anew(sqs: Any, queues: tuple[str, str]) -> None:
    RetryQueue(sqs, *queues).send_to_dead_letters(ScanJob(UPLOAD, 99, 1e6), "http-500")
    body = bodies(sqs, queues[1])[0]
    assert json.loads(body)["failure_reason"] == "http-500"
    assert parse_message(body).jobs == (ScanJob(UPLOAD, redriven=True),)


def test_unreadable_event_is_kept_whole(sqs: Any, queues: tuple[str, str]) -> None:
    RetryQueue(sqs, *queues).send_to_dead_letters({"s3": {"odd": [1]}}, "no key")
    assert json.loads(bodies(sqs, queues[1])[0]) == {
        "unreadable_event": {"s3": {"odd": [1]}},
        "failure_reason": "no key",
    }


# As large as the smallest queue takes, and longer once it is escaped or has a reason.
LARGEST_BODIES = ["[" * 262_144, '"' * 262_144, json.dumps({"unread": "ü\n" * 65_532}, ensure_ascii=False)]


@pytest.mark.parametrize("body", LARGEST_BODIES)
def test_message_as_large_as_the_queue_takes_fits_the_dead_letter_queue(
    sqs: Any, queues: tuple[str, str], body: str
) -> None:
    sqs.set_queue_attributes(QueueUrl=queues[1], Attributes={"MaximumMessageSize": "262144"})
    (unreadable,) = parse_message(body).unreadable
    RetryQueue(sqs, *queues).send_to_dead_letters(unreadable.part, unreadable.reason)
    (kept,) = bodies(sqs, queues[1])
    assert parse_message(kept).unreadable == (unreadable,)


def test_surrogate_alone_does_not_keep_a_large_part_from_the_queue(sqs: Any, queues: tuple[str, str]) -> None:
    sqs.set_queue_attributes(QueueUrl=queues[1], Attributes={"MaximumMessageSize": "1048576"})
    RetryQueue(sqs, *queues).send_to_dead_letters({"odd": "\ud800" + "x" * 262_144}, "no key")
    assert bodies(sqs, queues[1])[0].startswith('{"odd":"?xxx')


def test_missing_queue_is_retryable(sqs: Any) -> None:
    with pytest.raises(RetryableError, match="sqs:SendMessage"):
        RetryQueue(sqs, "https://sqs.us-east-1.amazonaws.com/123456789012/x", "y").send(ScanJob(UPLOAD), 0)


def secret(value: str) -> tuple[Any, str]:
    client = boto3.client("secretsmanager")
    return client, client.create_secret(Name="key", SecretString=value)["ARN"]


def test_key_is_cached_until_a_fresh_one_is_requested() -> None:
    client, arn = secret("first\n")
    key = SubscriptionKey(client, arn)
    assert key.get() == "first"
    client.put_secret_value(SecretId=arn, SecretString="second")
    assert key.get() == "first"
    assert key.get(fresh=True) == "second"
    assert key.get() == "second"


@pytest.mark.parametrize("value", [" ", "two\nlines", "schlüssel"])
def test_invalid_key_is_refused_and_not_shown(value: str) -> None:
    key = SubscriptionKey(*secret(value))
    with pytest.raises(DeferrableError, match="holds no plain-text key") as caught:
        key.get()
    assert value.strip() not in str(caught.value) or not value.strip()


def test_unreadable_secret_is_deferrable() -> None:
    with pytest.raises(DeferrableError, match="cannot be read"):
        SubscriptionKey(boto3.client("secretsmanager"), "missing").get()


def test_metrics_hold_counts_and_no_object_keys(capsys: pytest.CaptureFixture[str]) -> None:
    metrics = unshared_metrics("PhotoDNAGuard", "stack")
    notices = Telemetry(Logger(service="stack"), metrics, now=lambda: 10.0)
    with notices.flushing():
        notices.log_settled(UPLOAD, Status.CLEAN, "", received=7.5, is_test=False)
        notices.log_settled(UPLOAD, Status.QUARANTINED, "", received=7.5, is_test=True)
        notices.log_deferred(UPLOAD, "no slot", 8.0, counted=False)
        notices.log_deferred(UPLOAD, "http-500", 8.0, counted=True)
        notices.log_key_unavailable()
        notices.log_pause("http-429", 1)
        notices.log_untagged(UPLOAD)
        notices.log_unreadable_event("no key")
        notices.log_ignored_event("ObjectRemoved:Delete")
        notices.log_dead_letter_refused("sqs:SendMessage: AccessDenied")
        notices.log_quarantine_failed(UPLOAD, "AccessDenied")
        notices.log_held_match(UPLOAD, "observe mode")
        notices.log_redelivered(UPLOAD)
        notices.gauge_oldest_unsettled(77.0)
        notices.gauge_awaiting_operator(2)
        notices.log_redelivery_required(UPLOAD, "away")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    emf = next(line for line in lines if "_aws" in line)
    names = {m["Name"] for m in emf["_aws"]["CloudWatchMetrics"][0]["Metrics"]}
    assert names == {
        "Clean", "TestQuarantined", "TimeToVerdict", "Deferred", "FailedAttempt", "KeyRefused", "Throttled",
        "Untagged", "UnreadableEvent", "IgnoredEvent", "QuarantineFailed", "RedeliveryRequired", "MatchHeld",
        "Redelivered", "OldestUnsettled", "AwaitingOperator",
    }  # fmt: skip
    assert emf["TimeToVerdict"] == [2.5, 2.5]
    assert (emf["OldestUnsettled"], emf["AwaitingOperator"]) == ([77.0], [2.0])
    assert emf["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["service"]]
    assert UPLOAD.key not in json.dumps(emf, ensure_ascii=False)


@pytest.mark.parametrize(("is_backfill", "name"), [(False, "TimeToVerdict"), (True, "BackfillTimeToVerdict")])
def test_time_to_verdict_of_a_backfill_is_a_metric_of_its_own(is_backfill: bool, name: str) -> None:
    metrics = RecordingMetrics()
    telemetry = Telemetry(Logger(service="stack"), cast(Metrics, metrics), is_backfill=is_backfill)
    telemetry.log_settled(UPLOAD, Status.CLEAN, "", received=7.5, is_test=False)
    assert metrics.names == {"Clean", name}


@pytest.mark.parametrize("status", [Status.FAILED, Status.GONE])
def test_upload_without_a_verdict_has_no_time_to_one(status: Status) -> None:
    metrics = RecordingMetrics()
    telemetry = Telemetry(Logger(service="stack"), cast(Metrics, metrics))
    telemetry.log_settled(UPLOAD, status, "", received=7.5, is_test=False)
    assert metrics.names == {status.value.title()}


def test_no_metrics_are_written_without_events(capsys: pytest.CaptureFixture[str]) -> None:
    with Telemetry(Logger(service="stack"), unshared_metrics("N", "s")).flushing():
        pass
    assert capsys.readouterr().out == ""


def test_match_metric_is_written_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    Telemetry(Logger(service="stack"), unshared_metrics("N", "s")).log_match(UPLOAD, is_test=False)
    assert '"Matched":[1.0]' in capsys.readouterr().out
