"""A match's way into quarantine, in this process against the embedded cloud: evidence, modes, the bound, the sweep."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from botocore.exceptions import ClientError

from photodna_guard import bootstrap
from photodna_guard.handlers import on_sweep, on_upload
from tests.e2e.embedded import Bench, taken
from tests.waiting import until

Pictures = dict[str, bytes]
SCHEMAS = Path(__file__).resolve().parents[2] / "docs/schemas"


@pytest.fixture(autouse=True)
def nothing_counted(bench: Bench) -> None:
    """No match of another test counts for the bound of this one."""
    operators_word(bench)


def operators_word(bench: Bench) -> None:
    """What the runbook says to let the deleting go on."""
    bench.cloud.client("dynamodb").update_item(
        TableName=bench.cloud.resource("RateLimiterTable"),
        Key={"limiter": {"S": "quarantines"}},
        UpdateExpression="REMOVE tripped_at, recent, revision",
    )


def settings(bench: Bench, **variables: str) -> None:
    """The operator deploys with other parameters."""
    for name, value in variables.items():
        bench.monkeypatch.setenv(name, value)
    bootstrap.get_application.cache_clear()
    bootstrap.get_sweeper.cache_clear()


def upload(*records: dict[str, Any]) -> None:
    on_upload.handler({"Records": list(records)}, None)


def swept(bench: Bench, caplog: pytest.LogCaptureFixture) -> int:
    """Runs the sweep in its own role; the cloud's own workers take what it sends. How many messages that were."""
    settings(bench, AWS_ACCESS_KEY_ID="OnSweepRole")
    caplog.clear()
    on_sweep.handler({}, None)
    settings(bench, AWS_ACCESS_KEY_ID="OnUploadRole")
    told = [record for record in caplog.records if record.msg == "upload redelivered"]
    return len([record for record in told if record.__dict__["bucket"] == bench.bucket])


def comes_to(bench: Bench, key: str, status: str) -> bool:
    """Waits for it."""
    return bool(until(lambda: bench.result(key)["status"] == status))


def versions(bench: Bench, key: str = "") -> list[dict[str, Any]]:
    listed = bench.cloud.client("s3").list_object_versions(Bucket=bench.bucket, Prefix=key)
    found: list[dict[str, Any]] = listed.get("Versions", [])
    return found


def test_beside_the_copy_lies_an_evidence_record_under_the_same_lock(bench: Bench, pictures: Pictures) -> None:
    s3, quarantine = bench.cloud.client("s3"), bench.cloud.endpoints.quarantine_bucket
    record = bench.put("a b.jpg", pictures["match"], ContentType="image/jpeg", Metadata={"album": "x"})
    record["userIdentity"] = {"principalId": "AWS:AIDA"}
    record["requestParameters"] = {"sourceIPAddress": "198.51.100.7"}
    record["eventTime"] = "2026-11-22T12:00:00.000Z"
    upload(record)
    result = bench.result("a b.jpg")
    kept = s3.get_object(Bucket=quarantine, Key=result["evidence_key"])
    evidence = json.loads(kept["Body"].read())
    jsonschema.validate(evidence, json.loads((SCHEMAS / "evidence-1.schema.json").read_text()))
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


def test_a_legal_hold_is_put_on_copy_and_evidence(bench: Bench, pictures: Pictures) -> None:
    assert bench.cloud.emulator
    bench.cloud.emulator.add_to_test_list(pictures["other"], source="Other")
    upload(bench.put("a.png", pictures["other"]))
    result = bench.result("a.png")
    for key in (result["quarantine_key"], result["evidence_key"]):
        where = {"Bucket": bench.cloud.endpoints.quarantine_bucket, "Key": key}
        assert bench.cloud.client("s3").get_object_legal_hold(**where)["LegalHold"]["Status"] == "ON"


def test_observe_mode_moves_nothing_until_the_operator_enforces(
    bench: Bench, pictures: Pictures, caplog: pytest.LogCaptureFixture
) -> None:
    settings(bench, MODE="observe")
    upload(bench.put("a.jpg", pictures["match"]), bench.put("b.jpg", pictures["clean"]))
    assert bench.result("a.jpg")["status"] == "MATCHED"
    assert bench.result("a.jpg")["hold_reason"] == "observe mode"
    assert bench.result("b.jpg")["status"] == "CLEAN"
    assert len(versions(bench, "a.jpg")) == 1
    assert swept(bench, caplog) == 0
    settings(bench, MODE="enforce")
    assert swept(bench, caplog) == 1
    assert comes_to(bench, "a.jpg", "QUARANTINED")
    assert bench.result("a.jpg")["attempts"] == 1
    assert versions(bench, "a.jpg") == []


