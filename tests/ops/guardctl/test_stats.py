"""guardctl stats: what counts as a match, and what the numbers leave out; and today's verdicts in guardctl status."""

from typing import Any

import pytest

from photodna_guard.aws.results_table import ResultsTable
from photodna_guard.domain.models import QuarantinedCopy, ScanJob, SourceObject, Status, Upload
from photodna_guard.domain.verdicts import MatchFlag, MatchOutcome, Verdict
from tests.ops.guardctl.conftest import Console
from tests.support.clock import ManualClock
from tests.support.moto_aws import SESSION


@pytest.fixture
def table(target: Any, clock: ManualClock) -> ResultsTable:
    return ResultsTable(SESSION.client("dynamodb"), "results", clean_result_days=90, now=clock)


def settle(table: ResultsTable, clock: ManualClock, key: str, status: Status, reason: str = "") -> None:
    upload = Upload("uploads", key, "etag", "v1")
    record = table.claim(ScanJob(upload))
    clock.now += 4
    table.settle(upload, record, status, reason)


def quarantine(table: ResultsTable, key: str, *sources: str) -> None:
    upload = Upload("uploads", key, "etag", "v1")
    flags = tuple(MatchFlag(source, "1", ("A1",), 0) for source in sources)
    record = table.record_match(upload, table.claim(ScanJob(upload)), Verdict(MatchOutcome.MATCH, "", "id", flags))
    record = table.record_copy(upload, record, QuarantinedCopy("key", "v", "aa", 1), SourceObject(b"x", size=1))
    table.settle(upload, record, Status.QUARANTINED)


def test_test_matches_count_apart_and_a_match_of_two_sources_once(
    console: Console, table: ResultsTable, clock: ManualClock
) -> None:
    quarantine(table, "1", "Test")
    quarantine(table, "2", "NCMEC", "IWF")
    settle(table, clock, "3", Status.CLEAN)
    settle(table, clock, "4", Status.UNSCANNABLE, "damaged")
    clock.now += 1
    found = console.json("stats", "--from", "1h")
    assert (found["settled"], found["matches"], found["test_matches"], found["got_a_verdict"]) == (4, 1, 1, 3)
    assert found["matches_by_source"] == {"NCMEC": 1, "IWF": 1}
    assert found["by_reason"] == {"UNSCANNABLE/damaged": 1}
    assert any("1 unscannable uploads" in gap for gap in found["not_covered"])
    assert console.run("stats", "--from", "1h") == 0
    assert "1, and 1 test matches" in console.out


def test_it_says_that_results_have_expired_and_that_uploads_wait(console: Console, target: Any) -> None:
    queue = target.stack.output("RetryQueueUrl")
    SESSION.client("sqs").send_message(QueueUrl=queue, MessageBody="{}")
    gaps = console.json("stats", "--from", "120d", "--to", "100d")["not_covered"]
    assert "expire after 90 days" in gaps[0]
    assert gaps[1].startswith("1 messages that wait now")
    assert "expire" not in str(console.json("stats", "--from", "30d")["not_covered"])


def test_bad_times_are_one_line(console: Console) -> None:
    assert console.run("stats", "--from", "1d", "--to", "2d") == 2
    assert "is not before --to" in console.err
    assert console.run("stats") == 2


def test_status_counts_todays_results(console: Console, table: ResultsTable, clock: ManualClock) -> None:
    settle(table, clock, "yesterday", Status.CLEAN)
    clock.now += 86400
    settle(table, clock, "1", Status.CLEAN)
    settle(table, clock, "2", Status.CLEAN)
    settle(table, clock, "3", Status.UNSCANNABLE, "damaged")
    assert console.json("status")["today"]["by_status"] == {"CLEAN": 2, "UNSCANNABLE": 1}
    assert console.run("status") == 0
    assert "2 CLEAN, 1 UNSCANNABLE (UTC)" in console.out
