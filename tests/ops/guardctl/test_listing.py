"""guardctl results: which results are listed, in which order and form, and how many items are read for them."""

import csv
import io
import json
from typing import Any

import pytest

from photodna_guard.aws.results_table import ResultsTable
from photodna_guard.domain.models import ScanJob, Status, Upload
from photodna_guard.domain.timestamps import to_iso
from tests.ops.guardctl.conftest import Console
from tests.support.clock import ManualClock
from tests.support.moto_aws import SESSION

LONG_KEY = "é" * 512


@pytest.fixture
def table(target: Any, clock: ManualClock) -> ResultsTable:
    return ResultsTable(SESSION.client("dynamodb"), "results", clean_result_days=90, now=clock)


def settle(table: ResultsTable, clock: ManualClock, key: str, status: Status, reason: str = "") -> Upload:
    upload = Upload("uploads", key, "etag", "v1")
    table.settle(upload, table.claim(ScanJob(upload)), status, reason)
    clock.now += 1
    return upload


@pytest.fixture
def filled(table: ResultsTable, clock: ManualClock) -> list[str]:
    """Ninety results of three statuses, the oldest first."""
    for number in range(30):
        settle(table, clock, f"clean/{number:02}.jpg", Status.CLEAN)
        settle(table, clock, f"heic/{number:02}.heic", Status.UNSCANNABLE, "format-heic")
        settle(table, clock, f"text/{number:02}.txt", Status.SKIPPED, "not-an-image")
    return [f"{folder}/{number:02}" for number in range(30) for folder in ("clean", "heic", "text")]


def keys(items: list[dict[str, Any]]) -> list[str]:
    return [item["upload"].removeprefix("uploads/").rpartition(".")[0] for item in items]


def test_newest_stand_first_over_all_statuses(console: Console, filled: list[str]) -> None:
    assert keys(console.json("results", "--all")) == filled[::-1]
    assert keys(console.json("results", "--count", "7")) == filled[:-8:-1]


@pytest.mark.parametrize(
    ("options", "folder"),
    [(("--status", "clean"), "clean"), (("--reason", "format-heic"), "heic"), (("--prefix", "uploads/text/"), "text")],
)
def test_each_filter_finds_exactly_its_own(
    console: Console, filled: list[str], options: tuple[str, ...], folder: str
) -> None:
    found = keys(console.json("results", "--all", *options))
    assert sorted(found) == [f"{folder}/{number:02}" for number in range(30)]
    assert found == sorted(found, reverse=folder != "text")


def test_filters_go_together(console: Console, filled: list[str], clock: ManualClock) -> None:
    options = ("--prefix", "s3://uploads/heic/1", "--reason", "format-heic", "--from", "60s", "--status", "unscannable")
    found = keys(console.json("results", *options))
    assert found == sorted(key for key in filled[-60:] if key.startswith("heic/1"))
    assert keys(console.json("results", "--from", "2s", "--all")) == filled[:-3:-1]
    assert keys(console.json("results", "--to", to_iso(clock.now - 88))) == filled[1::-1]
    assert console.json("results", "--reason", "format-heic", "--status", "CLEAN") == []


def test_reopened_result_is_not_listed_until_it_is_settled_again(
    console: Console, table: ResultsTable, clock: ManualClock
) -> None:
    upload = settle(table, clock, "a.heic", Status.UNSCANNABLE, "format-heic")
    job = ScanJob(upload, rescan=True, reopen_settled_until=to_iso(clock.now))
    record = table.claim(job)
    for options in ((), ("--reason", "format-heic"), ("--prefix", "uploads/")):
        assert console.json("results", *options) == []
    table.settle(upload, record, Status.CLEAN)
    assert [item["status"] for item in console.json("results")] == ["CLEAN"]
    assert console.json("results", "--reason", "format-heic") == []


def test_reason_for_which_an_upload_waited_is_no_reason_of_its_result(
    console: Console, table: ResultsTable, clock: ManualClock
) -> None:
    upload = Upload("uploads", "a.jpg", "etag", "v1")
    table.defer(upload, table.claim(ScanJob(upload)), "no slot", 0)
    clock.now += 1000
    table.settle(upload, table.claim(ScanJob(upload)), Status.CLEAN)
    assert console.json("results", "--reason", "no slot") == []


def test_longest_key_is_settled_and_found_by_its_prefix(
    console: Console, table: ResultsTable, clock: ManualClock
) -> None:
    """DynamoDB refuses a sort key of over 1,024 bytes, and bucket and key have up to 1,087."""
    bucket = "b" * 63
    upload = Upload(bucket, LONG_KEY, "etag", "v1")
    table.settle(upload, table.claim(ScanJob(upload)), Status.CLEAN)
    item = SESSION.client("dynamodb").scan(TableName="results")["Items"][0]
    assert len(item["settled_key"]["S"].encode()) <= 1024
    assert len(console.json("results", "--prefix", f"{bucket}/{LONG_KEY}")) == 1
    assert console.json("results", "--prefix", f"{bucket}/{LONG_KEY}é") == []


def test_files_are_whole_and_hold_no_formula(console: Console, table: ResultsTable, clock: ManualClock) -> None:
    settle(table, clock, "a\r\nb,\x1b[2J.jpg", Status.FAILED, "=cmd|' /C calc'!A0")
    assert console.run("results", "--format", "csv") == 0
    head, row = csv.reader(io.StringIO(console.out))
    assert dict(zip(head, row, strict=True))["reason"] == "'=cmd|' /C calc'!A0"
    assert dict(zip(head, row, strict=True))["upload"] == r"uploads/a\r\nb,\x1b[2J.jpg"
    assert console.run("results", "--format", "jsonl") == 0
    (line,) = console.out.splitlines()
    assert json.loads(line)["upload"] == "uploads/a\r\nb,\x1b[2J.jpg"


def test_last_line_says_how_to_go_on(console: Console, filled: list[str]) -> None:
    last = console.json("results", "--count", "2")[-1]["settled_at"]
    assert console.run("results", "--count", "2") == 0
    assert f"--to {last} older ones" in console.out
    assert keys(console.json("results", "--count", "1", "--to", last)) == [filled[-3]]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("--status", "PENDING"), "is no status of a settled result"),
        (("--from", "yesterday"), "'yesterday' is no time. Give a date"),
        (("--format", "xml"), "is no format. Give one of table, jsonl, csv"),
    ],
)
def test_bad_input_is_one_line(console: Console, arguments: tuple[str, ...], line: str) -> None:
    assert console.run("results", *arguments) == 2
    assert line in console.err
    assert console.err.count("\n") == 1
