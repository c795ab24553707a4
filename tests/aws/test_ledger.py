"""aws/ledger.py against moto's DynamoDB: the record, its lease and its end."""

from typing import Any

import pytest

from photodna_guard.aws.results_table import LEASE_SECONDS, ResultsTable
from photodna_guard.domain.errors import LeaseHeldError, RetryableError
from photodna_guard.domain.models import ScanJob, Status
from tests.aws.results import COPY, MATCH, NOW, SOURCE, UPLOAD, Time, attention, item


def test_begin_makes_the_record_and_settle_ends_it_with_the_promised_attributes(
    ledger: ResultsTable, dynamodb: Any
) -> None:
    record = ledger.claim(ScanJob(UPLOAD))
    assert (record.status, record.received) == (Status.PENDING, NOW)
    ledger.settle(UPLOAD, record, Status.CLEAN, tracking_id="T-1")
    assert item(dynamodb) == {
        "upload": "uploads/a b+c.jpg",
        "version": "v1",
        "status": "CLEAN",
        "attempts": 0,
        "tracking_id": "T-1",
        "matches": [],
        "is_test": False,
        "received_at": "2027-01-15T08:00:00.000Z",
        "settled_at": "2027-01-15T08:00:00.000Z",
        "sequencer": "0010",
        "expires_at": NOW + 90 * 86400,
    }


def test_two_workers_cannot_hold_one_version(ledger: ResultsTable) -> None:
    ledger.claim(ScanJob(UPLOAD))
    with pytest.raises(LeaseHeldError) as caught:
        ledger.claim(ScanJob(UPLOAD))
    assert caught.value.until == int(NOW + LEASE_SECONDS)


def test_the_lease_of_a_worker_that_died_ends(ledger: ResultsTable, time: Time) -> None:
    ledger.claim(ScanJob(UPLOAD))
    time.now += LEASE_SECONDS + 1
    assert ledger.claim(ScanJob(UPLOAD)).status is Status.PENDING


@pytest.mark.parametrize("write", ["matched", "copied", "defer", "settle"])
def test_a_worker_that_was_overtaken_can_write_nothing(
    ledger: ResultsTable, dynamodb: Any, time: Time, write: str
) -> None:
    old = ledger.claim(ScanJob(UPLOAD))
    time.now += LEASE_SECONDS + 1
    new = ledger.claim(ScanJob(UPLOAD))
    ledger.settle(UPLOAD, new, Status.CLEAN)
    before = item(dynamodb)
    writes = {
        "matched": lambda: ledger.record_match(UPLOAD, old, MATCH),
        "copied": lambda: ledger.record_copy(UPLOAD, old, COPY, SOURCE),
        "defer": lambda: ledger.defer(UPLOAD, old, "late", 30),
        "settle": lambda: ledger.settle(UPLOAD, old, Status.GONE),
    }
    with pytest.raises(LeaseHeldError):
        writes[write]()
    assert item(dynamodb) == before


def test_deferring_gives_the_lease_back(ledger: ResultsTable, dynamodb: Any) -> None:
    ledger.defer(UPLOAD, ledger.claim(ScanJob(UPLOAD)), "no slot", 30)
    assert item(dynamodb)["reason"] == "no slot"
    assert attention(dynamodb, "DEFERRED") == 1
    record = ledger.claim(ScanJob(UPLOAD))
    assert record.status is Status.DEFERRED
    ledger.settle(UPLOAD, record, Status.CLEAN)
    assert attention(dynamodb, "DEFERRED") == 0
    assert "reason" not in item(dynamodb)


def test_a_settled_version_is_returned_as_it_is(ledger: ResultsTable) -> None:
    ledger.settle(UPLOAD, ledger.claim(ScanJob(UPLOAD)), Status.CLEAN)
    assert ledger.claim(ScanJob(UPLOAD)).status is Status.CLEAN


def test_a_begin_whose_answer_was_lost_and_that_was_sent_again_has_its_lease(dynamodb: Any, results_table: str) -> None:
    """Botocore sends a call again whose answer did not come; the first may have had its effect."""

    class Twice:
        def update_item(self, **asked: Any) -> Any:
            dynamodb.update_item(**asked)
            return dynamodb.update_item(**asked)

    record = ResultsTable(Twice(), results_table, 90).claim(ScanJob(UPLOAD))  # type: ignore[arg-type]
    assert record.status is Status.PENDING
    assert record.lease


def test_a_table_that_is_not_there_is_something_to_try_again(dynamodb: Any) -> None:
    with pytest.raises(RetryableError, match="dynamodb:UpdateItem: ResourceNotFoundException"):
        ResultsTable(dynamodb, "missing", 1).claim(ScanJob(UPLOAD))
