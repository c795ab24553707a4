"""The handlers in this process, against the embedded cloud: what becomes of an upload."""

import json
import os
import time

import pytest

from ops.costs import FAST
from photodna_guard import bootstrap, settings
from photodna_guard.domain import events
from photodna_guard.domain.timestamps import to_iso
from photodna_guard.rate_limiter.gcra import LIVE
from tests.e2e.embedded import Bench, Pictures, record_sent_messages, recording_session, retry, upload


def test_clean_picture_costs_four_aws_calls_besides_its_tag(bench: Bench, pictures: Pictures) -> None:
    calls: list[str] = []
    application = bootstrap.build(settings.from_environment(os.environ), LIVE, recording_session(calls))
    warm = bench.put("first.jpg", pictures["clean"])
    application.scanner.scan(events.parse_event(warm).jobs)
    calls.clear()
    record = bench.put("second.jpg", pictures["clean"])
    application.scanner.scan(events.parse_event(record).jobs)
    # Claim, read the head, reserve a slot, settle, and tag.
    assert calls == [
        "dynamodb.UpdateItem",
        "s3.GetObject",
        "dynamodb.UpdateItem",
        "dynamodb.UpdateItem",
        "s3.GetObjectTagging",
        "s3.PutObjectTagging",
    ]
    # ops/costs.py counts one index write at claim and three at settle, and the service's read of the picture as well.
    assert FAST["write_unit"] == calls.count("dynamodb.UpdateItem") + 4
    assert FAST["s3_get"] == calls.count("s3.GetObject") + calls.count("s3.GetObjectTagging") + 1
    assert FAST["s3_put"] == calls.count("s3.PutObjectTagging")
    assert bench.result("second.jpg")["status"] == "CLEAN"


def test_request_is_by_url_and_names_the_version(bench: Bench, pictures: Pictures) -> None:
    assert bench.cloud.emulator
    record = bench.put("pinned.jpg", pictures["clean"])
    bench.put("pinned.jpg", pictures["match"])
    bench.cloud.emulator.clear()
    upload(record)
    (request,) = bench.cloud.emulator.requests()
    assert request["by"] == "url"
    assert request["version_id"] == record["s3"]["object"]["versionId"]
    assert bench.cloud.client("s3").head_object(Bucket=bench.bucket, Key="pinned.jpg")["ContentLength"]


def test_image_not_verified_by_url_is_sent_by_value(bench: Bench, pictures: Pictures) -> None:
    assert bench.cloud.emulator
    bench.cloud.emulator.clear()
    bench.cloud.emulator.settings(failures=[{"kind": "status", "code": 3206, "count": 1}])
    upload(bench.put("a.jpg", pictures["clean"]))
    assert [r["by"] for r in bench.cloud.emulator.requests()] == ["url", "value"]
    assert bench.result("a.jpg")["status"] == "CLEAN"
    assert bench.result("a.jpg")["representation"] == "bytes"


def test_image_not_verified_by_value_is_rendered(bench: Bench, pictures: Pictures) -> None:
    assert bench.cloud.emulator
    bench.cloud.emulator.clear()
    bench.cloud.emulator.settings(failures=[{"kind": "status", "code": 3206, "count": 2}])
    upload(bench.put("a.jpg", pictures["match"]))
    assert [r["by"] for r in bench.cloud.emulator.requests()] == ["url", "value", "value"]
    assert bench.result("a.jpg")["status"] == "QUARANTINED"
    assert bench.result("a.jpg")["representation"] == "rendition"


def test_damaged_image_is_unscannable_without_a_request(bench: Bench) -> None:
    assert bench.cloud.emulator
    bench.cloud.emulator.clear()
    upload(bench.put("damaged.jpg", bytes.fromhex("ffd8ffe0") + b"rubbish" * 99))
    assert bench.cloud.emulator.requests() == []
    assert bench.result("damaged.jpg")["status"] == "UNSCANNABLE"
    assert bench.result("damaged.jpg")["reason"] == "damaged"


@pytest.mark.parametrize(
    ("key", "body", "status", "reason"),
    [
        ("folder/", b"", "SKIPPED", "empty"),
        ("words.jpg", b"only words", "SKIPPED", "not-an-image"),
        ("rubbish.jpg", b"\0\1\2\3" * 50, "UNSCANNABLE", "unrecognised"),
    ],
)
def test_upload_decided_by_its_head_costs_no_request(
    bench: Bench, key: str, body: bytes, status: str, reason: str
) -> None:
    assert bench.cloud.emulator
    bench.cloud.emulator.clear()
    upload(bench.put(key, body))
    assert (bench.result(key)["status"], bench.result(key)["reason"]) == (status, reason)
    assert bench.cloud.emulator.requests() == []


@pytest.mark.parametrize(("hours", "looks_again"), [(0, 1), (1, 0)])
def test_deleted_object_is_gone_and_looked_for_again_while_young(
    bench: Bench, pictures: Pictures, hours: float, looks_again: int
) -> None:
    record = bench.put("a.jpg", pictures["clean"])
    version = record["s3"]["object"]["versionId"]
    bench.cloud.client("s3").delete_object(Bucket=bench.bucket, Key="a.jpg", VersionId=version)
    sent = record_sent_messages(bench)
    upload(record | {"eventTime": to_iso(time.time() - 3600 * hours)})
    assert bench.result("a.jpg")["status"] == "GONE"
    assert [json.loads(body)["rescan"] for body in sent] == [True] * looks_again
    assert retry([{"messageId": "1", "body": body} for body in sent]) == []
    assert bench.result("a.jpg")["status"] == "GONE"
