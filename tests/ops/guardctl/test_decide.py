"""guardctl allow and deny."""

import json
from dataclasses import replace
from typing import Any

import pytest

from ops.guardctl import decide
from ops.guardctl.uploads import Results
from photodna_guard.aws.results_table import LEASE_SECONDS, ResultsTable
from photodna_guard.domain import events
from photodna_guard.domain.models import ScanJob, Status, Upload
from tests.ops.guardctl.conftest import Console
from tests.support.clock import ManualClock
from tests.support.moto_aws import SESSION

URI, WHY = "s3://uploads/a.jpg", ("--reason", "seen", "--yes")
UPLOAD = Upload("uploads", "a.jpg", "etag", "v1")


@pytest.fixture
def table(target: Any, clock: ManualClock) -> ResultsTable:
    return ResultsTable(SESSION.client("dynamodb"), "results", clean_result_days=90, now=clock)


def settle(table: ResultsTable, status: Status, reason: str = "", upload: Upload = UPLOAD) -> None:
    table.settle(upload, table.claim(ScanJob(upload)), status, reason)
    table.mark_published(upload)


def sent() -> list[ScanJob]:
    """Return the jobs in the retry queue that can be received now."""
    sqs = SESSION.client("sqs")
    url = sqs.get_queue_url(QueueName="retry")["QueueUrl"]
    found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    return [job for message in found for job in events.parse_event(json.loads(message["Body"])).jobs]


def delayed() -> int:
    sqs = SESSION.client("sqs")
    url = sqs.get_queue_url(QueueName="retry")["QueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessagesDelayed"])
    return int(found["Attributes"]["ApproximateNumberOfMessagesDelayed"])


@pytest.mark.parametrize(
    ("command", "status", "reason"),
    [
        ("allow", Status.UNSCANNABLE, "damaged"),
        ("allow", Status.SKIPPED, "document"),
        ("deny", Status.UNSCANNABLE, "damaged"),
        ("deny", Status.CLEAN, ""),
        ("deny", Status.FAILED, "http-500"),
    ],
)
def test_decision_is_in_the_result_the_queue_and_the_journal(
    console: Console, table: ResultsTable, command: str, status: Status, reason: str
) -> None:
    settle(table, status, reason)
    assert console.json(command, URI, *WHY) == {command: URI, "version": "v1", "state": "queued"}
    (job,) = sent()
    record = table.claim(job)
    assert (record.status, record.awaits_decided_tag) == (status, True)
    assert record.decision
    assert record.decision.is_allowed is (command == "allow")
    assert console.json("attention") == []
    (shown,) = console.json("show", URI)
    assert (shown["decision"]["by"], shown["decision"]["reason"]) == ("arn:aws:iam::1:user/ann", "seen")
    (entry,) = console.json("journal")
    assert (entry["action"], entry["subject"], entry["state"]) == (command, URI, "done")


def test_job_comes_again_when_no_function_of_before_runs_any_more(console: Console, table: ResultsTable) -> None:
    settle(table, Status.CLEAN)
    console.json("deny", URI, *WHY)
    assert (len(sent()), delayed()) == (1, 1)
    assert decide._REPEAT_SECONDS > LEASE_SECONDS


def test_command_waits_until_a_function_has_taken_it_up(
    console: Console, table: ResultsTable, clock: ManualClock
) -> None:
    settle(table, Status.CLEAN)

    def take_up(seconds: float) -> None:
        clock.now += seconds
        table.mark_published(UPLOAD, table.claim(ScanJob(UPLOAD)).decision)

    console.target = replace(console.target, sleep=take_up)
    assert console.json("deny", URI, *WHY)["state"] == "taken up"


def test_show_says_what_was_decided(console: Console, table: ResultsTable) -> None:
    settle(table, Status.CLEAN)
    console.run("deny", URI, *WHY)
    console.run("show", URI)
    assert "denied at" in console.out


