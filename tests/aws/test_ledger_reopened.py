"""aws/ledger.py against moto's DynamoDB: a settled record that is opened again."""

from typing import Any

from photodna_guard.aws.results_table import ResultsTable
from photodna_guard.domain.models import QuarantinedCopy, ScanJob, Status, Upload
from tests.aws.results import COPY, MATCH, SOURCE, UNVERSIONED, UPLOAD, attention, item, quarantined


def test_the_same_bytes_uploaded_again_without_versions_are_another_upload(ledger: ResultsTable) -> None:
    """Otherwise a picture that was quarantined once could be uploaded again and stay."""
    ledger.settle(UNVERSIONED, ledger.claim(ScanJob(UNVERSIONED)), Status.QUARANTINED)
    later = Upload("uploads", "a.jpg", "etag", sequencer="00100A")
    assert ledger.claim(ScanJob(later)).status is Status.PENDING


def test_an_event_of_the_same_upload_or_of_an_earlier_one_is_no_other_upload(ledger: ResultsTable) -> None:
    ledger.settle(UNVERSIONED, ledger.claim(ScanJob(UNVERSIONED)), Status.CLEAN)
    for sequencer in ("0010", "001000", "000F", ""):
        again = Upload("uploads", "a.jpg", "etag", sequencer=sequencer)
        assert ledger.claim(ScanJob(again)).status is Status.CLEAN


def test_a_version_that_s3_names_is_never_opened_again_by_an_event(ledger: ResultsTable) -> None:
    ledger.settle(UPLOAD, ledger.claim(ScanJob(UPLOAD)), Status.CLEAN)
    later = Upload("uploads", "a b+c.jpg", "etag", "v1", sequencer="FFFF")
    assert ledger.claim(ScanJob(later)).status is Status.CLEAN


def test_an_operator_can_have_a_failed_upload_tried_anew(ledger: ResultsTable) -> None:
    ledger.settle(UPLOAD, ledger.claim(ScanJob(UPLOAD)), Status.FAILED, "http-500")
    assert ledger.claim(ScanJob(UPLOAD)).status is Status.FAILED
    assert ledger.claim(ScanJob(UPLOAD, redriven=True)).status is Status.PENDING


def test_what_a_reopened_record_knew_of_evidence_is_kept(ledger: ResultsTable, dynamodb: Any) -> None:
    first = ledger.claim(ScanJob(UNVERSIONED))
    ledger.record_match(UNVERSIONED, first, MATCH)
    ledger.record_copy(UNVERSIONED, first, COPY, SOURCE)
    ledger.settle(UNVERSIONED, first, Status.QUARANTINED)
    again = ledger.claim(ScanJob(Upload("uploads", "a.jpg", "etag", sequencer="0011")))
    assert again.copy is None
    ledger.settle(UNVERSIONED, again, Status.GONE, "deleted")
    found = item(dynamodb, UNVERSIONED)
    assert found["matches"] == []
    assert found["previous_matches"][0]["quarantine_version"] == "qv"
    assert found["previous_matches"][0]["matches"][0]["source"] == "Other"
    assert "expires_at" not in found


def test_a_quarantined_match_keeps_asking_for_attention_though_its_bytes_were_uploaded_again(
    ledger: ResultsTable, dynamodb: Any
) -> None:
    first = ledger.claim(ScanJob(UNVERSIONED))
    ledger.record_match(UNVERSIONED, first, MATCH)
    ledger.record_copy(UNVERSIONED, first, COPY, SOURCE)
    ledger.settle(UNVERSIONED, first, Status.QUARANTINED)
    again = ledger.claim(ScanJob(Upload("uploads", "a.jpg", "etag", sequencer="0011")))
    assert attention(dynamodb, "QUARANTINED") == 1
    ledger.settle(UNVERSIONED, again, Status.GONE, "deleted")
    assert attention(dynamodb, "QUARANTINED") == 1


def test_what_is_kept_of_earlier_matches_does_not_outgrow_the_record(ledger: ResultsTable, dynamodb: Any) -> None:
    """An uploader could otherwise have the same match refused by DynamoDB, and so left where it is."""
    for n in range(22):
        again = ScanJob(Upload("uploads", "a.jpg", "etag", sequencer=f"{n:04X}"))
        record = ledger.claim(again)
        ledger.record_copy(UNVERSIONED, record, QuarantinedCopy("key", f"qv{n}", "5ha", 7), SOURCE)
        ledger.settle(UNVERSIONED, record, Status.QUARANTINED)
    assert len(item(dynamodb, UNVERSIONED)["previous_matches"]) == 20
    assert item(dynamodb, UNVERSIONED)["quarantine_version"] == "qv21"


def test_a_record_of_an_earlier_version_of_this_software_is_read_as_it_is(ledger: ResultsTable, dynamodb: Any) -> None:
    """Version 0.1 wrote a copy down without its size: such results stay for years, and their events may be repeated."""
    quarantined(ledger)
    dynamodb.update_item(
        TableName="results",
        Key={"upload": {"S": UPLOAD.id}, "version": {"S": UPLOAD.version}},
        UpdateExpression="REMOVE #size, copied_at, metadata, content_type, last_modified, matched_at, #source",
        ExpressionAttributeNames={"#source": "source", "#size": "size"},
    )
    assert ledger.claim(ScanJob(UPLOAD)).status is Status.QUARANTINED


def test_the_evidence_record_of_an_earlier_upload_is_kept_as_that_ones(ledger: ResultsTable, dynamodb: Any) -> None:
    record = ledger.record_match(UNVERSIONED, ledger.claim(ScanJob(UNVERSIONED)), MATCH)
    record = ledger.record_copy(UNVERSIONED, record, COPY, SOURCE)
    ledger.settle(UNVERSIONED, record, Status.QUARANTINED, evidence_key="key.first.json")
    ledger.claim(ScanJob(Upload("uploads", "a.jpg", "etag", sequencer="0011")))
    found = item(dynamodb, UNVERSIONED)
    assert "evidence_key" not in found
    assert found["previous_matches"][0]["evidence_key"] == "key.first.json"
