"""The events of events/ themselves, and what is put in place of their placeholders. Needs no engine."""

import json
from pathlib import Path
from typing import Any

import pytest

from local.aws.runner import scheduled_event
from local.invoke import cases, event_uploads, sam
from local.invoke.errors import SampleEventError
from local.invoke.event_uploads import StoredVersion
from local.invoke.run import read_event
from local.invoke.sam import ROOT
from photodna_guard.domain.models import ScanJob, Upload

FILES = sorted((ROOT / "events").glob("*.json"))
SPEAKING = [path for path in FILES if not cases.CASES[path.name].has_lost_message]
THERE = StoredVersion("the-version", "0123abcd", 77)


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def messages(event: Any) -> list[Any]:
    return [record for record in event.get("Records", []) if record.get("eventSource") == "aws:sqs"]


def test_every_event_has_its_case_and_every_case_its_event() -> None:
    assert {path.name for path in FILES} == set(cases.CASES)


def test_a_schedule_is_as_eventbridge_sends_it() -> None:
    event = read(ROOT / "events/schedule.json")
    sent = scheduled_event(event["resources"][0])
    assert set(event) == set(sent)
    varying = ("id", "time")
    assert {k: v for k, v in event.items() if k not in varying} == {k: v for k, v in sent.items() if k not in varying}


@pytest.mark.parametrize("path", SPEAKING, ids=lambda path: path.stem)
def test_a_function_reads_every_part_of_an_event(path: Path) -> None:
    assert len(event_uploads.list_uploads(read(path))) == len(cases.CASES[path.name].contents)


@pytest.mark.parametrize("path", SPEAKING, ids=lambda path: path.stem)
def test_placeholders_are_replaced_and_nothing_else_is(path: Path) -> None:
    event = read(path)
    before = event_uploads.list_uploads(event)
    stored = {str(one.version_id): StoredVersion(f"v-{i}", f"e-{i}", i) for i, one in enumerate(before)}
    after = event_uploads.list_uploads(event_uploads.replace_placeholders(event, "real", stored))
    assert [(one.bucket, one.version_id, one.etag, one.size) for one in after] == [
        ("real", f"v-{i}", f"e-{i}", i) for i in range(len(before))
    ]
    assert [unreplaced(one) for one in after] == [unreplaced(one) for one in before]
    assert before[0].bucket not in json.dumps(event_uploads.replace_placeholders(event, "real", stored))


def unreplaced(upload: Upload) -> tuple[str, ...]:
    return upload.key, upload.sequencer, upload.event_time, upload.principal, upload.source_ip


@pytest.mark.parametrize("path", SPEAKING, ids=lambda path: path.stem)
def test_a_message_carries_the_digest_of_its_body(path: Path) -> None:
    event = read(path)
    stored = {str(one.version_id): THERE for one in event_uploads.list_uploads(event)}
    for message in [*messages(event), *messages(event_uploads.replace_placeholders(event, "real", stored))]:
        assert message["md5OfBody"] == event_uploads.compute_md5(message["body"])


def test_the_retry_messages_have_the_form_that_the_retry_queue_carries() -> None:
    for message in messages(read(ROOT / "events/sqs-retry.json")):
        body = json.loads(message["body"])
        form = ScanJob(Upload("bucket", "key", "etag")).as_dict()
        assert set(body) == set(form)
        assert set(body["upload"]) == set(form["upload"])


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ({"Records": [{"eventSource": "aws:s3"}]}, "neither an S3 event nor a retry message"),
        ({"Event": "s3:TestEvent"}, "it speaks of no upload"),
        ({"Records": [{"eventSource": "aws:sqs", "body": "{"}]}, "not JSON"),
    ],
)
def test_what_no_function_would_scan_is_told(event: Any, reason: str) -> None:
    with pytest.raises(SampleEventError, match=reason):
        event_uploads.list_uploads(event)


def test_two_uploads_with_one_version_are_told() -> None:
    event = read(ROOT / "events/s3-put.json")
    with pytest.raises(SampleEventError, match="a version of its own"):
        event_uploads.list_uploads({"Records": event["Records"] * 2})


def test_sam_cli_is_told_of_no_account(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.setenv(name, "the-users-own")
    assert "the-users-own" not in sam.make_environment().values()
    assert sam.make_environment()["SAM_CLI_TELEMETRY"] == "0"


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("mine.json", "{}", "none of the events"),
        ("s3-put.json", "no JSON", "s3-put.json: Expecting value"),
        ("s3-put.json", (ROOT / "events/s3-odd-keys.json").read_text(encoding="utf-8"), "speaks of 10 uploads"),
    ],
)
def test_a_file_that_cannot_be_run_is_told_before_anything_starts(
    tmp_path: Path, name: str, content: str, reason: str
) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(SampleEventError, match=reason):
        read_event(tmp_path / name)