def test_more_matches_in_an_hour_than_the_bound_are_copied_and_not_deleted(
    bench: Bench, pictures: Pictures, caplog: pytest.LogCaptureFixture
) -> None:
    settings(bench, MAX_DELETIONS_PER_HOUR="2")
    keys = ["a.jpg", "b.jpg", "c.jpg", "d.jpg"]
    for key in keys:
        upload(bench.put(key, pictures["match"]))
    assert [bench.result(key)["status"] for key in keys] == ["QUARANTINED", "QUARANTINED", "MATCHED", "MATCHED"]
    assert len(versions(bench)) == 2
    assert all("quarantine_version" in bench.result(key) for key in keys), "the evidence is kept all the same"
    assert swept(bench, caplog) == 0
    operators_word(bench)
    assert swept(bench, caplog) == 2
    assert all(comes_to(bench, key, "QUARANTINED") for key in keys)
    assert versions(bench) == []


def test_bytes_that_are_in_quarantine_are_quarantined_while_the_service_is_away(
    bench: Bench, pictures: Pictures
) -> None:
    assert bench.cloud.emulator
    upload(bench.put("first.jpg", pictures["match"]))
    bench.cloud.emulator.settings(failures=[{"kind": "http", "status": 503, "count": 2}])
    upload(bench.put("again.jpg", pictures["match"]), bench.put("other.jpg", pictures["clean"]))
    again = bench.result("again.jpg")
    assert (again["status"], again["reason"]) == ("QUARANTINED", "known-hash")
    assert again["matches"] == bench.result("first.jpg")["matches"]
    assert versions(bench, "again.jpg") == []
    assert bench.result("other.jpg")["status"] == "DEFERRED"


def test_a_match_is_tagged_so_that_nobody_reads_it_before_anything_else(bench: Bench, pictures: Pictures) -> None:
    settings(bench, QUARANTINE_BUCKET="missing")
    upload(bench.put("a.jpg", pictures["match"], Tagging="album=holiday"))
    (version,) = versions(bench)
    tags = bench.cloud.client("s3").get_object_tagging(Bucket=bench.bucket, Key="a.jpg", VersionId=version["VersionId"])
    assert {tag["Key"]: tag["Value"] for tag in tags["TagSet"]} == {"album": "holiday", "scan-status": "matched"}


def test_an_upload_whose_message_vanished_is_sent_again_by_the_sweep(
    bench: Bench, pictures: Pictures, caplog: pytest.LogCaptureFixture
) -> None:
    assert bench.cloud.emulator
    bench.cloud.emulator.settings(failures=[{"kind": "http", "status": 500}])
    upload(bench.put("a.jpg", pictures["clean"]))
    assert bench.result("a.jpg")["status"] == "DEFERRED"
    assert swept(bench, caplog) == 0, "nor is it overdue"
    key = {name: {"S": bench.result("a.jpg")[name]} for name in ("upload", "version")}
    long_ago = {":then": {"N": str(int(datetime.now(UTC).timestamp()) - 1)}}
    bench.cloud.client("dynamodb").update_item(
        TableName=bench.cloud.endpoints.results_table,
        Key=key,
        UpdateExpression="SET redeliver_at = :then",
        ExpressionAttributeValues=long_ago,
    )
    assert swept(bench, caplog) == 1
    assert comes_to(bench, "a.jpg", "CLEAN")
    assert swept(bench, caplog) == 0


def test_whoever_listens_is_told_of_all_that_is_not_clean_and_people_of_a_match(
    bench: Bench, pictures: Pictures
) -> None:
    cloud = bench.cloud
    assert cloud.emulator
    cloud.emulator.add_to_test_list(pictures["other"], source="Other")
    sqs, events = cloud.client("sqs"), cloud.client("events")
    urls = {name: sqs.create_queue(QueueName=f"{bench.bucket}-{name}")["QueueUrl"] for name in ("events", "people")}
    arns = {n: sqs.get_queue_attributes(QueueUrl=u, AttributeNames=["QueueArn"]) for n, u in urls.items()}
    arns = {name: answer["Attributes"]["QueueArn"] for name, answer in arns.items()}
    pattern = json.dumps({"source": ["photodna-guard"], "detail": {"bucket": [bench.bucket]}})
    events.put_rule(Name=bench.bucket, EventPattern=pattern)
    events.put_targets(Rule=bench.bucket, Targets=[{"Id": "1", "Arn": arns["events"]}])
    topic = cloud.resource("AlarmTopic")
    cloud.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arns["people"])
    for key, body in [("clean.jpg", pictures["clean"]), ("other.png", pictures["other"]), ("words.txt", b"words")]:
        upload(bench.put(key, body))
    upload(bench.put("test.jpg", pictures["match"]))
    details = [json.loads(message["Body"])["detail"] for message in taken(cloud, urls["events"])]
    schema = json.loads((SCHEMAS / "settled-1.schema.json").read_text())
    for detail in details:
        jsonschema.validate(detail, schema)
    assert {(d["key"], d["status"], d["is_test"]) for d in details} == {
        ("other.png", "QUARANTINED", False),
        ("test.jpg", "QUARANTINED", True),
        ("words.txt", "SKIPPED", False),
    }
    told = until(lambda: taken(cloud, urls["people"]))
    assert ["other.png" in message["Body"] for message in told] == [True]
    events.remove_targets(Rule=bench.bucket, Ids=["1"])
    events.delete_rule(Name=bench.bucket)
