"""aws/results_table.py against moto's DynamoDB: matches."""

from dataclasses import replace
from typing import Any

from photodna_guard.aws.results_table import ResultsTable
from photodna_guard.domain.models import ScanJob, Status, Upload
from photodna_guard.domain.verdicts import MatchFlag
from tests.aws.result_items import as_match, count_needing_attention, quarantine_upload, read_item
from tests.support.clock import ManualClock
from tests.support.factories import COPY, MATCH, SOURCE, UPLOAD


def test_quarantined_item_has_match_and_copy(results: ResultsTable, dynamodb: Any) -> None:
    record = results.claim(ScanJob(UPLOAD))
    results.record_match(UPLOAD, record, MATCH)
    results.record_copy(UPLOAD, record, COPY, SOURCE)
    results.settle(UPLOAD, record, Status.QUARANTINED)
    found = read_item(dynamodb)
    assert found["matches"] == [{"source": "Other", "match_id": "7", "violations": ["A1"], "distance": 3}]
    assert (found["quarantine_key"], found["quarantine_version"], found["sha256"]) == ("key", "qv", "5ha")
    assert found["tracking_id"] == "T-1"
    assert "expires_at" not in found
    assert count_needing_attention(dynamodb, "QUARANTINED") == 1


def test_deferred_match_stays_matched_with_its_copy(results: ResultsTable) -> None:
    record = results.claim(ScanJob(UPLOAD))
    results.record_match(UPLOAD, record, MATCH)
    results.record_copy(UPLOAD, record, COPY, SOURCE)
    results.defer(UPLOAD, as_match(record), "away", 30)
    again = results.claim(ScanJob(UPLOAD))
    assert again.status is Status.MATCHED
    assert again.copy == COPY


def test_match_gone_before_quarantine_needs_attention(results: ResultsTable, dynamodb: Any) -> None:
    record = results.claim(ScanJob(UPLOAD))
    results.record_match(UPLOAD, record, MATCH)
    results.settle(UPLOAD, as_match(record), Status.GONE, "deleted")
    assert count_needing_attention(dynamodb, "GONE") == 1


def test_match_never_expires(results: ResultsTable, dynamodb: Any) -> None:
    record = results.claim(ScanJob(UPLOAD))
    results.record_match(UPLOAD, record, MATCH)
    results.defer(UPLOAD, as_match(record), "away", 30)
    results.settle(UPLOAD, results.claim(ScanJob(UPLOAD)), Status.GONE, "deleted")
    assert "expires_at" not in read_item(dynamodb)


def test_test_match_needs_no_attention(results: ResultsTable, dynamodb: Any) -> None:
    record = replace(results.claim(ScanJob(UPLOAD)), is_test=True)
    results.settle(UPLOAD, record, Status.QUARANTINED)
    assert count_needing_attention(dynamodb, "QUARANTINED") == 0


def test_claim_returns_the_facts_for_the_evidence(results: ResultsTable, clock: ManualClock) -> None:
    record = results.record_match(UPLOAD, results.claim(ScanJob(UPLOAD)), MATCH)
    clock.now += 1
    results.record_copy(UPLOAD, record, COPY, SOURCE)
    results.defer(UPLOAD, record, "away", 30)
    facts = results.claim(ScanJob(UPLOAD)).match_attributes
    assert (facts["matched_at"], facts["copied_at"]) == ("2027-01-15T08:00:00.000Z", "2027-01-15T08:00:01.000Z")
    assert (facts["size"], facts["content_type"], facts["metadata"]) == (7, "image/jpeg", {"album": "holiday"})
    assert (facts["source"]["principal"], facts["source"]["source_ip"]) == ("AWS:AIDA", "192.0.2.1")


def test_reason_of_a_match_outlives_defer_and_settle(results: ResultsTable, dynamodb: Any) -> None:
    known_hash = replace(MATCH, reason="known-hash")
    record = results.record_match(UPLOAD, results.claim(ScanJob(UPLOAD)), known_hash)
    results.defer(UPLOAD, record, "s3:PutObject: AccessDenied", 30)
    record = results.record_copy(UPLOAD, results.claim(ScanJob(UPLOAD)), COPY, SOURCE)
    assert results.settle(UPLOAD, record, Status.QUARANTINED).reason == "known-hash"
    assert read_item(dynamodb)["reason"] == "known-hash"


def test_known_hash_returns_the_match(results: ResultsTable) -> None:
    quarantine_upload(results)
    assert results.find_quarantined_by_sha256("5ha") == replace(MATCH, reason="known-hash")
    assert results.find_quarantined_by_sha256("other") is None


def test_known_hash_of_a_test_match_is_a_test(results: ResultsTable) -> None:
    quarantine_upload(results, verdict=replace(MATCH, flags=(MatchFlag("Test"),)))
    verdict = results.find_quarantined_by_sha256("5ha")
    assert verdict
    assert verdict.is_test


def test_unquarantined_bytes_are_no_known_hash(results: ResultsTable) -> None:
    record = results.record_match(UPLOAD, results.claim(ScanJob(UPLOAD)), MATCH)
    results.record_copy(UPLOAD, record, COPY, SOURCE)
    assert results.find_quarantined_by_sha256("5ha") is None


def released(dynamodb: Any, upload: Upload) -> None:
    """As the runbook has the operator do it."""
    dynamodb.update_item(
        TableName="results",
        Key={"upload": {"S": upload.id}, "version": {"S": upload.version}},
        UpdateExpression="SET released = :yes",
        ExpressionAttributeValues={":yes": {"BOOL": True}},
    )


def test_released_picture_is_no_known_hash(results: ResultsTable, dynamodb: Any) -> None:
    quarantine_upload(results)
    released(dynamodb, UPLOAD)
    assert results.find_quarantined_by_sha256("5ha") is None


def test_known_hash_skips_released_records(results: ResultsTable, dynamodb: Any) -> None:
    for version in ("v1", "v2", "v3"):
        quarantine_upload(results, replace(UPLOAD, version_id=version))
    released(dynamodb, UPLOAD)
    assert results.find_quarantined_by_sha256("5ha")
