"""aws/results_table.py against moto's DynamoDB: a settled record that is opened again."""

from dataclasses import replace
from typing import Any

import pytest

from photodna_guard.aws.results_table import ResultsTable
from photodna_guard.domain.models import QuarantinedCopy, ScanJob, Status, Upload
from photodna_guard.domain.timestamps import to_iso
from tests.aws.result_items import count_needing_attention, quarantine_upload, read_item
from tests.support.clock import ManualClock
from tests.support.factories import COPY, MATCH, SOURCE, UNVERSIONED_UPLOAD, UPLOAD


def test_unversioned_same_bytes_reopen_the_record(results: ResultsTable) -> None:
    """Otherwise a picture that was quarantined once could be uploaded again and stay."""
    results.settle(UNVERSIONED_UPLOAD, results.claim(ScanJob(UNVERSIONED_UPLOAD)), Status.QUARANTINED)
    later = Upload("uploads", "a.jpg", "etag", sequencer="00100A")
    assert results.claim(ScanJob(later)).status is Status.PENDING


def test_same_or_earlier_event_does_not_reopen_the_record(results: ResultsTable) -> None:
    results.settle(UNVERSIONED_UPLOAD, results.claim(ScanJob(UNVERSIONED_UPLOAD)), Status.CLEAN)
    for sequencer in ("0010", "001000", "000F", ""):
        again = Upload("uploads", "a.jpg", "etag", sequencer=sequencer)
        assert results.claim(ScanJob(again)).status is Status.CLEAN


def test_event_never_reopens_a_version(results: ResultsTable) -> None:
    results.settle(UPLOAD, results.claim(ScanJob(UPLOAD)), Status.CLEAN)
    later = Upload("uploads", "a b+c.jpg", "etag", "v1", sequencer="FFFF")
    assert results.claim(ScanJob(later)).status is Status.CLEAN


def test_redriven_failed_upload_starts_anew(results: ResultsTable) -> None:
    results.settle(UPLOAD, results.claim(ScanJob(UPLOAD)), Status.FAILED, "http-500")
    assert results.claim(ScanJob(UPLOAD)).status is Status.FAILED
    assert results.claim(ScanJob(UPLOAD, redriven=True)).status is Status.PENDING


RESCAN = ScanJob(UPLOAD, rescan=True)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (Status.GONE, "deleted"),
        (Status.UNSCANNABLE, "archived"),
        (Status.UNSCANNABLE, "kms-key"),
        # Its message may have left the dead-letter queue: this is the only way back.
        (Status.FAILED, "http-500"),
    ],
)
def test_rescan_reopens_what_may_have_passed(results: ResultsTable, status: Status, reason: str) -> None:
    results.settle(UPLOAD, results.claim(ScanJob(UPLOAD)), status, reason)
    assert results.claim(ScanJob(UPLOAD)).status is status
    assert results.claim(RESCAN).status is Status.PENDING


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (Status.CLEAN, ""),
        (Status.SKIPPED, "empty"),
        (Status.QUARANTINED, ""),
        (Status.UNSCANNABLE, "customer-key"),
        (Status.UNSCANNABLE, "damaged"),
        (Status.UNSCANNABLE, "service-3206"),
    ],
)
def test_rescan_leaves_every_other_result(results: ResultsTable, status: Status, reason: str) -> None:
    results.settle(UPLOAD, results.claim(ScanJob(UPLOAD)), status, reason)
    assert results.claim(RESCAN).status is status


@pytest.mark.parametrize("status", [Status.CLEAN, Status.SKIPPED, Status.UNSCANNABLE, Status.FAILED, Status.GONE])
def test_rescan_by_an_operator_reopens_every_earlier_result_once(
    results: ResultsTable, clock: ManualClock, status: Status
) -> None:
    results.settle(UPLOAD, results.claim(ScanJob(UPLOAD)), status, "why")
    asked = ScanJob(UPLOAD, rescan=True, reopen_settled_until=to_iso(clock.now))
    again = results.claim(asked)
    assert again.status is Status.PENDING
    clock.now += 1
    results.settle(UPLOAD, again, Status.CLEAN)
    assert results.claim(asked).status is Status.CLEAN


def test_rescan_by_an_operator_leaves_a_match_and_a_later_result(results: ResultsTable, clock: ManualClock) -> None:
    results.settle(UPLOAD, results.claim(ScanJob(UPLOAD)), Status.QUARANTINED)
    later = replace(UPLOAD, version_id="v2")
    results.settle(later, results.claim(ScanJob(later)), Status.CLEAN)
    for upload, until, status in ((UPLOAD, clock.now + 9, Status.QUARANTINED), (later, clock.now - 1, Status.CLEAN)):
        asked = ScanJob(upload, rescan=True, reopen_settled_until=to_iso(until))
        assert results.claim(asked).status is status
    # Without `rescan`, as a job has it after its first claim, the time says nothing.
    asked = ScanJob(later, reopen_settled_until=to_iso(clock.now + 9))
    assert results.claim(asked).status is Status.CLEAN


