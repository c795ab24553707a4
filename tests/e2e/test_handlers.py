"""The handlers, in this process, against the embedded cloud: real S3, SQS, DynamoDB and Match over HTTP."""

import importlib
import json
import os
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ops.costs import FAST
from photodna_guard import bootstrap, settings
from photodna_guard.domain import events
from photodna_guard.domain.errors import ConfigurationError, RedeliveryRequiredError
from photodna_guard.handlers import on_retry, on_upload
from photodna_guard.rate_limiter.gcra import LIVE
from tests.e2e.embedded import Bench, results, session_that_counts

Pictures = dict[str, bytes]


def upload(*records: dict[str, Any]) -> None:
    on_upload.handler({"Records": list(records)}, None)


def retry(messages: list[dict[str, Any]]) -> list[str]:
    answer = on_retry.handler({"Records": messages}, None)
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def test_a_clean_picture_is_settled_at_once_and_costs_four_aws_calls_besides_its_tag(
    bench: Bench, pictures: Pictures
) -> None:
    calls: list[str] = []
    guard = bootstrap.build(settings.from_environment(os.environ), LIVE, session_that_counts(calls))
    warm = bench.put("first.jpg", pictures["clean"])
    guard.scanner.scan(events.parse_event(warm).jobs)
    calls.clear()
    record = bench.put("second.jpg", pictures["clean"])
    guard.scanner.scan(events.parse_event(record).jobs)
    assert calls == [
        "dynamodb.UpdateItem",  # begin
        "s3.GetObject",  # look
        "dynamodb.UpdateItem",  # take
        "dynamodb.UpdateItem",  # settle
        "s3.GetObjectTagging",
        "s3.PutObjectTagging",
    ]
    # What ops/costs.py reckons with: an index is written at begin and at settle, and the service reads the picture.
    assert FAST["write_unit"] == calls.count("dynamodb.UpdateItem") + 2
    assert FAST["s3_get"] == calls.count("s3.GetObject") + calls.count("s3.GetObjectTagging") + 1
    assert FAST["s3_put"] == calls.count("s3.PutObjectTagging")
    assert bench.result("second.jpg")["status"] == "CLEAN"


@pytest.mark.parametrize("bench", ["versioned", "unversioned"], indirect=True)
@pytest.mark.parametrize("name", ["match", "near"])
def test_a_match_ends_in_quarantine_under_lock_and_its_source_is_gone(
    bench: Bench, pictures: Pictures, name: str
) -> None:
    s3, endpoints = bench.cloud.client("s3"), bench.cloud.endpoints
    upload(bench.put("a b+c.jpg", pictures[name]))
    result = bench.result("a b+c.jpg")
    assert result["status"] == "QUARANTINED"
    assert result["is_test"] is True
    assert result["matches"][0]["match_id"] == "m-1"
    copy = {"Key": result["quarantine_key"], "VersionId": result["quarantine_version"]}
    kept = s3.get_object(Bucket=endpoints.quarantine_bucket, **copy)
    assert kept["Body"].read() == pictures[name]
    assert kept["ObjectLockMode"] == "GOVERNANCE"
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.delete_object(Bucket=endpoints.quarantine_bucket, **copy)
    assert "Versions" not in s3.list_object_versions(Bucket=bench.bucket)


def test_only_the_matched_version_is_removed(bench: Bench, pictures: Pictures) -> None:
    records = [bench.put("a.jpg", pictures[name]) for name in ("clean", "match", "other")]
    upload(*records)
    statuses = [
        item["status"] for item in sorted(results(bench.cloud, f"{bench.bucket}/a.jpg"), key=lambda i: i["version"])
    ]
    assert sorted(statuses) == ["CLEAN", "CLEAN", "QUARANTINED"]
    left = bench.cloud.client("s3").list_object_versions(Bucket=bench.bucket)["Versions"]
    assert {v["VersionId"] for v in left} == {r["s3"]["object"]["versionId"] for r in (records[0], records[2])}


