"""The handlers in this process, against the embedded cloud: failures of the service, of AWS and of the settings."""

import importlib
import json
import time
from typing import Any

import pytest

from photodna_guard.domain.errors import ConfigurationError, RedeliveryRequiredError
from photodna_guard.handlers import on_upload
from tests.e2e.embedded import Bench, Pictures, read_results, record_sent_messages, retry, upload


@pytest.mark.parametrize(
    "failure",
    [
        {"kind": "status", "code": 3004},
        {"kind": "http", "status": 500},
        {"kind": "http", "status": 503, "retry_after": 30},
        {"kind": "not_json"},
        {"kind": "truncated"},
        {"kind": "drop"},
        {"kind": "body", "json": {"Status": {"Code": 3000}, "TrackingId": "T"}},
        {"kind": "body", "json": {"Status": {"Code": 3999}, "IsMatch": False}},
    ],
)
def test_wrong_answer_defers_and_the_retry_path_settles(
    bench: Bench, pictures: Pictures, failure: dict[str, Any]
) -> None:
    assert bench.cloud.emulator
    bench.cloud.emulator.settings(failures=[failure])
    record = bench.put("a.jpg", pictures["clean"])
    sent = record_sent_messages(bench)
    upload(record)
    assert bench.result("a.jpg")["status"] == "DEFERRED"
    assert len(sent) == 1
    assert retry([{"messageId": "1", "body": sent[0]}]) == []
    assert bench.result("a.jpg")["status"] == "CLEAN"
    assert bench.result("a.jpg")["attempts"] == 2


def test_rejected_url_is_followed_by_the_bytes_at_once(bench: Bench, pictures: Pictures) -> None:
    assert bench.cloud.emulator
    bench.cloud.emulator.settings(failures=[{"kind": "body", "json": {}}])
    upload(bench.put("a.jpg", pictures["clean"]))
    result = bench.result("a.jpg")
    assert (result["status"], result["representation"], result["attempts"]) == ("CLEAN", "bytes", 2)


def test_upload_without_slot_is_deferred_without_failed_attempt(bench: Bench, pictures: Pictures) -> None:
    far = str(round((time.time() + 60) * 1e6))
    bench.cloud.client("dynamodb").put_item(
        TableName=bench.cloud.resource("RateLimiterTable"), Item={"limiter": {"S": "match"}, "tat": {"N": far}}
    )
    sent = record_sent_messages(bench)
    upload(bench.put("a.jpg", pictures["clean"]))
    assert json.loads(sent[0])["failed_attempts"] == 0
    assert bench.result("a.jpg")["status"] == "DEFERRED"
    assert bench.result("a.jpg")["reason"] == "no slot"


def test_429_pauses_all_workers(bench: Bench, pictures: Pictures) -> None:
    assert bench.cloud.emulator
    bench.cloud.emulator.settings(failures=[{"kind": "http", "status": 429, "retry_after": 40}])
    upload(bench.put("a.jpg", pictures["clean"]))
    bench.cloud.emulator.clear()
    upload(bench.put("b.jpg", pictures["clean"]))
    assert bench.cloud.emulator.requests() == []
    assert bench.result("b.jpg")["reason"] == "paused"


def test_changed_key_is_fetched_afresh(bench: Bench, pictures: Pictures) -> None:
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


def test_event_is_redelivered_if_table_and_queue_are_missing(bench: Bench, pictures: Pictures) -> None:
    bench.monkeypatch.setenv("RESULTS_TABLE", "missing")
    bench.monkeypatch.setenv("RETRY_QUEUE_URL", bench.cloud.endpoints.retry_queue_url + "-missing")
    record = bench.put("a.jpg", pictures["clean"])
    with pytest.raises(RedeliveryRequiredError, match="1 of 1 uploads are to be delivered again"):
        upload(record)
    body = json.dumps({"Records": [record]})
    assert retry([{"messageId": "m-7", "body": body}]) == ["m-7"]


def test_wrong_setting_stops_the_function_at_its_start(bench: Bench) -> None:
    bench.monkeypatch.delenv("RESULTS_TABLE")
    bench.monkeypatch.setenv("RATE_PER_SECOND", "fast")
    bench.monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "on-upload")
    with pytest.raises(ConfigurationError, match=r"RATE_PER_SECOND.*RESULTS_TABLE"):
        importlib.reload(on_upload)


def test_logs_and_results_hold_neither_signature_nor_key(
    bench: Bench, pictures: Pictures, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    assert bench.cloud.emulator
    bench.cloud.emulator.settings(failures=[{"kind": "drop"}, {"kind": "http", "status": 429}])
    for name in ("clean", "match", "other"):
        upload(bench.put(f"{name}.jpg", pictures[name]))
    arn = bench.cloud.resource("SubscriptionKey")
    key = bench.cloud.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"]
    keys = [f"{bench.bucket}/{name}.jpg" for name in ("clean", "match", "other")]
    output = "".join(capsys.readouterr()) + "".join(str(vars(record)) for record in caplog.records)
    output += "".join(str(read_results(bench.cloud, upload_id)) for upload_id in keys)
    assert "no-answer" in output
    assert "X-Amz-Signature" not in output
    assert key not in output
