"""move.py with the real table, bucket and quarantine: what lies beside the copy in the end."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from photodna_guard.aws.deletion_limit import DeletionLimit
from photodna_guard.aws.quarantine_bucket import QuarantineBucket
from photodna_guard.aws.results_table import ResultsTable
from photodna_guard.aws.table import Table
from photodna_guard.aws.upload_bucket import UploadBucket
from photodna_guard.domain.errors import AwaitingOperatorError, ObjectGoneError, RetryableError
from photodna_guard.domain.models import ScanJob, Status, Upload
from photodna_guard.scanning.quarantine_workflow import QuarantineWorkflow
from tests.aws.locked_bucket import LockedBucket
from tests.aws.results import MATCH, Time

SCHEMA = json.loads(
    (Path(__file__).resolve().parents[2] / "docs/schemas/evidence-1.schema.json").read_text(encoding="utf-8")
)
KEY, METADATA = "ordner/a b+c 😀.jpg", {"caption": 'tab\there "quoted" ' + "x" * 1000}


@pytest.fixture
def bucket() -> LockedBucket:
    return LockedBucket()


@pytest.fixture
def upload(s3: Any, upload_bucket: str) -> Upload:
    put = s3.put_object(Bucket="uploads", Key=KEY, Body=b"picture", ContentType="image/jpeg", Metadata=METADATA)
    return Upload("uploads", KEY, put["ETag"].strip('"'), put["VersionId"], 7, "0A", "", "AWS:AIDA", "192.0.2.1")


@pytest.fixture
def move(
    dynamodb: Any, s3: Any, ledger: ResultsTable, rate_limiter_table: str, bucket: LockedBucket, time: Time
) -> QuarantineWorkflow:
    quarantine = QuarantineBucket(bucket, "quarantine", "GOVERNANCE", 365, now=time)  # type: ignore[arg-type]
    bound = DeletionLimit(Table(dynamodb, "limiter", time), 1, time)
    return QuarantineWorkflow(ledger, UploadBucket(s3), quarantine, bound, now=time)


def moved(move: QuarantineWorkflow, ledger: ResultsTable, upload: Upload) -> None:
    record = ledger.claim(ScanJob(upload))
    if record.status is not Status.MATCHED:
        record = move.mark_matched(upload, record, MATCH)
    move.resume(upload, record)


def evidence(bucket: LockedBucket) -> dict[str, Any]:
    """The one evidence record, which is as its schema says and lies beside the copy, under the same lock."""
    (found,) = [version for version in bucket.versions if version.key.endswith(".json")]
    (copy,) = [version for version in bucket.versions if not version.key.endswith(".json")]
    record: dict[str, Any] = json.loads(found.body)
    Draft202012Validator(SCHEMA, format_checker=FormatChecker()).validate(record)
    assert (record["copy"]["key"], record["copy"]["version_id"]) == (copy.key, copy.id)
    assert found.key.startswith(copy.key)
    assert found.lock == copy.lock
    assert "://" not in found.body.decode()
    return record


def test_a_matchs_evidence_has_what_s3_and_the_service_said(
    move: QuarantineWorkflow, ledger: ResultsTable, upload: Upload, bucket: LockedBucket
) -> None:
    moved(move, ledger, upload)
    record = evidence(bucket)
    source = record["source"]
    assert (source["key"], source["version_id"], source["size"]) == (KEY, upload.version_id, 7)
    assert (source["content_type"], source["metadata"]) == ("image/jpeg", METADATA)
    assert source["last_modified"]
    assert record["uploader"] == {"principal": "AWS:AIDA", "source_ip": "192.0.2.1", "event_time": None}
    assert record["answer"]["match_flags"][0]["distance"] == 3
    assert record["copy"]["sha256"] == hashlib.sha256(b"picture").hexdigest()


def test_the_source_is_gone_and_nothing_else_of_its_bucket(
    move: QuarantineWorkflow, ledger: ResultsTable, upload: Upload, s3: Any
) -> None:
    later = s3.put_object(Bucket="uploads", Key=KEY, Body=b"another")["VersionId"]
    moved(move, ledger, upload)
    assert [v["VersionId"] for v in s3.list_object_versions(Bucket="uploads")["Versions"]] == [later]


def test_a_move_that_is_made_again_from_the_copy_on_leaves_one_copy_and_one_record(
    move: QuarantineWorkflow, ledger: ResultsTable, upload: Upload, bucket: LockedBucket, time: Time
) -> None:
    bucket.fails = {"GetObjectRetention": ["InternalError"]}
    with pytest.raises(RetryableError):
        moved(move, ledger, upload)
    time.now += 1000
    moved(move, ledger, upload)
    assert [step["at"] for step in evidence(bucket)["steps"]][1:3] == [
        "2027-01-15T08:00:00.000Z",
        "2027-01-15T08:16:40.000Z",
    ]


def test_a_copy_whose_source_its_owner_has_deleted_has_its_evidence_as_far_as_anybody_knows(
    move: QuarantineWorkflow, ledger: ResultsTable, upload: Upload, bucket: LockedBucket, s3: Any, time: Time
) -> None:
    bucket.fails = {"GetObjectRetention": ["InternalError"]}
    with pytest.raises(RetryableError):
        moved(move, ledger, upload)
    s3.delete_object(Bucket="uploads", Key=KEY, VersionId=upload.version_id)
    time.now += 1000
    moved(move, ledger, upload)
    record = evidence(bucket)
    assert (record["source"]["content_type"], record["source"]["last_modified"]) == (None, None)
    assert record["source"]["size"] == 7


def test_a_match_that_its_owner_deleted_before_there_was_a_copy_is_gone(
    move: QuarantineWorkflow, ledger: ResultsTable, upload: Upload, bucket: LockedBucket, s3: Any
) -> None:
    s3.delete_object(Bucket="uploads", Key=KEY, VersionId=upload.version_id)
    with pytest.raises(ObjectGoneError):
        moved(move, ledger, upload)
    assert bucket.versions == []


def test_beyond_the_bound_the_copy_is_made_and_the_source_stays(
    move: QuarantineWorkflow, ledger: ResultsTable, upload: Upload, bucket: LockedBucket, s3: Any
) -> None:
    s3.put_object(Bucket="uploads", Key="b.jpg", Body=b"another")
    moved(move, ledger, upload)
    second = s3.list_object_versions(Bucket="uploads", Prefix="b.jpg")["Versions"][0]
    with pytest.raises(AwaitingOperatorError):
        moved(move, ledger, Upload("uploads", "b.jpg", second["ETag"].strip('"'), second["VersionId"]))
    assert s3.list_object_versions(Bucket="uploads")["Versions"][0]["VersionId"] == second["VersionId"]
    assert len([version for version in bucket.versions if not version.key.endswith(".json")]) == 2


def test_the_same_bytes_without_versions_have_one_copy_and_a_record_for_each_upload(
    move: QuarantineWorkflow, ledger: ResultsTable, bucket: LockedBucket, s3: Any, dynamodb: Any, time: Time
) -> None:
    s3.create_bucket(Bucket="plain")
    etag = s3.put_object(Bucket="plain", Key="a.jpg", Body=b"picture")["ETag"].strip('"')
    move = QuarantineWorkflow(
        ledger,
        UploadBucket(s3),
        QuarantineBucket(bucket, "quarantine", "GOVERNANCE", 365, now=time),  # type: ignore[arg-type]
        DeletionLimit(Table(dynamodb, "limiter", time), 9, time),
        now=time,
    )
    for sequencer in ("0010", "0011"):
        time.now += 10
        upload = Upload("plain", "a.jpg", etag, sequencer=sequencer)
        record = move.mark_matched(upload, ledger.claim(ScanJob(upload)), MATCH)
        move.resume(upload, record)
        ledger.settle(upload, record, Status.QUARANTINED)
        s3.put_object(Bucket="plain", Key="a.jpg", Body=b"picture")
    assert [version.key.endswith(".json") for version in bucket.versions].count(False) == 1
    assert [version.key.endswith(".json") for version in bucket.versions].count(True) == 2
