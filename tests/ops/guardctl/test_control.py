"""guardctl status, pause, resume, limit reset and journal."""

from typing import Any

import pytest

from ops.guardctl.journal import Journal
from ops.guardctl.rate import RateControl
from ops.guardctl.target import Target
from ops.guardctl.times import parse_duration
from photodna_guard.aws.table import Table
from photodna_guard.domain.errors import DeferrableError
from photodna_guard.rate_limiter.gcra import LIVE
from photodna_guard.rate_limiter.limiter import RateLimiter
from tests.ops.guardctl.conftest import Console
from tests.support.clock import NOW, ManualClock
from tests.support.moto_aws import SESSION

WHY = ("--reason", "attack", "--yes")


def limiter(clock: ManualClock) -> RateLimiter:
    """Return the functions' own rate limiter on the same item."""
    return RateLimiter(Table(SESSION.client("dynamodb"), "limiter", clock), 10, 25, LIVE, sleep=clock.sleep)


def test_functions_reserve_no_slot_during_a_pause_and_one_after_it(console: Console, clock: ManualClock) -> None:
    assert console.run("pause", *WHY) == 0
    with pytest.raises(DeferrableError, match="paused"):
        limiter(clock).reserve(1)
    assert console.run("resume", *WHY) == 0
    assert len(limiter(clock).reserve(1)) == 1


def test_pause_for_a_time_ends_by_itself(console: Console, clock: ManualClock) -> None:
    assert console.json("pause", "--for", "10m", *WHY) == {"paused_until": "2027-01-15T08:10:00Z"}
    assert console.json("status")["state"] == "paused by arn:aws:iam::1:user/ann: attack"
    clock.now = NOW + 601
    assert console.json("status")["state"] == "running"


def test_pause_asked_for_by_the_service_is_told_apart(console: Console, target: Target) -> None:
    limiter(target.now).pause(NOW + 60)  # type: ignore[arg-type]
    assert "as the service asked for" in console.json("status")["state"]


def test_pause_of_the_service_is_not_laid_to_who_paused_before(console: Console, clock: ManualClock) -> None:
    console.run("pause", "--for", "10m", *WHY)
    clock.now = NOW + 601
    limiter(clock).pause(clock.now + 60)
    assert "as the service asked for" in console.json("status")["state"]


def test_resume_closes_the_circuit_breaker(console: Console, clock: ManualClock) -> None:
    for _ in range(10):
        limiter(clock).record_failure()
    assert console.json("status")["state"].startswith("circuit breaker open after 10 failures")
    assert console.run("resume", *WHY) == 0
    assert console.json("status")["state"] == "running"


def test_status_measures_the_rate_while_slots_are_reserved(target: Target, clock: ManualClock) -> None:
    from ops.guardctl.status import read_status

    def reserve_meanwhile(seconds: float) -> None:
        limiter(clock).reserve(13)
        clock.sleep(seconds)

    busy = Target(target.stack, target.who, target.client, clock, reserve_meanwhile)
    found = read_status(busy, 2.0)
    assert (found["rate_per_second"], found["rate_limit"], found["used_this_month"]) == (6.5, 10.0, 13)


def test_status_says_when_the_backlog_is_worked_off(console: Console) -> None:
    sqs = SESSION.client("sqs")
    for queue, count in (("retry", 25), ("backfill", 10), ("dead", 3)):
        url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        for _ in range(count):
            sqs.send_message(QueueUrl=url, MessageBody="{}")
    found = console.json("status")
    assert {queue: one["messages"] for queue, one in found["waiting"].items()} == {
        "retry": 25,
        "backfill": 10,
        "dead letters": 3,
    }
    # 35 messages at 10 a second: dead letters wait for a person.
    assert found["seconds_to_finish"] == 4
    assert console.run("status") == 0
    assert "35 messages, at least 4 s" in console.out


def test_journal_keeps_who_when_what_and_why(console: Console, clock: ManualClock) -> None:
    console.run("pause", *WHY)
    clock.now = NOW + 40 * 86400
    console.run("resume", "--reason", "over", "--yes")
    newest, oldest = console.json("journal")
    assert (oldest["at"], oldest["by"], oldest["action"], oldest["reason"], oldest["state"]) == (
        "2027-01-15T08:00:00Z",
        "arn:aws:iam::1:user/ann",
        "pause",
        "attack",
        "done",
    )
    assert newest["was"] == "paused by arn:aws:iam::1:user/ann: attack"
    assert len(console.json("journal", "--count", "1")) == 1


def test_change_that_fails_is_in_the_journal_as_failed(target: Target) -> None:
    with pytest.raises(ZeroDivisionError), Journal(target).recording("pause", "why"):
        raise ZeroDivisionError
    (entry,) = Journal(target).newest(5)
    assert entry["state"] == "failed"


def test_change_that_never_ended_is_in_the_journal_as_begun(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    recording = Journal(target).recording("pause", "why")
    recording.__enter__()
    (entry,) = Journal(target).newest(5)
    assert entry["state"] == "begun"


def test_nothing_changes_without_a_reason_or_an_answer(console: Console, target: Target) -> None:
    assert console.run("pause", "--yes") == 2
    assert "--reason" in console.err
    assert console.run("pause", "--reason", "  ", "--yes") == 2
    # pytest's standard input is no terminal.
    assert console.run("pause", "--reason", "attack") == 2
    assert "Give --yes" in console.err
    assert not RateControl(target).read().is_paused(NOW)
    assert Journal(target).newest(5) == []


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("10m", 600), ("4h", 14400), ("2d", 172800)])
def test_duration_is_a_number_and_a_unit(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "10", "0s", "m", "-5m", "1.5h", "10 m", "10y"])
def test_other_duration_is_refused_in_one_line(console: Console, text: str) -> None:
    assert console.run("pause", f"--for={text}", *WHY) == (0 if not text else 2)
    assert console.err.count("\n") <= 1


def test_limit_reset_removes_what_the_deletion_limit_counts(console: Console, target: Target) -> None:
    item: dict[str, Any] = {"limiter": {"S": "quarantines"}, "tripped_at": {"N": "1800000000"}, "revision": {"S": "r"}}
    SESSION.client("dynamodb").put_item(TableName="limiter", Item=item)
    assert console.json("limit", "reset", *WHY) == {"was_stopped_at": "2027-01-15T08:00:00Z"}
    assert RateControl(target).deletion_limit_tripped_at() is None
