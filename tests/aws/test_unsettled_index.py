"""aws/unsettled_index.py against moto's DynamoDB: what the sweep finds and may redeliver."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from typing import Any

import pytest

from photodna_guard.aws.results_table import LEASE_SECONDS, REDELIVER_AFTER_SECONDS, ResultsTable
from photodna_guard.aws.table import Table
from photodna_guard.aws.unsettled_index import UnsettledIndex
from photodna_guard.domain.models import ScanJob, Status, UnsettledRecord, Upload
from tests.aws.result_items import read_item
from tests.support.clock import NOW, ManualClock
from tests.support.factories import MATCH, UNVERSIONED_UPLOAD, UPLOAD


@pytest.fixture
def unsettled(dynamodb: Any, results_table: str) -> UnsettledIndex:
    return UnsettledIndex(Table(dynamodb, results_table))


def iter_all(unsettled: UnsettledIndex) -> Iterator[UnsettledRecord]:
    """Yield the records of both queues."""
    return chain(unsettled.iter_unsettled("retry"), unsettled.iter_unsettled("backfill"))


def only(unsettled: UnsettledIndex) -> UnsettledRecord:
    (waiting,) = iter_all(unsettled)
    return waiting


def test_claimed_upload_is_unsettled_since_its_claim(results: ResultsTable, unsettled: UnsettledIndex) -> None:
    results.claim(ScanJob(UPLOAD))
    assert only(unsettled) == UnsettledRecord(
        UPLOAD.id, "v1", "retry", NOW, int(NOW) + REDELIVER_AFTER_SECONDS["retry"]
    )


def test_uploads_of_all_partitions_are_found(results: ResultsTable, unsettled: UnsettledIndex) -> None:
    keys = {f"{n}.jpg" for n in range(20)}
    for key in keys:
        results.claim(ScanJob(Upload("uploads", key, "etag", "v1")))
    assert {waiting.upload.removeprefix("uploads/") for waiting in iter_all(unsettled)} == keys


def test_message_is_overdue_long_after_lease_and_delay(results: ResultsTable, unsettled: UnsettledIndex) -> None:
    record = results.claim(ScanJob(UPLOAD))
    assert only(unsettled).overdue > NOW + LEASE_SECONDS
    results.defer(UPLOAD, record, "paused", 900)
    assert only(unsettled).overdue == int(NOW) + 900 + REDELIVER_AFTER_SECONDS["retry"]


def test_backfill_message_is_overdue_after_a_day(
    dynamodb: Any, results_table: str, unsettled: UnsettledIndex, clock: ManualClock
) -> None:
    ResultsTable(dynamodb, results_table, 90, "backfill", clock).claim(ScanJob(UPLOAD))
    assert (only(unsettled).queue, only(unsettled).overdue) == ("backfill", int(NOW) + 86400)


def test_retry_claim_takes_over_a_backfill_record(
    dynamodb: Any, results_table: str, results: ResultsTable, unsettled: UnsettledIndex, clock: ManualClock
) -> None:
    backfill = ResultsTable(dynamodb, results_table, 90, "backfill", clock)
    backfill.defer(UPLOAD, backfill.claim(ScanJob(UPLOAD)), "no slot", 30)
    results.claim(ScanJob(UPLOAD))
    assert only(unsettled).queue == "retry"


@pytest.mark.parametrize("upload", [UPLOAD, UNVERSIONED_UPLOAD, Upload("uploads", "a/b/c.jpg", "etag", "v1")])
def test_claim_returns_the_upload_of_its_event(
    results: ResultsTable, unsettled: UnsettledIndex, upload: Upload
) -> None:
    results.claim(ScanJob(upload))
    assert unsettled.claim(only(unsettled), int(NOW)) == upload


def test_second_sweep_claims_nothing(results: ResultsTable, unsettled: UnsettledIndex) -> None:
    results.claim(ScanJob(UPLOAD))
    one = another = only(unsettled)
    assert unsettled.claim(one, one.overdue)
    assert unsettled.claim(another, one.overdue) is None


def test_upload_claimed_meanwhile_is_not_redelivered(
    results: ResultsTable, unsettled: UnsettledIndex, clock: ManualClock
) -> None:
    results.claim(ScanJob(UPLOAD))
    seen = only(unsettled)
    clock.now += LEASE_SECONDS + 1
    results.claim(ScanJob(UPLOAD))
    assert unsettled.claim(seen, int(clock.now)) is None


def test_upload_settled_meanwhile_is_not_redelivered(
    results: ResultsTable, unsettled: UnsettledIndex, dynamodb: Any
) -> None:
    record = results.claim(ScanJob(UPLOAD))
    seen = only(unsettled)
    results.settle(UPLOAD, record, Status.CLEAN)
    assert unsettled.claim(seen, int(NOW)) is None
    assert "redeliver_at" not in read_item(dynamodb)


def test_redelivery_interval_grows_with_the_age(results: ResultsTable, unsettled: UnsettledIndex) -> None:
    results.claim(ScanJob(UPLOAD))
    for age, patience in ((60, 1800), (1801, 1801), (3602, 3602), (7204, 7204)):
        assert unsettled.claim(only(unsettled), int(NOW) + age)
        assert only(unsettled).overdue == int(NOW) + age + patience


@pytest.mark.parametrize("status", [s for s in Status if s.settled])
def test_settled_upload_is_found_until_published(
    results: ResultsTable, unsettled: UnsettledIndex, status: Status
) -> None:
    results.settle(UPLOAD, results.claim(ScanJob(UPLOAD)), status)
    assert len(list(iter_all(unsettled))) == (status is not Status.CLEAN)
    results.mark_published(UPLOAD)
    assert list(iter_all(unsettled)) == []


def test_only_a_held_match_is_found_as_held(
    results: ResultsTable, unsettled: UnsettledIndex, clock: ManualClock
) -> None:
    results.claim(ScanJob(UNVERSIONED_UPLOAD))
    record = results.record_match(UPLOAD, results.claim(ScanJob(UPLOAD)), MATCH)
    assert list(unsettled.iter_held()) == []
    results.hold_for_operator(UPLOAD, record, "observe mode")
    assert [waiting.upload for waiting in unsettled.iter_held()] == [UPLOAD.id]
    assert [waiting.upload for waiting in iter_all(unsettled)] == [UNVERSIONED_UPLOAD.id]
    (held,) = unsettled.iter_held()
    assert held.overdue <= NOW


def test_claimed_held_match_is_unsettled_again(results: ResultsTable, unsettled: UnsettledIndex) -> None:
    record = results.record_match(UPLOAD, results.claim(ScanJob(UPLOAD)), MATCH)
    results.hold_for_operator(UPLOAD, record, "observe mode")
    (held,) = unsettled.iter_held()
    assert unsettled.claim(held, int(NOW)) == UPLOAD
    results.claim(ScanJob(UPLOAD))
    assert list(unsettled.iter_held()) == []
    assert only(unsettled).upload == UPLOAD.id


def test_all_pages_of_the_index_are_read(results: ResultsTable, unsettled: UnsettledIndex, dynamodb: Any) -> None:
    for version in range(7):
        results.claim(ScanJob(replace(UPLOAD, version_id=f"v{version}")))

    def small_pages(params: dict[str, Any], **_: Any) -> None:
        params["Limit"] = 3

    dynamodb.meta.events.register("provide-client-params.dynamodb.Query", small_pages)
    assert len(list(iter_all(unsettled))) == 7