@pytest.mark.parametrize("bench", ["unversioned"], indirect=True)
def test_without_versions_a_match_that_is_uploaded_again_is_quarantined_again(bench: Bench, pictures: Pictures) -> None:
    for _ in range(2):
        upload(bench.put("a.jpg", pictures["match"]))
        assert bench.result("a.jpg")["status"] == "QUARANTINED"
        assert "Contents" not in bench.cloud.client("s3").list_objects_v2(Bucket=bench.bucket)


@pytest.mark.parametrize("bench", ["unversioned"], indirect=True)
def test_without_versions_what_replaced_a_match_meanwhile_is_left_alone(bench: Bench, pictures: Pictures) -> None:
    first = bench.put("a.jpg", pictures["match"])
    second = bench.put("a.jpg", pictures["clean"])
    upload(first, second)
    assert sorted(i["status"] for i in results(bench.cloud, f"{bench.bucket}/a.jpg")) == ["CLEAN", "GONE"]
    assert bench.cloud.client("s3").get_object(Bucket=bench.bucket, Key="a.jpg")["Body"].read() == pictures["clean"]


@pytest.mark.parametrize("bench", ["unversioned"], indirect=True)
def test_a_match_uploaded_before_the_bucket_had_versions_does_not_stay_below_what_came_later(
    bench: Bench, pictures: Pictures
) -> None:
    s3, first = bench.cloud.client("s3"), bench.put("a.jpg", pictures["match"])
    s3.put_bucket_versioning(Bucket=bench.bucket, VersioningConfiguration={"Status": "Enabled"})
    second = bench.put("a.jpg", pictures["clean"])
    upload(first)
    assert bench.result("a.jpg")["status"] == "QUARANTINED"
    (left,) = s3.list_object_versions(Bucket=bench.bucket)["Versions"]
    assert left["VersionId"] == second["s3"]["object"]["versionId"]


def test_a_repeated_event_costs_no_second_request(bench: Bench, pictures: Pictures) -> None:
    record = bench.put("a.jpg", pictures["clean"])
    upload(record)
    upload(record)
    upload(record, record)
    assert bench.result("a.jpg")["attempts"] == 1


def test_an_event_bridge_event_is_taken_as_well(bench: Bench, pictures: Pictures) -> None:
    obj = bench.put("ä b+c.jpg", pictures["clean"])["s3"]["object"]
    detail = {
        "bucket": {"name": bench.bucket},
        "object": {"key": "ä b+c.jpg", "etag": obj["eTag"], "version-id": obj["versionId"]},
    }
    on_upload.handler({"detail-type": "Object Created", "detail": detail}, None)
    assert bench.result("ä b+c.jpg")["status"] == "CLEAN"


def test_the_request_is_by_url_and_pinned_to_the_version(bench: Bench, pictures: Pictures) -> None:
    assert bench.cloud.emulator
    record = bench.put("pinned.jpg", pictures["clean"])
    bench.put("pinned.jpg", pictures["match"])
    bench.cloud.emulator.clear()
    upload(record)
    (request,) = bench.cloud.emulator.requests()
    assert request["by"] == "url"
    assert request["version_id"] == record["s3"]["object"]["versionId"]
    assert bench.cloud.client("s3").head_object(Bucket=bench.bucket, Key="pinned.jpg")["ContentLength"]


@pytest.mark.parametrize(
    "failure",
    [
        {"kind": "status", "code": 3004},
        {"kind": "http", "status": 500},
        {"kind": "http", "status": 503, "retry_after": 30},
        {"kind": "not_json"},
        {"kind": "truncated"},
        {"kind": "drop"},
        {"kind": "body", "json": {}},
        {"kind": "body", "json": {"Status": {"Code": 3000}, "TrackingId": "T"}},
        {"kind": "body", "json": {"Status": {"Code": 3999}, "IsMatch": False}},
    ],
)
def test_whatever_the_service_answers_wrongly_is_deferred_and_settled_by_the_retry_path(
    bench: Bench, pictures: Pictures, failure: dict[str, Any]
) -> None:
    assert bench.cloud.emulator
    bench.cloud.emulator.settings(failures=[failure])
    record = bench.put("a.jpg", pictures["clean"])
    sent = captured_messages(bench)
    upload(record)
    assert bench.result("a.jpg")["status"] == "DEFERRED"
    assert len(sent) == 1
    assert retry([{"messageId": "1", "body": sent[0]}]) == []
    assert bench.result("a.jpg")["status"] == "CLEAN"
    assert bench.result("a.jpg")["attempts"] == 2