def test_last_decision_counts(console: Console, table: ResultsTable, clock: ManualClock) -> None:
    settle(table, Status.CLEAN)
    for command, is_allowed in (("deny", False), ("allow", True), ("deny", False)):
        clock.now += 60
        assert console.run(command, URI, *WHY) == 0, console.err
        decision = table.claim(ScanJob(UPLOAD)).decision
        assert decision
        assert decision.is_allowed is is_allowed


@pytest.mark.parametrize(
    ("command", "status", "reason", "said"),
    [
        ("allow", Status.QUARANTINED, "", "a match"),
        ("deny", Status.QUARANTINED, "", "a match"),
        ("allow", Status.CLEAN, "", "can be read already"),
        ("allow", Status.SKIPPED, "not-an-image", "can be read already"),
        ("allow", Status.FAILED, "http-500", "Redrive it first"),
        ("allow", Status.GONE, "deleted", "nothing to decide"),
        ("deny", Status.GONE, "deleted", "nothing to decide"),
    ],
)
def test_other_results_are_refused_in_one_line(
    console: Console, table: ResultsTable, command: str, status: Status, reason: str, said: str
) -> None:
    settle(table, status, reason)
    assert console.run(command, URI, *WHY) == 2
    assert said in console.err
    assert console.err.count("\n") == 1
    assert (sent(), delayed(), console.json("journal")) == ([], 0, [])


@pytest.mark.parametrize("command", ["allow", "deny"])
def test_waiting_upload_is_refused(console: Console, table: ResultsTable, command: str) -> None:
    table.claim(ScanJob(UPLOAD))
    assert console.run(command, URI, *WHY) == 2
    assert "Decide once it has its result" in console.err


@pytest.mark.parametrize("command", ["allow", "deny"])
def test_version_without_a_version_id_is_refused(console: Console, table: ResultsTable, command: str) -> None:
    settle(table, Status.UNSCANNABLE, "damaged", replace(UPLOAD, version_id=None))
    assert console.run(command, URI, *WHY) == 2
    assert "no version id" in console.err


def test_upload_without_room_for_a_tag_is_refused(console: Console, table: ResultsTable) -> None:
    settle(table, Status.UNSCANNABLE)
    table.mark_tagged(UPLOAD, Status.UNSCANNABLE, done=False)
    assert console.run("allow", URI, *WHY) == 2
    assert "no room" in console.err


@pytest.mark.parametrize(
    ("command", "parameters", "said"),
    [
        ("deny", {"ReadGate": "off"}, "ReadGate=off"),
        ("allow", {"ReadableStatuses": "clean,skipped"}, "none of the stack's ReadableStatuses"),
    ],
)
def test_stack_on_which_the_tag_decides_nothing_is_named(
    console: Console, table: ResultsTable, command: str, parameters: dict[str, str], said: str
) -> None:
    settle(table, Status.UNSCANNABLE)
    console.target = replace(console.target, stack=replace(console.target.stack, parameters=parameters))
    assert console.run(command, URI, *WHY) == 2
    assert said in console.err


def test_result_that_changed_since_it_was_read_is_left_alone(
    console: Console, table: ResultsTable, clock: ManualClock
) -> None:
    settle(table, Status.UNSCANNABLE)
    results = Results(console.target)
    item = results.read_version(URI, None)
    decision = {"allowed": True, "by": "ann", "at": "now", "reason": "seen"}
    assert not results.decide(item | {"status": "CLEAN"}, decision, clock())
    assert not results.decide(item | {"settled_at": "earlier"}, decision, clock())
    assert not results.decide(item | {"decision": decision}, decision, clock())
    assert results.decide(item, decision, clock())
    assert not results.decide(item, decision, clock())


def test_test_matches_are_listed_only_when_asked_for(console: Console, table: ResultsTable) -> None:
    table.settle(UPLOAD, replace(table.claim(ScanJob(UPLOAD)), is_test=True), Status.QUARANTINED)
    assert console.json("attention") == []
    assert console.json("status")["needs_attention"] == {}
    (listed,) = console.json("attention", "--status", "test")
    assert listed["upload"] == "uploads/a.jpg"
    assert console.run("ack", URI, *WHY) == 0
    assert console.json("attention", "--status", "TEST") == []
