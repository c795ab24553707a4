"""aws/ledger.py against moto's DynamoDB: what is written of a match."""

from dataclasses import replace
from typing import Any

from photodna_guard.aws.results_table import ResultsTable
from photodna_guard.domain.models import MatchFlag, ScanJob, Status, Upload
from tests.aws.results import COPY, MATCH, SOURCE, UPLOAD, Time, as_match, attention, item, quarantined


def test_a_match_is_written_step_by_step(ledger: ResultsTable, dynamodb: Any) -> None:
    record = ledger.claim(ScanJob(UPLOAD))
    ledger.record_match(UPLOAD, record, MATCH)
    ledger.record_copy(UPLOAD, record, COPY, SOURCE)
    ledger.settle(UPLOAD, record, Status.QUARANTINED)
    found = item(dynamodb)
    assert found["matches"] == [{"source": "Other", "match_id": "7", "violations": ["A1"], "distance": 3}]
    assert (found["quarantine_key"], found["quarantine_version"], found["sha256"]) == ("key", "qv", "5ha")
    assert found["tracking_id"] == "T-1"
    assert "expires_at" not in found
    assert attention(dynamodb, "QUARANTINED") == 1


def test_a_deferred_match_stays_a_match_and_knows_its_copy(ledger: ResultsTable) -> None:
    record = ledger.claim(ScanJob(UPLOAD))
    ledger.record_match(UPLOAD, record, MATCH)
    ledger.record_copy(UPLOAD, record, COPY, SOURCE)
    ledger.defer(UPLOAD, as_match(record), "away", 30)
    again = ledger.claim(ScanJob(UPLOAD))
    assert again.status is Status.MATCHED
    assert again.copy == COPY


def test_a_match_that_vanished_before_the_move_asks_for_attention(ledger: ResultsTable, dynamodb: Any) -> None:
    record = ledger.claim(ScanJob(UPLOAD))
    ledger.record_match(UPLOAD, record, MATCH)
    ledger.settle(UPLOAD, as_match(record), Status.GONE, "deleted")
    assert attention(dynamodb, "GONE") == 1


def test_what_is_known_of_a_match_does_not_expire(ledger: ResultsTable, dynamodb: Any) -> None:
    record = ledger.claim(ScanJob(UPLOAD))
    ledger.record_match(UPLOAD, record, MATCH)
    ledger.defer(UPLOAD, as_match(record), "away", 30)
    ledger.settle(UPLOAD, ledger.claim(ScanJob(UPLOAD)), Status.GONE, "deleted")
    assert "expires_at" not in item(dynamodb)


def test_a_test_match_asks_for_no_attention(ledger: ResultsTable, dynamodb: Any) -> None:
    record = replace(ledger.claim(ScanJob(UPLOAD)), is_test=True)
    ledger.settle(UPLOAD, record, Status.QUARANTINED)
    assert attention(dynamodb, "QUARANTINED") == 0


def test_what_the_evidence_needs_is_known_however_often_the_move_is_taken_up(ledger: ResultsTable, time: Time) -> None:
    record = ledger.record_match(UPLOAD, ledger.claim(ScanJob(UPLOAD)), MATCH)
    time.now += 1
    ledger.record_copy(UPLOAD, record, COPY, SOURCE)
    ledger.defer(UPLOAD, record, "away", 30)
    facts = ledger.claim(ScanJob(UPLOAD)).match_attributes
    assert (facts["matched_at"], facts["copied_at"]) == ("2027-01-15T08:00:00.000Z", "2027-01-15T08:00:01.000Z")
    assert (facts["size"], facts["content_type"], facts["metadata"]) == (7, "image/jpeg", {"album": "holiday"})
    assert (facts["source"]["principal"], facts["source"]["source_ip"]) == ("AWS:AIDA", "192.0.2.1")


def test_why_a_match_is_one_outlives_its_deferrals_and_its_end(ledger: ResultsTable, dynamodb: Any) -> None:
    known_hash = replace(MATCH, reason="known-hash")
    record = ledger.record_match(UPLOAD, ledger.claim(ScanJob(UPLOAD)), known_hash)
    ledger.defer(UPLOAD, record, "s3:PutObject: AccessDenied", 30)
    record = ledger.record_copy(UPLOAD, ledger.claim(ScanJob(UPLOAD)), COPY, SOURCE)
    assert ledger.settle(UPLOAD, record, Status.QUARANTINED).reason == "known-hash"
    assert item(dynamodb)["reason"] == "known-hash"


def test_the_bytes_of_what_is_in_quarantine_are_known_again_with_what_was_said_of_them(ledger: ResultsTable) -> None:
    quarantined(ledger)
    assert ledger.find_quarantined_by_sha256("5ha") == replace(MATCH, reason="known-hash")
    assert ledger.find_quarantined_by_sha256("other") is None


def test_a_match_of_the_test_source_is_known_again_as_one(ledger: ResultsTable) -> None:
    quarantined(ledger, verdict=replace(MATCH, flags=(MatchFlag("Test"),)))
    verdict = ledger.find_quarantined_by_sha256("5ha")
    assert verdict
    assert verdict.is_test


def test_bytes_that_are_only_on_their_way_into_quarantine_are_not_known_yet(ledger: ResultsTable) -> None:
    record = ledger.record_match(UPLOAD, ledger.claim(ScanJob(UPLOAD)), MATCH)
    ledger.record_copy(UPLOAD, record, COPY, SOURCE)
    assert ledger.find_quarantined_by_sha256("5ha") is None


def released(dynamodb: Any, upload: Upload) -> None:
    """As the runbook has the operator do it."""
    dynamodb.update_item(
        TableName="results",
        Key={"upload": {"S": upload.id}, "version": {"S": upload.version}},
        UpdateExpression="SET released = :yes",
        ExpressionAttributeValues={":yes": {"BOOL": True}},
    )


def test_a_picture_that_an_operator_released_does_not_count(ledger: ResultsTable, dynamodb: Any) -> None:
    quarantined(ledger)
    released(dynamodb, UPLOAD)
    assert ledger.find_quarantined_by_sha256("5ha") is None


def test_of_several_with_the_same_bytes_one_that_was_not_released_counts(ledger: ResultsTable, dynamodb: Any) -> None:
    for version in ("v1", "v2", "v3"):
        quarantined(ledger, replace(UPLOAD, version_id=version))
    released(dynamodb, UPLOAD)
    assert ledger.find_quarantined_by_sha256("5ha")