def captured_messages(bench: Bench) -> list[str]:
    """The bodies that are sent to the retry queue, which the cloud's own worker would take first."""
    bodies: list[str] = []
    guard = bootstrap.get_application(LIVE)
    guard.retry_queue._client.meta.events.register(
        "before-send.sqs.SendMessage", lambda request, **_: bodies.append(json.loads(request.body)["MessageBody"])
    )
    return bodies


def test_without_a_slot_an_upload_is_deferred_uncounted(bench: Bench, pictures: Pictures) -> None:
    far = str(round((time.time() + 60) * 1e6))
    bench.cloud.client("dynamodb").put_item(
        TableName=bench.cloud.resource("RateLimiterTable"), Item={"limiter": {"S": "match"}, "tat": {"N": far}}
    )
    sent = captured_messages(bench)
    upload(bench.put("a.jpg", pictures["clean"]))
    assert json.loads(sent[0])["failed_attempts"] == 0
    assert bench.result("a.jpg")["status"] == "DEFERRED"
    assert bench.result("a.jpg")["reason"] == "no slot"


def test_a_429_pauses_the_whole_fleet(bench: Bench, pictures: Pictures) -> None:
    assert bench.cloud.emulator
    bench.cloud.emulator.settings(failures=[{"kind": "http", "status": 429, "retry_after": 40}])
    upload(bench.put("a.jpg", pictures["clean"]))
    bench.cloud.emulator.clear()
    upload(bench.put("b.jpg", pictures["clean"]))
    assert bench.cloud.emulator.requests() == []
    assert bench.result("b.jpg")["reason"] == "paused"


def test_a_key_that_was_changed_is_fetched_afresh(bench: Bench, pictures: Pictures) -> None:
    assert bench.cloud.emulator
    upload(bench.put("a.jpg", pictures["clean"]))
    arn = bench.cloud.resource("SubscriptionKey")
    secrets = bench.cloud.client("secretsmanager")
    old = secrets.get_secret_value(SecretId=arn)["SecretString"]
    secrets.put_secret_value(SecretId=arn, SecretString="rotated")
    bench.cloud.emulator.settings(key="rotated")
    try:
        upload(bench.put("b.jpg", pictures["clean"]))
    finally:
        secrets.put_secret_value(SecretId=arn, SecretString=old)
        bench.cloud.emulator.settings(key=old)
    assert bench.result("b.jpg")["status"] == "CLEAN"


def test_what_the_service_cannot_verify_by_url_is_sent_by_value_before_it_is_unscannable(bench: Bench) -> None:
    assert bench.cloud.emulator
    bench.cloud.emulator.clear()
    upload(bench.put("damaged.jpg", bytes.fromhex("ffd8ffe0") + b"rubbish" * 99))
    assert [r["by"] for r in bench.cloud.emulator.requests()] == ["url", "value"]
    assert bench.result("damaged.jpg")["status"] == "UNSCANNABLE"
    assert bench.result("damaged.jpg")["reason"] == "service-3206"


@pytest.mark.parametrize(
    ("key", "body", "status", "reason"),
    [
        ("folder/", b"", "SKIPPED", "empty"),
        ("words.jpg", b"only words", "SKIPPED", "not-an-image"),
        ("rubbish.jpg", b"\0\1\2\3" * 50, "UNSCANNABLE", "unrecognised"),
    ],
)
def test_what_the_look_decides_is_settled_without_a_request(
    bench: Bench, key: str, body: bytes, status: str, reason: str
) -> None:
    assert bench.cloud.emulator
    bench.cloud.emulator.clear()
    upload(bench.put(key, body))
    assert (bench.result(key)["status"], bench.result(key)["reason"]) == (status, reason)
    assert bench.cloud.emulator.requests() == []


