"""aws/results_table.py against moto's DynamoDB: the record, its lease and its end."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from photodna_guard.aws.results_table import LEASE_SECONDS, ResultsTable
from photodna_guard.domain.errors import LeaseHeldError, RetryableError
from photodna_guard.domain.models import ScanJob, Status
from tests.aws.result_items import read_item
from tests.support.clock import NOW, ManualClock
from tests.support.factories import COPY, MATCH, SOURCE, UPLOAD
from tests.support.template import RESOURCES, take_first_branch


def test_settled_item_has_the_promised_attributes(results: ResultsTable, dynamodb: Any) -> None:
    record = results.claim(ScanJob(UPLOAD))
    assert (record.status, record.received) == (Status.PENDING, NOW)
    results.settle(UPLOAD, record, Status.CLEAN, tracking_id="T-1")
    assert read_item(dynamodb) == {
        "upload": "uploads/a b+c.jpg",
        "version": "v1",
        "status": "CLEAN",
        "settled": "CLEAN#3",
        "settled_key": "uploads/a b+c.jpg",
        "attempts": 0,
        "tracking_id": "T-1",
        "matches": [],
        "is_test": False,
        "received_at": "2027-01-15T08:00:00.000Z",
        "settled_at": "2027-01-15T08:00:00.000Z",
        "sequencer": "0010",
        "expires_at": NOW + 90 * 86400,
    }


def test_second_worker_is_refused_the_lease(results: ResultsTable) -> None:
    results.claim(ScanJob(UPLOAD))
    with pytest.raises(LeaseHeldError) as caught:
        results.claim(ScanJob(UPLOAD))
    assert caught.value.until == int(NOW + LEASE_SECONDS)


def test_lease_of_dead_worker_expires(results: ResultsTable, clock: ManualClock) -> None:
    results.claim(ScanJob(UPLOAD))
    clock.now += LEASE_SECONDS + 1
    assert results.claim(ScanJob(UPLOAD)).status is Status.PENDING


@pytest.mark.parametrize("write", ["matched", "copied", "defer", "settle"])
def test_worker_without_its_lease_writes_nothing(
    results: ResultsTable, dynamodb: Any, clock: ManualClock, write: str
) -> None:
    old = results.claim(ScanJob(UPLOAD))
    clock.now += LEASE_SECONDS + 1
    new = results.claim(ScanJob(UPLOAD))
    results.settle(UPLOAD, new, Status.CLEAN)
    before = read_item(dynamodb)
    writes: dict[str, Callable[[], object]] = {
        "matched": lambda: results.record_match(UPLOAD, old, MATCH),
        "copied": lambda: results.record_copy(UPLOAD, old, COPY, SOURCE),
        "defer": lambda: results.defer(UPLOAD, old, "late", 30),
        "settle": lambda: results.settle(UPLOAD, old, Status.GONE),
    }
    with pytest.raises(LeaseHeldError):
        writes[write]()
    assert read_item(dynamodb) == before


def test_defer_releases_the_lease(results: ResultsTable, dynamodb: Any) -> None:
    results.defer(UPLOAD, results.claim(ScanJob(UPLOAD)), "no slot", 30)
    assert read_item(dynamodb)["reason"] == "no slot"
    record = results.claim(ScanJob(UPLOAD))
    assert record.status is Status.DEFERRED
    results.settle(UPLOAD, record, Status.CLEAN)
    assert "reason" not in read_item(dynamodb)


def test_burst_of_deferrals_writes_to_no_hot_index_partition(results: ResultsTable, dynamodb: Any) -> None:
    """One value of an index's partition key takes a thousand writes a second, then the table is throttled."""
    burst = [replace(UPLOAD, key=f"{n}.jpg") for n in range(200)]
    for upload in burst:
        results.defer(upload, results.claim(ScanJob(upload)), "no slot", 30)
    items = [read_item(dynamodb, upload) for upload in burst]
    for index in take_first_branch(RESOURCES["ResultsTable"]["Properties"]["GlobalSecondaryIndexes"]):
        (partition_key,) = [key["AttributeName"] for key in index["KeySchema"] if key["KeyType"] == "HASH"]
        written = Counter(item[partition_key] for item in items if partition_key in item)
        assert max(written.values(), default=0) <= len(burst) / 4, index["IndexName"]


def test_claim_of_settled_version_returns_its_record(results: ResultsTable) -> None:
    results.settle(UPLOAD, results.claim(ScanJob(UPLOAD)), Status.CLEAN)
    assert results.claim(ScanJob(UPLOAD)).status is Status.CLEAN


def test_repeated_claim_after_a_lost_answer_has_the_lease(dynamodb: Any, results_table: str) -> None:
    """Botocore sends a call again whose answer did not come; the first may have had its effect."""

    class Twice:
        def update_item(self, **asked: Any) -> Any:
            dynamodb.update_item(**asked)
            return dynamodb.update_item(**asked)

    record = ResultsTable(Twice(), results_table, 90).claim(ScanJob(UPLOAD))  # type: ignore[arg-type]
    assert record.status is Status.PENDING
    assert record.lease


def test_missing_table_is_retryable(dynamodb: Any) -> None:
    with pytest.raises(RetryableError, match="dynamodb:UpdateItem: ResourceNotFoundException"):
        ResultsTable(dynamodb, "missing", 1).claim(ScanJob(UPLOAD))
