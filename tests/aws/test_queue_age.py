"""aws/queue_age.py against moto's DynamoDB: what workers report, and what the sweep reads."""

from typing import Any

import pytest

from photodna_guard.aws.queue_age import QueueAge
from photodna_guard.aws.table import Table
from photodna_guard.domain.models import ScanJob
from photodna_guard.domain.queue_message import QueueMessage
from tests.support.clock import NOW, ManualClock
from tests.support.factories import UPLOAD


def message(age: float | None, receives: int = 1, hash_checked: bool = False) -> QueueMessage:
    sent = None if age is None else NOW - age
    return QueueMessage("m", (ScanJob(UPLOAD, hash_checked=hash_checked),), receives=receives, sent=sent)


class Workers:
    """Workers of the retry queue, each with a memory of its own."""

    def __init__(self, dynamodb: Any, table: str, clock: ManualClock) -> None:
        self.table, self.clock = Table(dynamodb, table, clock), clock

    def another(self, queue: str = "retry") -> QueueAge:
        return QueueAge(self.table, queue, self.clock)

    def read(self, queue: str = "retry") -> float | None:
        return self.another(queue).read()


@pytest.fixture
def workers(dynamodb: Any, rate_limiter_table: str, clock: ManualClock) -> Workers:
    return Workers(dynamodb, rate_limiter_table, clock)


def test_nobody_knows_the_age_before_a_worker_reports(workers: Workers) -> None:
    assert workers.read() is None


def test_oldest_message_of_a_batch_is_reported_for_its_queue(workers: Workers) -> None:
    workers.another().report([message(10), message(700), message(None)])
    assert (workers.read(), workers.read("backfill")) == (700.0, None)


def test_higher_age_replaces_a_report_and_a_lower_one_only_an_old_one(workers: Workers) -> None:
    for age, expected in ((700, 700.0), (20, 700.0), (900, 900.0)):
        workers.another().report([message(age)])
        assert workers.read() == expected
    workers.clock.now += 601
    workers.another().report([message(-551)])
    assert workers.read() == 50.0


def test_report_expires_where_no_worker_receives_a_message(workers: Workers) -> None:
    workers.another().report([message(700)])
    workers.clock.now += 901
    assert workers.read() is None


def test_worker_reports_once_a_minute(workers: Workers, dynamodb: Any) -> None:
    calls: list[str] = []
    dynamodb.meta.events.register("before-call.dynamodb.UpdateItem", lambda model, **_: calls.append(model.name))
    worker = workers.another()
    for _ in range(4):
        worker.report([message(1)])
        workers.clock.now += 20
    assert len(calls) == 2


def test_message_of_a_dead_worker_says_nothing_of_the_queue(workers: Workers) -> None:
    """It comes again for days where its picture ends each worker."""
    workers.another().report([message(1e5, receives=90), message(5)])
    assert workers.read() == 5.0


def test_message_that_was_put_back_counts(workers: Workers) -> None:
    workers.another().report([message(1e5, receives=90, hash_checked=True)])
    assert workers.read() == 1e5


def test_failing_report_is_no_failure_of_the_batch(workers: Workers, dynamodb: Any) -> None:
    QueueAge(Table(dynamodb, "missing", workers.clock), "retry", workers.clock).report([message(5)])
    assert workers.read() is None
