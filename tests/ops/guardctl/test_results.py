"""guardctl show, attention, ack and rescan."""

import json
from dataclasses import replace
from typing import Any

import pytest

from ops.guardctl.uploads import Results
from photodna_guard.aws.results_table import ResultsTable
from photodna_guard.domain import events
from photodna_guard.domain.models import ScanJob, Status, Upload
from tests.ops.guardctl.conftest import Console
from tests.support.clock import ManualClock
from tests.support.factories import MATCH
from tests.support.moto_aws import SESSION

WHY = ("--reason", "seen", "--yes")


@pytest.fixture
def table(target: Any, clock: ManualClock) -> ResultsTable:
    return ResultsTable(SESSION.client("dynamodb"), "results", clean_result_days=90, now=clock)


def settle(
    table: ResultsTable, clock: ManualClock, key: str, status: Status, reason: str = "", version: str = "v1"
) -> None:
    upload = Upload("uploads", key, "etag", version)
    table.settle(upload, table.claim(ScanJob(upload)), status, reason)
    clock.now += 1


def test_attention_lists_the_urgent_first_and_the_oldest_first(
    console: Console, table: ResultsTable, clock: ManualClock
) -> None:
    for key, status in (
        ("1", Status.UNSCANNABLE),
        ("2", Status.FAILED),
        ("3", Status.UNSCANNABLE),
        ("4", Status.CLEAN),
    ):
        settle(table, clock, key, status, "why")
    listed = console.json("attention")
    assert [item["upload"] for item in listed] == ["uploads/2", "uploads/1", "uploads/3"]
    assert not {"lease", "unsettled", "queue"} & listed[0].keys()
    assert [item["upload"] for item in console.json("attention", "--count", "1")] == ["uploads/2"]
    assert [item["upload"] for item in console.json("attention", "--status", "unscannable")] == [
        "uploads/1",
        "uploads/3",
    ]
    assert console.json("status")["needs_attention"] == {"FAILED": 1, "UNSCANNABLE": 2}


def test_acknowledged_upload_is_off_the_list_and_keeps_its_result(
    console: Console, table: ResultsTable, clock: ManualClock
) -> None:
    settle(table, clock, "a b.jpg", Status.UNSCANNABLE, "damaged")
    assert console.run("ack", "s3://uploads/a b.jpg", *WHY) == 0
    assert console.json("attention") == []
    (item,) = console.json("show", "s3://uploads/a b.jpg")
    assert (item["status"], item["acknowledged"]["by"]) == ("UNSCANNABLE", "arn:aws:iam::1:user/ann")
    assert console.run("ack", "s3://uploads/a b.jpg", *WHY) == 2
    assert "is not on the list" in console.err


def test_upload_without_room_for_its_tag_stays_on_the_list(
    console: Console, table: ResultsTable, clock: ManualClock
) -> None:
    """The functions read there that the tag is to be set, once there is room."""
    settle(table, clock, "a.jpg", Status.CLEAN)
    upload = Upload("uploads", "a.jpg", "etag", "v1")
    table.mark_tagged(upload, Status.CLEAN, done=False)
    assert console.run("ack", "s3://uploads/a.jpg", *WHY) == 2
    assert "Remove one of its tags" in console.err
    assert table.claim(ScanJob(upload)).untagged


@pytest.mark.parametrize(("mode", "code"), [("enforce", 2), ("observe", 0)])
def test_match_leaves_the_list_when_it_is_in_quarantine_or_stays_where_it_is(
    console: Console, table: ResultsTable, mode: str, code: int
) -> None:
    """Guardctl bucket remove looks there for what could be read."""
    parameters = {**console.target.stack.parameters, "Mode": mode}
    console.target = replace(console.target, stack=replace(console.target.stack, parameters=parameters))
    upload = Upload("uploads", "a.jpg", "etag", "v1")
    table.record_match(upload, table.claim(ScanJob(upload)), MATCH, {})
    assert console.run("ack", "s3://uploads/a.jpg", *WHY) == code
    assert len(console.json("attention")) == (1 if code else 0)


def test_result_that_changed_since_it_was_read_stays_on_the_list(
    console: Console, target: Any, table: ResultsTable, clock: ManualClock
) -> None:
    settle(table, clock, "a.jpg", Status.FAILED, "http-500")
    item = Results(target).read_version("s3://uploads/a.jpg", None)
    assert not Results(target).acknowledge(item | {"needs_attention": "MATCHED"}, "ann", "now", "seen")
    assert len(console.json("attention")) == 1


def test_version_has_to_be_named_where_there_are_several(
    console: Console, table: ResultsTable, clock: ManualClock
) -> None:
    for version in ("v1", "v2"):
        settle(table, clock, "a.jpg", Status.UNSCANNABLE, "damaged", version)
    assert console.run("ack", "s3://uploads/a.jpg", *WHY) == 2
    assert "has 2 versions" in console.err
    assert console.run("ack", "s3://uploads/a.jpg", "--version", "v3", *WHY) == 2
    assert console.run("ack", "s3://uploads/a.jpg", "--version", "v2", *WHY) == 0
    assert [item["version"] for item in console.json("attention")] == ["v1"]


def test_rescan_sends_a_job_that_opens_this_result_once(
    console: Console, table: ResultsTable, clock: ManualClock
) -> None:
    settle(table, clock, "a.jpg", Status.CLEAN)
    assert console.run("rescan", "s3://uploads/a.jpg", *WHY) == 0
    sqs = SESSION.client("sqs")
    (message,) = sqs.receive_message(QueueUrl=sqs.get_queue_url(QueueName="retry")["QueueUrl"])["Messages"]
    (job,) = events.parse_event(json.loads(message["Body"])).jobs
    record = table.claim(job)
    assert record.status is Status.PENDING
    table.settle(job.upload, record, Status.CLEAN)
    clock.now += 1
    assert table.claim(job).status is Status.CLEAN


@pytest.mark.parametrize("status", [Status.QUARANTINED, Status.PENDING])
def test_match_and_waiting_upload_are_not_rescanned(
    console: Console, table: ResultsTable, clock: ManualClock, status: Status
) -> None:
    upload = Upload("uploads", "a.jpg", "etag", "v1")
    record = table.claim(ScanJob(upload))
    if status.settled:
        table.settle(upload, record, status)
    assert console.run("rescan", "s3://uploads/a.jpg", *WHY) == 2
    assert f"is {status}" in console.err


def test_control_characters_of_a_key_do_not_reach_the_terminal(
    console: Console, table: ResultsTable, clock: ManualClock
) -> None:
    settle(table, clock, "\x1b]0;owned\x07[red]x.jpg", Status.UNSCANNABLE, "damaged")
    assert console.run("attention") == 0
    assert "\x1b" not in console.out
    assert "\x07" not in console.out
    assert "[red]" in console.out.replace("\n", "")


@pytest.mark.parametrize("uri", ["", "x", "s3://", "s3://bucket", "s3://bucket/", "https://bucket/key"])
def test_malformed_uri_is_refused_in_one_line(console: Console, uri: str) -> None:
    for command in (["show", uri], ["ack", uri, *WHY], ["rescan", uri, *WHY]):
        assert console.run(*command) == 2
        assert console.err.startswith("guardctl: ")
        assert console.err.count("\n") == 1


def test_upload_without_a_result_is_named_in_one_line(console: Console) -> None:
    assert console.run("show", "s3://uploads/none.jpg") == 2
    assert "There is no result of s3://uploads/none.jpg" in console.err