def test_an_object_that_is_gone_is_gone(bench: Bench, pictures: Pictures) -> None:
    record = bench.put("a.jpg", pictures["clean"])
    version = record["s3"]["object"]["versionId"]
    bench.cloud.client("s3").delete_object(Bucket=bench.bucket, Key="a.jpg", VersionId=version)
    upload(record)
    assert bench.result("a.jpg")["status"] == "GONE"


@pytest.mark.parametrize("event", [None, {}, [], "text", {"Records": [{"s3": {}}]}])
def test_what_is_no_event_is_kept_in_the_dead_letter_queue_with_its_reason(bench: Bench, event: Any) -> None:
    on_upload.handler(event, None)
    (body,) = bench.dead_letters()
    assert json.loads(body)["failure_reason"]


def test_a_bad_record_in_an_event_keeps_no_other_from_being_scanned(bench: Bench, pictures: Pictures) -> None:
    upload(bench.put("a.jpg", pictures["clean"]), {"s3": {}}, bench.put("b.jpg", pictures["clean"]))
    assert bench.result("a.jpg")["status"] == bench.result("b.jpg")["status"] == "CLEAN"
    assert len(bench.dead_letters()) == 1


def test_a_failed_invocation_that_lands_in_the_retry_queue_is_scanned(bench: Bench, pictures: Pictures) -> None:
    record = bench.put("a.jpg", pictures["clean"])
    destination = {"version": "1.0", "requestContext": {}, "requestPayload": {"Records": [record]}}
    assert retry([{"messageId": "1", "body": json.dumps(destination)}]) == []
    assert bench.result("a.jpg")["status"] == "CLEAN"


def test_a_message_that_nobody_can_read_is_kept_and_its_batch_mates_are_scanned(
    bench: Bench, pictures: Pictures
) -> None:
    good = {"Records": [bench.put("a.jpg", pictures["clean"])]}
    messages = [{"messageId": "1", "body": "{"}, {"messageId": "2", "body": json.dumps(good)}]
    assert retry(messages) == []
    assert bench.result("a.jpg")["status"] == "CLEAN"
    assert len(bench.dead_letters()) == 1


def test_with_table_and_queue_away_the_event_is_delivered_again_and_nothing_is_lost(
    bench: Bench, pictures: Pictures
) -> None:
    bench.monkeypatch.setenv("RESULTS_TABLE", "missing")
    bench.monkeypatch.setenv("RETRY_QUEUE_URL", bench.cloud.endpoints.retry_queue_url + "-missing")
    record = bench.put("a.jpg", pictures["clean"])
    with pytest.raises(RedeliveryRequiredError, match="1 of 1 uploads are to be delivered again"):
        upload(record)
    body = json.dumps({"Records": [record]})
    assert retry([{"messageId": "m-7", "body": body}]) == ["m-7"]


def test_a_settings_fault_stops_the_function_at_its_start(bench: Bench) -> None:
    bench.monkeypatch.delenv("RESULTS_TABLE")
    bench.monkeypatch.setenv("RATE_PER_SECOND", "fast")
    bench.monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "on-upload")
    with pytest.raises(ConfigurationError, match=r"RATE_PER_SECOND.*RESULTS_TABLE"):
        importlib.reload(on_upload)


def test_what_is_told_holds_neither_signature_nor_key(
    bench: Bench, pictures: Pictures, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    assert bench.cloud.emulator
    bench.cloud.emulator.settings(failures=[{"kind": "drop"}, {"kind": "http", "status": 429}])
    for name in ("clean", "match", "other"):
        upload(bench.put(f"{name}.jpg", pictures[name]))
    arn = bench.cloud.resource("SubscriptionKey")
    key = bench.cloud.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"]
    told = "".join(capsys.readouterr()) + "".join(str(vars(record)) for record in caplog.records)
    told += "".join(str(results(bench.cloud, f"{bench.bucket}/{name}.jpg")) for name in ("clean", "match", "other"))
    assert "no-answer" in told
    assert "X-Amz-Signature" not in told
    assert key not in told
