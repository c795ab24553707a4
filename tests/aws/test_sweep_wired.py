"""wiring.build_sweep: the sweep over the real table and queues, with a time of its own."""

import logging
from typing import Any

import boto3
import pytest

from photodna_guard import bootstrap
from photodna_guard.aws.deletion_limit import DeletionLimit
from photodna_guard.aws.results_table import REDELIVER_AFTER_SECONDS, ResultsTable
from photodna_guard.aws.table import Table
from photodna_guard.domain.errors import AwaitingOperatorError
from photodna_guard.domain.events import parse_message
from photodna_guard.domain.models import ScanJob, Status, Upload
from photodna_guard.settings import from_environment
from tests.aws.results import MATCH, UPLOAD, Time
from tests.environment import GOOD


class World:
    """The table and the queues, and a sweep of them."""

    def __init__(self, dynamodb: Any, sqs: Any, ledger: ResultsTable, time: Time) -> None:
        self.dynamodb, self.sqs, self.ledger, self.time = dynamodb, sqs, ledger, time
        names = {"RETRY_QUEUE_URL": "retry", "BACKFILL_QUEUE_URL": "backfill", "DEAD_LETTER_QUEUE_URL": "dead"}
        self.urls = {setting: sqs.create_queue(QueueName=name)["QueueUrl"] for setting, name in names.items()}

    def sweep(self, mode: str = "enforce") -> None:
        settings = from_environment(GOOD | self.urls | {"MODE": mode})
        bootstrap.build_sweeper(settings, boto3.Session(), self.time).run()

    def sent(self, lane: str = "RETRY") -> list[Upload]:
        """What is in the queue of a lane, which is empty then."""
        url, found = self.urls[f"{lane}_QUEUE_URL"], []
        while messages := self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            found += [delivery.upload for m in messages for delivery in parse_message(m["Body"]).jobs]
        return found

    def withheld(self) -> None:
        record = self.ledger.record_match(UPLOAD, self.ledger.claim(ScanJob(UPLOAD)), MATCH)
        self.ledger.hold_for_operator(UPLOAD, record, "observe mode")


@pytest.fixture
def world(
    dynamodb: Any, sqs: Any, ledger: ResultsTable, time: Time, rate_limiter_table: str, monkeypatch: Any
) -> World:
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "PhotoDNAGuard")
    return World(dynamodb, sqs, ledger, time)


def test_an_upload_whose_message_vanished_is_sent_again_whole_and_once(world: World) -> None:
    world.ledger.defer(UPLOAD, world.ledger.claim(ScanJob(UPLOAD)), "no slot", 30)
    world.time.now += 30 + REDELIVER_AFTER_SECONDS["retry"] - 1
    world.sweep()
    assert world.sent() == []
    world.time.now += 1
    world.sweep()
    world.sweep()
    assert world.sent() == [UPLOAD]


def test_an_upload_whose_worker_died_is_sent_again(world: World) -> None:
    world.ledger.claim(ScanJob(UPLOAD))
    world.time.now += REDELIVER_AFTER_SECONDS["retry"]
    world.sweep()
    assert world.sent() == [UPLOAD]


def test_a_backfills_upload_is_sent_to_the_backfill(world: World) -> None:
    ResultsTable(world.dynamodb, "results", 90, "backfill", world.time).claim(ScanJob(UPLOAD))
    world.time.now += REDELIVER_AFTER_SECONDS["backfill"]
    world.sweep()
    assert (world.sent(), world.sent("BACKFILL")) == ([], [UPLOAD])


def test_an_end_of_which_nobody_was_told_is_sent_again(world: World) -> None:
    world.ledger.settle(UPLOAD, world.ledger.claim(ScanJob(UPLOAD)), Status.UNSCANNABLE, "archived")
    world.time.now += REDELIVER_AFTER_SECONDS["retry"]
    world.sweep()
    assert world.sent() == [UPLOAD]


def test_what_was_only_observed_waits_for_enforce_mode(world: World) -> None:
    world.withheld()
    world.sweep("observe")
    assert world.sent() == []
    world.sweep("enforce")
    assert world.sent() == [UPLOAD]


def test_what_the_bound_holds_waits_for_the_operators_word(world: World) -> None:
    world.withheld()
    bound = DeletionLimit(Table(world.dynamodb, "limiter", world.time), 1, world.time)
    bound.acquire(Upload("uploads", "b.jpg", "etag", "v1"))
    with pytest.raises(AwaitingOperatorError):
        bound.acquire(UPLOAD)
    world.time.now += 86400
    world.sweep()
    assert world.sent() == []
    world.dynamodb.update_item(
        TableName="limiter",
        Key={"limiter": {"S": "quarantines"}},
        UpdateExpression="REMOVE tripped_at, recent, revision",
    )
    world.sweep()
    assert world.sent() == [UPLOAD]


def test_the_sweep_writes_no_debug_line_of_any_library(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """It has a process of its own, in which nothing else sees to that."""
    logging.disable(logging.NOTSET)
    with caplog.at_level(logging.DEBUG, logger="botocore"):
        world.sweep()
    telling = ("botocore.auth", "botocore.endpoint", "botocore.parsers")  # of signatures, requests and answers
    assert [record.name for record in caplog.records if record.name.startswith(telling)] == []
