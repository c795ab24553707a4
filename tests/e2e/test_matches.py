"""Quarantine in this process, against the embedded cloud: evidence, modes, the deletion limit, the sweep."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from photodna_guard import bootstrap, scheduled
from photodna_guard.handlers import on_sweep
from tests.e2e.embedded import Bench, Pictures, upload
from tests.support.schemas import assert_valid
from tests.support.waiting import wait_until


@pytest.fixture(autouse=True)
def empty_deletion_limit(bench: Bench) -> None:
    """Let no match of another test count for the deletion limit."""
    reset_deletion_limit(bench)


def reset_deletion_limit(bench: Bench) -> None:
    """Let deleting go on, as the runbook says."""
    bench.cloud.client("dynamodb").update_item(
        TableName=bench.cloud.resource("RateLimiterTable"),
        Key={"limiter": {"S": "quarantines"}},
        UpdateExpression="REMOVE tripped_at, recent, revision",
    )


def set_parameters(bench: Bench, **variables: str) -> None:
    """Set parameters of the functions, as a deployment does."""
    for name, value in variables.items():
        bench.monkeypatch.setenv(name, value)
    bootstrap.get_application.cache_clear()
    scheduled.get_sweeper.cache_clear()


def run_sweep(bench: Bench, caplog: pytest.LogCaptureFixture) -> int:
    """Run the sweep in its own role. Return how many messages it sent, which the cloud's own workers take."""
    set_parameters(bench, AWS_ACCESS_KEY_ID="OnSweepRole")
    caplog.clear()
    on_sweep.handler({}, None)
    set_parameters(bench, AWS_ACCESS_KEY_ID="OnUploadRole")
    sent = [record for record in caplog.records if record.msg == "upload redelivered"]
    return len([record for record in sent if record.__dict__["bucket"] == bench.bucket])


def wait_for_status(bench: Bench, key: str, status: str) -> bool:
    """Wait until the result of a key has this status."""
    return bool(wait_until(lambda: bench.result(key)["status"] == status))


def versions(bench: Bench, key: str = "") -> list[dict[str, Any]]:
    listed = bench.cloud.client("s3").list_object_versions(Bucket=bench.bucket, Prefix=key)
    found: list[dict[str, Any]] = listed.get("Versions", [])
    return found


def test_evidence_record_is_under_the_same_lock_as_its_copy(bench: Bench, pictures: Pictures) -> None:
    s3, quarantine = bench.cloud.client("s3"), bench.cloud.endpoints.quarantine_bucket
    record = bench.put("a b.jpg", pictures["match"], ContentType="image/jpeg", Metadata={"album": "x"})
    record["userIdentity"] = {"principalId": "AWS:AIDA"}
    record["requestParameters"] = {"sourceIPAddress": "198.51.100.7"}
    record["eventTime"] = "2026-11-22T12:00:00.000Z"
    upload(record)
    result = bench.result("a b.jpg")
    kept = s3.get_object(Bucket=quarantine, Key=result["evidence_key"])
    evidence = json.loads(kept["Body"].read())
    assert_valid(evidence, "evidence-1")
    assert evidence["uploader"] == {
        "principal": "AWS:AIDA",
        "source_ip": "198.51.100.7",
        "event_time": "2026-11-22T12:00:00.000Z",
    }
    assert evidence["source"]["version_id"] == record["s3"]["object"]["versionId"]
    assert evidence["source"]["content_type"] == "image/jpeg"
    assert evidence["answer"]["tracking_id"] == result["tracking_id"]
    assert [step["step"] for step in evidence["steps"]] == ["received", "matched", "copied", "deleted"]
    times = [step["at"] for step in evidence["steps"]]
    assert times == sorted(times)
    copy = s3.head_object(Bucket=quarantine, Key=result["quarantine_key"], VersionId=result["quarantine_version"])
    assert abs(copy["ObjectLockRetainUntilDate"] - kept["ObjectLockRetainUntilDate"]) < timedelta(seconds=60)
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.delete_object(Bucket=quarantine, Key=result["evidence_key"], VersionId=kept["VersionId"])


def test_legal_hold_is_on_copy_and_evidence(bench: Bench, pictures: Pictures) -> None:
    assert bench.cloud.emulator
    bench.cloud.emulator.add_to_test_list(pictures["other"], source="Other")
    upload(bench.put("a.png", pictures["other"]))
    result = bench.result("a.png")
    for key in (result["quarantine_key"], result["evidence_key"]):
        where = {"Bucket": bench.cloud.endpoints.quarantine_bucket, "Key": key}
        assert bench.cloud.client("s3").get_object_legal_hold(**where)["LegalHold"]["Status"] == "ON"


