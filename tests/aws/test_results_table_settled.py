"""aws/results_table.py against moto's DynamoDB: held matches, and what is written after settling."""

from typing import Any

import pytest

from photodna_guard.aws.results_table import ResultsTable
from photodna_guard.domain.models import ScanJob, Status, Upload
from tests.aws.result_items import count_needing_attention, quarantine_upload, read_item
from tests.support.factories import COPY, MATCH, SOURCE, UNVERSIONED_UPLOAD, UPLOAD


def settled(results: ResultsTable, status: Status, upload: Upload = UPLOAD) -> None:
    results.settle(upload, results.claim(ScanJob(upload)), status)


def test_held_match_has_a_reason_and_no_lease(results: ResultsTable, dynamodb: Any) -> None:
    record = results.record_match(UPLOAD, results.claim(ScanJob(UPLOAD)), MATCH)
    results.hold_for_operator(UPLOAD, record, "observe mode")
    found = read_item(dynamodb)
    assert (found["status"], found["hold_reason"], found["unsettled"]) == ("MATCHED", "observe mode", "held")
    assert "lease" not in found
    assert count_needing_attention(dynamodb, "MATCHED") == 1


def test_quarantined_match_is_no_longer_held(results: ResultsTable, dynamodb: Any) -> None:
    record = results.record_match(UPLOAD, results.claim(ScanJob(UPLOAD)), MATCH)
    results.hold_for_operator(UPLOAD, record, "observe mode")
    again = results.claim(ScanJob(UPLOAD))
    assert read_item(dynamodb)["unsettled"] != "held"
    results.settle(UPLOAD, results.record_copy(UPLOAD, again, COPY, SOURCE), Status.QUARANTINED)
    assert "hold_reason" not in read_item(dynamodb)


@pytest.mark.parametrize("status", [s for s in Status if s.settled and s is not Status.CLEAN])
def test_settled_upload_is_unpublished_until_marked(results: ResultsTable, dynamodb: Any, status: Status) -> None:
    record = results.claim(ScanJob(UPLOAD))
    assert not results.settle(UPLOAD, record, status).published
    assert not results.claim(ScanJob(UPLOAD)).published
    results.mark_published(UPLOAD)
    assert results.claim(ScanJob(UPLOAD)).published
    assert not {"unsettled", "redeliver_at", "queue"} & read_item(dynamodb).keys()


def test_clean_upload_needs_no_event(results: ResultsTable) -> None:
    settled(results, Status.CLEAN)
    assert results.claim(ScanJob(UPLOAD)).published


def test_mark_published_of_a_reopened_record_changes_nothing(results: ResultsTable, dynamodb: Any) -> None:
    settled(results, Status.SKIPPED, UNVERSIONED_UPLOAD)
    results.claim(ScanJob(Upload("uploads", "a.jpg", "etag", sequencer="0011")))
    results.mark_published(UNVERSIONED_UPLOAD)
    assert "unsettled" in read_item(dynamodb, UNVERSIONED_UPLOAD)


def test_untagged_upload_needs_attention(results: ResultsTable, dynamodb: Any) -> None:
    settled(results, Status.CLEAN)
    results.mark_tagged(UPLOAD, Status.CLEAN, done=False)
    assert count_needing_attention(dynamodb, "UNTAGGED") == 1
    assert results.claim(ScanJob(UPLOAD)).untagged
    assert read_item(dynamodb)["status"] == "CLEAN"


@pytest.mark.parametrize(("status", "left"), [(Status.CLEAN, 0), (Status.SKIPPED, 0), (Status.UNSCANNABLE, 1)])
def test_tagged_upload_needs_attention_only_by_status(
    results: ResultsTable, dynamodb: Any, status: Status, left: int
) -> None:
    settled(results, status)
    results.mark_tagged(UPLOAD, status, done=False)
    results.mark_tagged(UPLOAD, status, done=True)
    assert count_needing_attention(dynamodb, "UNTAGGED") == 0
    assert count_needing_attention(dynamodb, status.value) == left
    assert not results.claim(ScanJob(UPLOAD)).untagged


def test_source_is_kept_only_if_the_item_never_expires(results: ResultsTable, dynamodb: Any) -> None:
    settled(results, Status.CLEAN, UNVERSIONED_UPLOAD)
    assert "source" not in read_item(dynamodb, UNVERSIONED_UPLOAD)
    quarantine_upload(results)
    assert read_item(dynamodb)["source"]["principal"] == "AWS:AIDA"
