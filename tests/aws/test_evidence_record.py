"""The quarantine workflow with the real table and buckets: the evidence record beside the copy."""

import hashlib
import json
from typing import Any

import pytest

from photodna_guard.aws.deletion_limit import DeletionLimit
from photodna_guard.aws.quarantine_bucket import QuarantineBucket
from photodna_guard.aws.results_table import ResultsTable
from photodna_guard.aws.table import Table
from photodna_guard.aws.upload_bucket import UploadBucket
from photodna_guard.domain.errors import AwaitingOperatorError, ObjectGoneError, RetryableError
from photodna_guard.domain.models import ScanJob, Status, Upload
from photodna_guard.scanning.quarantine_workflow import QuarantineWorkflow
from tests.aws.locked_bucket import LockedBucket
from tests.support.clock import ManualClock
from tests.support.factories import MATCH
from tests.support.schemas import assert_valid

KEY, METADATA = "ordner/a b+c 😀.jpg", {"caption": 'tab\there "quoted" ' + "x" * 1000}


@pytest.fixture
def bucket() -> LockedBucket:
    return LockedBucket()


@pytest.fixture
def upload(s3: Any, upload_bucket: str) -> Upload:
    put = s3.put_object(
        Bucket="uploads", Key=KEY, Body=b"picture", ContentType="image/jpeg", Metadata=METADATA, Tagging="owner=user"
    )
    return Upload("uploads", KEY, put["ETag"].strip('"'), put["VersionId"], 7, "0A", "", "AWS:AIDA", "192.0.2.1")


@pytest.fixture
def move(
    dynamodb: Any, s3: Any, results: ResultsTable, rate_limiter_table: str, bucket: LockedBucket, clock: ManualClock
) -> QuarantineWorkflow:
    quarantine = QuarantineBucket(bucket, "quarantine", "GOVERNANCE", 365, now=clock)  # type: ignore[arg-type]
    bound = DeletionLimit(Table(dynamodb, "limiter", clock), 1, clock)
    return QuarantineWorkflow(results, UploadBucket(s3), quarantine, bound, now=clock)


def quarantine_upload(move: QuarantineWorkflow, results: ResultsTable, upload: Upload) -> None:
    record = results.claim(ScanJob(upload))
    if record.status is not Status.MATCHED:
        record = move.mark_matched(upload, record, MATCH)
    move.resume(upload, record)


def read_evidence(bucket: LockedBucket) -> dict[str, Any]:
    """Return the one evidence record. Check its schema, and that it is beside the copy, under the same lock."""
    (found,) = [version for version in bucket.versions if version.key.endswith(".json")]
    (copy,) = [version for version in bucket.versions if not version.key.endswith(".json")]
    record: dict[str, Any] = json.loads(found.body)
    assert_valid(record, "evidence-1")
    assert (record["copy"]["key"], record["copy"]["version_id"]) == (copy.key, copy.id)
    assert found.key.startswith(copy.key)
    assert found.lock == copy.lock
    assert "://" not in found.body.decode()
    return record


def test_evidence_has_what_s3_and_service_returned(
    move: QuarantineWorkflow, results: ResultsTable, upload: Upload, bucket: LockedBucket
) -> None:
    quarantine_upload(move, results, upload)
    record = read_evidence(bucket)
    source = record["source"]
    assert (source["key"], source["version_id"], source["size"]) == (KEY, upload.version_id, 7)
    assert (source["content_type"], source["metadata"]) == ("image/jpeg", METADATA)
    assert source["last_modified"]
    assert source["tags"] == {"owner": "user"}
    assert record["uploader"] == {"principal": "AWS:AIDA", "source_ip": "192.0.2.1", "event_time": None}
    assert record["answer"]["match_flags"][0]["distance"] == 3
    assert record["copy"]["sha256"] == hashlib.sha256(b"picture").hexdigest()


def test_only_the_source_is_deleted(move: QuarantineWorkflow, results: ResultsTable, upload: Upload, s3: Any) -> None:
    later = s3.put_object(Bucket="uploads", Key=KEY, Body=b"another")["VersionId"]
    quarantine_upload(move, results, upload)
    assert [v["VersionId"] for v in s3.list_object_versions(Bucket="uploads")["Versions"]] == [later]