def test_observe_mode_moves_nothing_until_enforce_mode(
    bench: Bench, pictures: Pictures, caplog: pytest.LogCaptureFixture
) -> None:
    set_parameters(bench, MODE="observe")
    upload(bench.put("a.jpg", pictures["match"]), bench.put("b.jpg", pictures["clean"]))
    assert bench.result("a.jpg")["status"] == "MATCHED"
    assert bench.result("a.jpg")["hold_reason"] == "observe mode"
    assert bench.result("b.jpg")["status"] == "CLEAN"
    assert len(versions(bench, "a.jpg")) == 1
    assert run_sweep(bench, caplog) == 0
    set_parameters(bench, MODE="enforce")
    assert run_sweep(bench, caplog) == 1
    assert wait_for_status(bench, "a.jpg", "QUARANTINED")
    assert bench.result("a.jpg")["attempts"] == 1
    assert versions(bench, "a.jpg") == []


def test_matches_beyond_the_deletion_limit_are_copied_not_deleted(
    bench: Bench, pictures: Pictures, caplog: pytest.LogCaptureFixture
) -> None:
    set_parameters(bench, MAX_DELETIONS_PER_HOUR="2")
    keys = ["a.jpg", "b.jpg", "c.jpg", "d.jpg"]
    for key in keys:
        upload(bench.put(key, pictures["match"]))
    assert [bench.result(key)["status"] for key in keys] == ["QUARANTINED", "QUARANTINED", "MATCHED", "MATCHED"]
    assert len(versions(bench)) == 2
    assert all("quarantine_version" in bench.result(key) for key in keys), "the evidence is kept all the same"
    assert run_sweep(bench, caplog) == 0
    reset_deletion_limit(bench)
    assert run_sweep(bench, caplog) == 2
    assert all(wait_for_status(bench, key, "QUARANTINED") for key in keys)
    assert versions(bench) == []


def test_known_hash_is_quarantined_while_service_is_unavailable(bench: Bench, pictures: Pictures) -> None:
    assert bench.cloud.emulator
    upload(bench.put("first.jpg", pictures["match"]))
    bench.cloud.emulator.settings(failures=[{"kind": "http", "status": 503, "count": 2}])
    upload(bench.put("again.jpg", pictures["match"]), bench.put("other.jpg", pictures["clean"]))
    again = bench.result("again.jpg")
    assert (again["status"], again["reason"]) == ("QUARANTINED", "known-hash")
    assert again["matches"] == bench.result("first.jpg")["matches"]
    assert versions(bench, "again.jpg") == []
    assert bench.result("other.jpg")["status"] == "DEFERRED"


def test_match_is_tagged_before_anything_else(bench: Bench, pictures: Pictures) -> None:
    set_parameters(bench, QUARANTINE_BUCKET="missing")
    upload(bench.put("a.jpg", pictures["match"], Tagging="album=holiday"))
    (version,) = versions(bench)
    tags = bench.cloud.client("s3").get_object_tagging(Bucket=bench.bucket, Key="a.jpg", VersionId=version["VersionId"])
    assert {tag["Key"]: tag["Value"] for tag in tags["TagSet"]} == {"album": "holiday", "scan-status": "matched"}


def test_sweep_redelivers_an_upload_whose_message_vanished(
    bench: Bench, pictures: Pictures, caplog: pytest.LogCaptureFixture
) -> None:
    assert bench.cloud.emulator
    bench.cloud.emulator.settings(failures=[{"kind": "http", "status": 500}])
    upload(bench.put("a.jpg", pictures["clean"]))
    assert bench.result("a.jpg")["status"] == "DEFERRED"
    assert run_sweep(bench, caplog) == 0, "nor is it overdue"
    key = {name: {"S": bench.result("a.jpg")[name]} for name in ("upload", "version")}
    bench.cloud.client("sqs").purge_queue(QueueUrl=bench.cloud.endpoints.retry_queue_url)
    # Longer ago than twice the age of any message that an earlier test has left in the queue.
    long_ago = {":then": {"N": str(int(datetime.now(UTC).timestamp()) - 86400)}}
    bench.cloud.client("dynamodb").update_item(
        TableName=bench.cloud.endpoints.results_table,
        Key=key,
        UpdateExpression="SET redeliver_at = :then",
        ExpressionAttributeValues=long_ago,
    )
    assert run_sweep(bench, caplog) == 1
    assert wait_for_status(bench, "a.jpg", "CLEAN")
    assert run_sweep(bench, caplog) == 0
