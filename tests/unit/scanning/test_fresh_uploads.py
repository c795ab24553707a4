"""fresh_uploads.py: a fresh upload is checked at once, or left to the queue in a burst and where executions are few."""

from dataclasses import dataclass
from typing import Any

import pytest

from photodna_guard.application import Application
from photodna_guard.domain.errors import DeferrableError, RetryableError
from photodna_guard.domain.models import Status
from photodna_guard.handlers import on_upload
from photodna_guard.scanning.fresh_uploads import MAX_QUEUE_SECONDS, FreshUploads
from tests.support.scanner_world import NO_MATCH, ScannerWorld

EVENT = {
    "Records": [
        {
            "eventSource": "aws:s3",
            "eventName": "ObjectCreated:Put",
            "s3": {
                "bucket": {"name": "uploads"},
                "object": {"key": "a.jpg", "size": 7, "eTag": "e1", "versionId": "v1", "sequencer": "0A"},
            },
        }
    ]
}


@dataclass
class FakeQueueAge:
    """The age that workers reported, or the error of reading it."""

    seconds: float | Exception | None = None

    def read(self) -> float | None:
        """Return the age."""
        if isinstance(self.seconds, Exception):
            raise self.seconds
        return self.seconds


def process(world: ScannerWorld, always_queue: bool = False, age: float | Exception | None = None) -> None:
    unused: Any = None
    queue: Any = world.retry_queue
    telemetry: Any = world.telemetry
    limiter: Any = world.rate_limiter
    fresh_uploads = FreshUploads(world.scanner, limiter, queue, FakeQueueAge(age), always_queue)
    on_upload.process(Application(world.scanner, fresh_uploads, unused, queue, unused, telemetry), EVENT, 120.0)


def test_fresh_upload_is_queued_without_a_request_or_a_record() -> None:
    world = ScannerWorld(NO_MATCH)

    process(world, always_queue=True)

    [(job, delay)] = world.retry_queue.sent
    assert (job.upload.key, job.upload.version_id, job.failed_attempts, delay) == ("a.jpg", "v1", 0, 0)
    assert world.match_api.sent == []
    world.deliver_again()
    assert world.results.status() is Status.CLEAN


def test_fresh_upload_is_checked_at_once_by_default() -> None:
    world = ScannerWorld(NO_MATCH)

    process(world)

    assert world.retry_queue.sent == []
    assert world.results.status() is Status.CLEAN


@pytest.mark.parametrize("age", [None, 0.0, MAX_QUEUE_SECONDS])
def test_upload_of_a_burst_is_left_to_a_short_queue(age: float | None) -> None:
    world = ScannerWorld(NO_MATCH)
    world.rate_limiter.in_burst = True

    process(world, age=age)

    assert len(world.retry_queue.sent) == 1
    assert world.results.records == {}
    world.deliver_again()
    assert world.results.status() is Status.CLEAN


def test_upload_of_a_burst_goes_before_a_long_queue() -> None:
    world = ScannerWorld(NO_MATCH)
    world.rate_limiter.in_burst = True

    process(world, age=MAX_QUEUE_SECONDS + 1)

    assert world.retry_queue.sent == []
    assert world.results.status() is Status.CLEAN


@pytest.mark.parametrize("error", [DeferrableError("throttled"), RetryableError("dynamodb:GetItem failed")])
def test_upload_is_checked_where_the_state_cannot_be_read(error: Exception) -> None:
    world = ScannerWorld(NO_MATCH)
    world.rate_limiter.fails = {"finds_burst": [error]}
    process(world)
    assert world.results.status() is Status.CLEAN

    world = ScannerWorld(NO_MATCH)
    world.rate_limiter.in_burst = True
    process(world, age=error)
    assert world.results.status() is Status.CLEAN


def test_event_that_cannot_be_queued_is_an_error_so_that_lambda_keeps_it() -> None:
    world = ScannerWorld()
    world.retry_queue.fails = {"send": [RetryableError("sqs:SendMessage failed")]}

    with pytest.raises(RetryableError):
        process(world, always_queue=True)