def test_resumed_quarantine_leaves_one_copy_and_one_record(
    move: QuarantineWorkflow, results: ResultsTable, upload: Upload, bucket: LockedBucket, clock: ManualClock
) -> None:
    bucket.failures = {"GetObjectRetention": ["InternalError"]}
    with pytest.raises(RetryableError):
        quarantine_upload(move, results, upload)
    clock.now += 1000
    quarantine_upload(move, results, upload)
    assert [step["at"] for step in read_evidence(bucket)["steps"]][1:3] == [
        "2027-01-15T08:00:00.000Z",
        "2027-01-15T08:16:40.000Z",
    ]


def test_copy_of_deleted_source_has_evidence_without_headers(
    move: QuarantineWorkflow, results: ResultsTable, upload: Upload, bucket: LockedBucket, s3: Any, clock: ManualClock
) -> None:
    bucket.failures = {"GetObjectRetention": ["InternalError"]}
    with pytest.raises(RetryableError):
        quarantine_upload(move, results, upload)
    s3.delete_object(Bucket="uploads", Key=KEY, VersionId=upload.version_id)
    clock.now += 1000
    quarantine_upload(move, results, upload)
    record = read_evidence(bucket)
    assert (record["source"]["content_type"], record["source"]["last_modified"]) == (None, None)
    assert record["source"]["size"] == 7


def test_match_deleted_before_its_copy_is_gone(
    move: QuarantineWorkflow, results: ResultsTable, upload: Upload, bucket: LockedBucket, s3: Any
) -> None:
    s3.delete_object(Bucket="uploads", Key=KEY, VersionId=upload.version_id)
    with pytest.raises(ObjectGoneError):
        quarantine_upload(move, results, upload)
    assert bucket.versions == []


def test_match_beyond_the_limit_is_copied_and_not_deleted(
    move: QuarantineWorkflow, results: ResultsTable, upload: Upload, bucket: LockedBucket, s3: Any
) -> None:
    s3.put_object(Bucket="uploads", Key="b.jpg", Body=b"another")
    quarantine_upload(move, results, upload)
    second = s3.list_object_versions(Bucket="uploads", Prefix="b.jpg")["Versions"][0]
    with pytest.raises(AwaitingOperatorError):
        quarantine_upload(move, results, Upload("uploads", "b.jpg", second["ETag"].strip('"'), second["VersionId"]))
    assert s3.list_object_versions(Bucket="uploads")["Versions"][0]["VersionId"] == second["VersionId"]
    assert len([version for version in bucket.versions if not version.key.endswith(".json")]) == 2


def test_unversioned_same_bytes_have_one_copy_and_two_records(
    move: QuarantineWorkflow, results: ResultsTable, bucket: LockedBucket, s3: Any, dynamodb: Any, clock: ManualClock
) -> None:
    s3.create_bucket(Bucket="plain")
    etag = s3.put_object(Bucket="plain", Key="a.jpg", Body=b"picture")["ETag"].strip('"')
    move = QuarantineWorkflow(
        results,
        UploadBucket(s3),
        QuarantineBucket(bucket, "quarantine", "GOVERNANCE", 365, now=clock),  # type: ignore[arg-type]
        DeletionLimit(Table(dynamodb, "limiter", clock), 9, clock),
        now=clock,
    )
    for sequencer in ("0010", "0011"):
        clock.now += 10
        upload = Upload("plain", "a.jpg", etag, sequencer=sequencer)
        record = move.mark_matched(upload, results.claim(ScanJob(upload)), MATCH)
        move.resume(upload, record)
        results.settle(upload, record, Status.QUARANTINED)
        s3.put_object(Bucket="plain", Key="a.jpg", Body=b"picture")
    assert [version.key.endswith(".json") for version in bucket.versions].count(False) == 1
    assert [version.key.endswith(".json") for version in bucket.versions].count(True) == 2
