"""The canary's sample and its last run, in moto's tables."""

from typing import Any

import pytest

from photodna_guard.aws.canary_store import CanaryStore
from photodna_guard.aws.table import Table
from photodna_guard.domain.canary import CanaryOutcome, CanaryRun, Sample, SampleName
from tests.aws.conftest import create_table
from tests.support.clock import ManualClock


@pytest.fixture
def store(dynamodb: Any, clock: ManualClock, rate_limiter_table: str) -> CanaryStore:
    operations = create_table(dynamodb, "operations", "OperationsTable")
    return CanaryStore(Table(dynamodb, operations, clock), Table(dynamodb, rate_limiter_table, clock))


def put_sample(dynamodb: Any, **more: Any) -> None:
    item = {"partition": {"S": "canary"}, "id": {"S": "sample"}, "media_type": {"S": "image/png"}, **more}
    dynamodb.put_item(TableName="operations", Item=item)


def test_sample_is_the_one_that_the_operator_set(dynamodb: Any, store: CanaryStore) -> None:
    assert store.read_sample(SampleName.SCHEDULED) is None
    put_sample(dynamodb, picture={"B": b"\x89PNG\0"})
    assert store.read_sample(SampleName.SCHEDULED) == Sample(b"\x89PNG\0", "image/png")
    assert store.read_sample(SampleName.TRIAL) is None


def test_cleared_sample_is_none(dynamodb: Any, store: CanaryStore) -> None:
    put_sample(dynamodb, cleared_by={"S": "ann"})
    assert store.read_sample(SampleName.SCHEDULED) is None


def test_last_run_replaces_the_one_before(dynamodb: Any, store: CanaryStore) -> None:
    store.record_run(SampleName.SCHEDULED, "1", CanaryRun(CanaryOutcome.TEST, "", "T-1"))
    store.record_run(SampleName.SCHEDULED, "2", CanaryRun(CanaryOutcome.FAILED, "no-match"))
    item = dynamodb.get_item(TableName="limiter", Key={"limiter": {"S": "canary-sample"}})["Item"]
    assert {name: next(iter(value.values())) for name, value in item.items()} == {
        "limiter": "canary-sample",
        "at": "2027-01-15T08:00:00.000Z",
        "run_id": "2",
        "outcome": "failed",
        "reason": "no-match",
        "tracking_id": True,
    }