def test_rescan_of_a_vanished_match_resumes_it(results: ResultsTable, dynamodb: Any) -> None:
    """Its version is there after all. The verdict stands, so that the service need not be asked again."""
    record = results.record_match(UPLOAD, results.claim(ScanJob(UPLOAD)), MATCH)
    results.settle(UPLOAD, record, Status.GONE, "deleted")
    again = results.claim(RESCAN)
    assert (again.status, again.is_test, again.reason) == (Status.MATCHED, False, "")
    assert again.match_attributes["matches"][0]["source"] == "Other"
    copied = results.record_copy(UPLOAD, again, COPY, SOURCE)
    results.settle(UPLOAD, copied, Status.QUARANTINED)
    assert count_needing_attention(dynamodb, "QUARANTINED") == 1


def test_reopened_record_keeps_its_previous_match(results: ResultsTable, dynamodb: Any) -> None:
    first = results.claim(ScanJob(UNVERSIONED_UPLOAD))
    results.record_match(UNVERSIONED_UPLOAD, first, MATCH)
    results.record_copy(UNVERSIONED_UPLOAD, first, COPY, SOURCE)
    results.settle(UNVERSIONED_UPLOAD, first, Status.QUARANTINED)
    again = results.claim(ScanJob(Upload("uploads", "a.jpg", "etag", sequencer="0011")))
    assert again.copy is None
    results.settle(UNVERSIONED_UPLOAD, again, Status.GONE, "deleted")
    found = read_item(dynamodb, UNVERSIONED_UPLOAD)
    assert found["matches"] == []
    assert found["previous_matches"][0]["quarantine_version"] == "qv"
    assert found["previous_matches"][0]["matches"][0]["source"] == "Other"
    assert "expires_at" not in found


def test_reopened_match_still_needs_attention(results: ResultsTable, dynamodb: Any) -> None:
    first = results.claim(ScanJob(UNVERSIONED_UPLOAD))
    results.record_match(UNVERSIONED_UPLOAD, first, MATCH)
    results.record_copy(UNVERSIONED_UPLOAD, first, COPY, SOURCE)
    results.settle(UNVERSIONED_UPLOAD, first, Status.QUARANTINED)
    again = results.claim(ScanJob(Upload("uploads", "a.jpg", "etag", sequencer="0011")))
    assert count_needing_attention(dynamodb, "QUARANTINED") == 1
    results.settle(UNVERSIONED_UPLOAD, again, Status.GONE, "deleted")
    assert count_needing_attention(dynamodb, "QUARANTINED") == 1


def test_previous_matches_do_not_outgrow_the_item(results: ResultsTable, dynamodb: Any) -> None:
    """An uploader could otherwise have the same match refused by DynamoDB, and so left where it is."""
    for n in range(22):
        again = ScanJob(Upload("uploads", "a.jpg", "etag", sequencer=f"{n:04X}"))
        record = results.claim(again)
        results.record_copy(UNVERSIONED_UPLOAD, record, QuarantinedCopy("key", f"qv{n}", "5ha", 7), SOURCE)
        results.settle(UNVERSIONED_UPLOAD, record, Status.QUARANTINED)
    assert len(read_item(dynamodb, UNVERSIONED_UPLOAD)["previous_matches"]) == 20
    assert read_item(dynamodb, UNVERSIONED_UPLOAD)["quarantine_version"] == "qv21"


def test_record_of_version_0_1_is_read(results: ResultsTable, dynamodb: Any) -> None:
    """Version 0.1 wrote a copy down without its size: such results stay for years, and their events may be repeated."""
    quarantine_upload(results)
    dynamodb.update_item(
        TableName="results",
        Key={"upload": {"S": UPLOAD.id}, "version": {"S": UPLOAD.version}},
        UpdateExpression="REMOVE #size, copied_at, metadata, content_type, last_modified, matched_at, #source",
        ExpressionAttributeNames={"#source": "source", "#size": "size"},
    )
    assert results.claim(ScanJob(UPLOAD)).status is Status.QUARANTINED


def test_evidence_key_stays_with_the_previous_match(results: ResultsTable, dynamodb: Any) -> None:
    record = results.record_match(UNVERSIONED_UPLOAD, results.claim(ScanJob(UNVERSIONED_UPLOAD)), MATCH)
    record = results.record_copy(UNVERSIONED_UPLOAD, record, COPY, SOURCE)
    results.settle(UNVERSIONED_UPLOAD, record, Status.QUARANTINED, evidence_key="key.first.json")
    results.claim(ScanJob(Upload("uploads", "a.jpg", "etag", sequencer="0011")))
    found = read_item(dynamodb, UNVERSIONED_UPLOAD)
    assert "evidence_key" not in found
    assert found["previous_matches"][0]["evidence_key"] == "key.first.json"
