"""scheduled.build_sweeper: the sweep over the real table and queues, with a clock of its own."""

import logging
from typing import Any

import boto3
import pytest

from photodna_guard import scheduled
from photodna_guard.aws.deletion_limit import DeletionLimit
from photodna_guard.aws.results_table import REDELIVER_AFTER_SECONDS, ResultsTable
from photodna_guard.aws.table import Table
from photodna_guard.domain.errors import AwaitingOperatorError
from photodna_guard.domain.events import parse_message
from photodna_guard.domain.models import ScanJob, Status, Upload
from photodna_guard.settings import from_environment
from tests.support.clock import ManualClock
from tests.support.environment import COMPLETE_ENVIRONMENT
from tests.support.factories import MATCH, UPLOAD

# One for the module: making it takes a third of a second.
SESSION = boto3.Session("testing", "testing", region_name="us-east-1")


class World:
    """The results table, the queues, and the sweep over them."""

    def __init__(self, dynamodb: Any, sqs: Any, results: ResultsTable, clock: ManualClock) -> None:
        self.dynamodb, self.sqs, self.results, self.clock = dynamodb, sqs, results, clock
        names = {"RETRY_QUEUE_URL": "retry", "BACKFILL_QUEUE_URL": "backfill", "DEAD_LETTER_QUEUE_URL": "dead"}
        self.urls = {setting: sqs.create_queue(QueueName=name)["QueueUrl"] for setting, name in names.items()}

    def sweep(self, mode: str = "enforce") -> None:
        settings = from_environment(COMPLETE_ENVIRONMENT | self.urls | {"MODE": mode})
        scheduled.build_sweeper(settings, SESSION, self.clock).run()

    def take_sent(self, lane: str = "RETRY") -> list[Upload]:
        """Take all uploads off the queue of a lane."""
        url, found = self.urls[f"{lane}_QUEUE_URL"], []
        while messages := self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            found += [delivery.upload for m in messages for delivery in parse_message(m["Body"]).jobs]
        return found

    def hold_match(self) -> None:
        record = self.results.record_match(UPLOAD, self.results.claim(ScanJob(UPLOAD)), MATCH)
        self.results.hold_for_operator(UPLOAD, record, "observe mode")


@pytest.fixture
def world(
    dynamodb: Any, sqs: Any, results: ResultsTable, clock: ManualClock, rate_limiter_table: str, monkeypatch: Any
) -> World:
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "PhotoDNAGuard")
    return World(dynamodb, sqs, results, clock)


def test_upload_without_message_is_redelivered_once(world: World) -> None:
    world.results.defer(UPLOAD, world.results.claim(ScanJob(UPLOAD)), "no slot", 30)
    world.clock.now += 30 + REDELIVER_AFTER_SECONDS["retry"] - 1
    world.sweep()
    assert world.take_sent() == []
    world.clock.now += 1
    world.sweep()
    world.sweep()
    assert world.take_sent() == [UPLOAD]


def test_upload_of_dead_worker_is_redelivered(world: World) -> None:
    world.results.claim(ScanJob(UPLOAD))
    world.clock.now += REDELIVER_AFTER_SECONDS["retry"]
    world.sweep()
    assert world.take_sent() == [UPLOAD]


def test_backfill_upload_is_redelivered_to_the_backfill(world: World) -> None:
    ResultsTable(world.dynamodb, "results", 90, "backfill", world.clock).claim(ScanJob(UPLOAD))
    world.clock.now += REDELIVER_AFTER_SECONDS["backfill"]
    world.sweep()
    assert (world.take_sent(), world.take_sent("BACKFILL")) == ([], [UPLOAD])


def test_unpublished_upload_is_redelivered(world: World) -> None:
    world.results.settle(UPLOAD, world.results.claim(ScanJob(UPLOAD)), Status.UNSCANNABLE, "archived")
    world.clock.now += REDELIVER_AFTER_SECONDS["retry"]
    world.sweep()
    assert world.take_sent() == [UPLOAD]


def test_observed_match_waits_for_enforce_mode(world: World) -> None:
    world.hold_match()
    world.sweep("observe")
    assert world.take_sent() == []
    world.sweep("enforce")
    assert world.take_sent() == [UPLOAD]


def test_match_held_by_the_limit_waits_for_the_reset(world: World) -> None:
    world.hold_match()
    bound = DeletionLimit(Table(world.dynamodb, "limiter", world.clock), 1, world.clock)
    bound.acquire(Upload("uploads", "b.jpg", "etag", "v1"))
    with pytest.raises(AwaitingOperatorError):
        bound.acquire(UPLOAD)
    world.clock.now += 86400
    world.sweep()
    assert world.take_sent() == []
    world.dynamodb.update_item(
        TableName="limiter",
        Key={"limiter": {"S": "quarantines"}},
        UpdateExpression="REMOVE tripped_at, recent, revision",
    )
    world.sweep()
    assert world.take_sent() == [UPLOAD]


def test_sweep_writes_no_debug_line_of_a_library(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """It has a process of its own, in which nothing else sees to that."""
    logging.disable(logging.NOTSET)
    with caplog.at_level(logging.DEBUG, logger="botocore"):
        world.sweep()
    telling = ("botocore.auth", "botocore.endpoint", "botocore.parsers")  # of signatures, requests and answers
    assert [record.name for record in caplog.records if record.name.startswith(telling)] == []
