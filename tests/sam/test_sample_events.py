"""The sample events, and the values that replace their placeholders. These tests need no Docker engine."""

import json
from pathlib import Path
from typing import Any

import pytest

from local.aws.runner import make_scheduled_event
from local.invoke import cases, event_uploads, sam
from local.invoke.errors import SampleEventError
from local.invoke.event_uploads import StoredVersion
from local.invoke.run import read_event
from local.invoke.sam import ROOT
from photodna_guard.domain.models import ScanJob, Upload

FILES = sorted((ROOT / "events").glob("*.json"))
NAMING = [path for path in FILES if not cases.CASES[path.name].has_lost_message]
STORED = StoredVersion("the-version", "0123abcd", 77)


def read_file(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def list_messages(event: Any) -> list[Any]:
    return [record for record in event.get("Records", []) if record.get("eventSource") == "aws:sqs"]


def test_every_event_has_a_case_and_every_case_an_event() -> None:
    assert {path.name for path in FILES} == set(cases.CASES)


def test_schedule_has_the_format_of_eventbridge() -> None:
    event = read_file(ROOT / "events/schedule.json")
    sent = make_scheduled_event(event["resources"][0])
    assert set(event) == set(sent)
    varying = ("id", "time")
    assert {k: v for k, v in event.items() if k not in varying} == {k: v for k, v in sent.items() if k not in varying}


@pytest.mark.parametrize("path", NAMING, ids=lambda path: path.stem)
def test_every_part_of_an_event_is_parsed(path: Path) -> None:
    assert len(event_uploads.list_uploads(read_file(path))) == len(cases.CASES[path.name].contents)


@pytest.mark.parametrize("path", NAMING, ids=lambda path: path.stem)
def test_placeholders_alone_are_replaced(path: Path) -> None:
    event = read_file(path)
    before = event_uploads.list_uploads(event)
    stored = {str(one.version_id): StoredVersion(f"v-{i}", f"e-{i}", i) for i, one in enumerate(before)}
    after = event_uploads.list_uploads(event_uploads.replace_placeholders(event, "real", stored))
    assert [(one.bucket, one.version_id, one.etag, one.size) for one in after] == [
        ("real", f"v-{i}", f"e-{i}", i) for i in range(len(before))
    ]
    assert [keep_unreplaced(one) for one in after] == [keep_unreplaced(one) for one in before]
    assert before[0].bucket not in json.dumps(event_uploads.replace_placeholders(event, "real", stored))


def keep_unreplaced(upload: Upload) -> tuple[str, ...]:
    return upload.key, upload.sequencer, upload.event_time, upload.principal, upload.source_ip


@pytest.mark.parametrize("path", NAMING, ids=lambda path: path.stem)
def test_message_carries_the_digest_of_its_body(path: Path) -> None:
    event = read_file(path)
    stored = {str(one.version_id): STORED for one in event_uploads.list_uploads(event)}
    for message in [*list_messages(event), *list_messages(event_uploads.replace_placeholders(event, "real", stored))]:
        assert message["md5OfBody"] == event_uploads.compute_md5(message["body"])


def test_retry_messages_have_the_format_of_the_retry_queue() -> None:
    for message in list_messages(read_file(ROOT / "events/sqs-retry.json")):
        body = json.loads(message["body"])
        form = ScanJob(Upload("bucket", "key", "etag")).as_dict()
        assert set(body) == set(form)
        assert set(body["upload"]) == set(form["upload"])


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ({"Records": [{"eventSource": "aws:s3"}]}, "neither an S3 event nor a retry message"),
        ({"Event": "s3:TestEvent"}, "it names no upload"),
        ({"Records": [{"eventSource": "aws:sqs", "body": "{"}]}, "not JSON"),
    ],
)
def test_event_without_a_readable_upload_is_refused(event: Any, reason: str) -> None:
    with pytest.raises(SampleEventError, match=reason):
        event_uploads.list_uploads(event)


def test_two_uploads_with_one_version_are_refused() -> None:
    event = read_file(ROOT / "events/s3-put.json")
    with pytest.raises(SampleEventError, match="a version of its own"):
        event_uploads.list_uploads({"Records": event["Records"] * 2})


def test_sam_cli_gets_no_aws_account(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.setenv(name, "the-users-own")
    assert "the-users-own" not in sam.make_environment().values()
    assert sam.make_environment()["SAM_CLI_TELEMETRY"] == "0"


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("mine.json", "{}", "this is not an S3 notification"),
        ("s3-put.json", "no JSON", "s3-put.json, line 1, column 1: not JSON"),
        ("s3-put.json", (ROOT / "events/s3-odd-keys.json").read_text(encoding="utf-8"), "names 10 uploads"),
    ],
)
def test_file_that_cannot_be_run_is_refused_before_the_start(
    tmp_path: Path, name: str, content: str, reason: str
) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(SampleEventError, match=reason):
        read_event(tmp_path / name, samples=tmp_path.resolve())
