"""application.py: a fresh upload is checked at once, or sent to the queue where executions are few."""

from typing import Any

import pytest

from photodna_guard.application import Application
from photodna_guard.domain.errors import RetryableError
from photodna_guard.domain.models import Status
from photodna_guard.handlers import on_upload
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


def build_application(world: ScannerWorld, queues_fresh_uploads: bool) -> Application:
    unused: Any = None
    queue: Any = world.retry_queue
    telemetry: Any = world.telemetry
    return Application(world.scanner, unused, queue, unused, telemetry, queues_fresh_uploads)


def test_fresh_upload_is_queued_without_a_request_or_a_record() -> None:
    world = ScannerWorld(NO_MATCH)

    on_upload.process(build_application(world, queues_fresh_uploads=True), EVENT, 120.0)

    [(job, delay)] = world.retry_queue.sent
    assert (job.upload.key, job.upload.version_id, job.failed_attempts, delay) == ("a.jpg", "v1", 0, 0)
    assert world.match_api.sent == []
    world.deliver_again()
    assert world.results.status() is Status.CLEAN


def test_fresh_upload_is_checked_at_once_by_default() -> None:
    world = ScannerWorld(NO_MATCH)

    on_upload.process(build_application(world, queues_fresh_uploads=False), EVENT, 120.0)

    assert world.retry_queue.sent == []
    assert world.results.status() is Status.CLEAN


def test_event_that_cannot_be_queued_is_an_error_so_that_lambda_keeps_it() -> None:
    world = ScannerWorld()
    world.retry_queue.fails = {"send": [RetryableError("sqs:SendMessage failed")]}

    with pytest.raises(RetryableError):
        on_upload.process(build_application(world, queues_fresh_uploads=True), EVENT, 120.0)
