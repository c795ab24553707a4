"""Events of the user's own: which function gets them, and what is said of a faulty file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.invoke.cases import CASES
from local.invoke.errors import SampleEventError
from local.invoke.event_uploads import StoredVersion, list_uploads, placeholder, replace_placeholders
from local.invoke.own_event import guess_function
from local.invoke.run import EVENTS, read_event

RECORD: dict[str, Any] = {"s3": {"bucket": {"name": "b"}, "object": {"key": "a+b/%C3%BC.jpg", "size": 1, "eTag": "e"}}}
NOTIFICATION = {"Records": [RECORD]}
SCHEDULE = {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}


def write(folder: Path, event: Any) -> Path:
    path = folder / "my event.json"
    path.write_text(event if isinstance(event, str) else json.dumps(event), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", CASES)
def test_function_of_each_sample_is_guessed(name: str) -> None:
    assert guess_function(json.loads((EVENTS / name).read_text(encoding="utf-8"))) == CASES[name].function


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if not case.has_lost_message])
def test_copy_of_a_sample_is_an_event_of_ones_own(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes((EVENTS / name).read_bytes())
    case, _ = read_event(path)
    assert case.function == CASES[name].function
    assert case.contents == ("clean",) * len(CASES[name].contents)


def test_wanted_function_is_taken(tmp_path: Path) -> None:
    assert read_event(write(tmp_path, SCHEDULE), "OnReconcileFunction")[0].function == "OnReconcileFunction"
    assert read_event(write(tmp_path, SCHEDULE))[0].function == "OnSweepFunction"


@pytest.mark.parametrize(
    ("event", "function", "message"),
    [
        ("", "", r"line 1, column 1: not JSON: Expecting value"),
        ('{"Records": [\n  {},]}', "", r"line 2, column \d+: not JSON"),
        ("[]", "", "this is not an S3 notification"),
        ({"Records": []}, "", "this is not an S3 notification"),
        ({"hello": 1}, "", "FUNCTION=OnUploadFunction sends it"),
        ({"hello": 1}, "OnUploadFunction", "neither an S3 event nor a retry message"),
        (NOTIFICATION, "OnDownloadFunction", "FUNCTION=OnDownloadFunction: template.yaml has .*OnUploadFunction"),
        ({"Records": [RECORD, 1]}, "", r"Records\[1\] is not an object"),
        ({"Records": [{"eventSource": "aws:sqs", "messageId": "1"}]}, "", r"Records\[0\] of SQS has no text body"),
        ({"Records": [{"eventSource": "aws:sqs", "messageId": "1", "body": "{"}]}, "", "not JSON"),
        ({"Records": [{"s3": {"bucket": {"name": "b"}, "object": {}}}]}, "", "my event.json: .+"),
        ({"Records": [RECORD, RECORD]}, "", "needs a version of its own, or else a key"),
        ({"Event": "s3:TestEvent"}, "", "it names no upload"),
    ],
)
def test_faulty_file_is_named_with_its_fault(tmp_path: Path, event: Any, function: str, message: str) -> None:
    with pytest.raises(SampleEventError, match=message):
        read_event(write(tmp_path, event), function)


def test_missing_file_and_folder_are_reported(tmp_path: Path) -> None:
    with pytest.raises(SampleEventError, match=r"nothing\.json: there is no such file"):
        read_event(tmp_path / "nothing.json")
    with pytest.raises(SampleEventError, match="Is a directory"):
        read_event(tmp_path)


def test_sample_keeps_its_own_function() -> None:
    with pytest.raises(SampleEventError, match=r"s3-put\.json is a sample for OnUploadFunction"):
        read_event(EVENTS / "s3-put.json", "OnRetryFunction")


def in_s3(version: str | None) -> dict[str, Any]:
    key = {"key": "a+b/%C3%BC.jpg", "size": 1, "eTag": "e"} | ({"versionId": version} if version else {})
    return {
        "Records": [{"eventSource": "aws:s3", "s3": {"bucket": {"name": "b", "arn": "arn:aws:s3:::b"}, "object": key}}]
    }


def in_event_bridge(version: str | None) -> dict[str, Any]:
    key = {"key": "a b/ü.jpg", "size": 1, "etag": "e"} | ({"version-id": version} if version else {})
    return {"source": "aws.s3", "detail-type": "Object Created", "detail": {"bucket": {"name": "b"}, "object": key}}


def in_notification(version: str | None) -> dict[str, Any]:
    return {"Records": [{"Sns": {"TopicArn": "arn:aws:sns:::t", "Message": json.dumps(in_s3(version))}}]}


def in_queue(version: str | None) -> dict[str, Any]:
    return {"Records": [{"eventSource": "aws:sqs", "messageId": "1", "body": json.dumps(in_s3(version))}]}


@pytest.mark.parametrize("version", ["v1", None])
@pytest.mark.parametrize("form", [in_s3, in_event_bridge, in_notification, in_queue])
def test_placeholders_are_replaced_with_and_without_a_version(
    form: Callable[[str | None], dict[str, Any]], version: str | None
) -> None:
    event = form(version)
    (upload,) = list_uploads(event)
    replaced = replace_placeholders(event, "real", {placeholder(upload): StoredVersion("real-version", "real-tag", 77)})

    (found,) = list_uploads(replaced)
    assert (found.bucket, found.key, found.version_id, found.etag) == ("real", "a b/ü.jpg", "real-version", "real-tag")
    assert "77" in json.dumps(replaced)
